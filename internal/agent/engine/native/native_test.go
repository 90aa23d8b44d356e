package native_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/engine/enginetest"
	"github.com/redx-update/redx/internal/agent/engine/native"
	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/labca"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/server/servertest"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/write/cab"
)

var now = time.Now().Truncate(time.Second)

// signers are made once, since keys take their time: one that computers trust, and one that they do not.
var signers = sync.OnceValues(func() ([2]*labca.CA, error) {
	one, err := labca.New("redx test CA", labca.ECDSA, now)
	if err != nil {
		return [2]*labca.CA{}, err
	}
	two, err := labca.New("somebody else", labca.ECDSA, now)
	return [2]*labca.CA{one, two}, err
})

const (
	component = "amd64_redx-lab-component_31bf3856ad364e35_1.0.0.1_none_0123456789abcdef"
	identity  = "Package_for_KB5000003~31bf3856ad364e35~amd64~~1.0.0.1"
	library   = "a library"
)

// payload is a signed cabinet with a package of one component; by is nil for one without a signature.
func payload(t testing.TB, by *labca.CA) []byte { return payloadOf(t, by, "1.0.0.1", library) }

// payloadOf is one of another version, with another library.
func payloadOf(t testing.TB, by *labca.CA, version, library string) []byte {
	t.Helper()
	component := strings.Replace(component, "1.0.0.1", version, 1)
	sum := sha256.Sum256([]byte(library))
	const assembly = `<assembly xmlns="urn:schemas-microsoft-com:asm.v3" manifestVersion="1.0">`
	own := `<assemblyIdentity name="redx-lab-component" version="` + version + `" processorArchitecture="amd64" language="neutral" publicKeyToken="31bf3856ad364e35" versionScope="nonSxS"/>`
	mum := assembly + `<assemblyIdentity name="Package_for_KB5000003" version="` + version + `" language="neutral" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35"/>` +
		`<package identifier="KB5000003" releaseType="Update"><update name="u"><component>` + own + `</component></update></package></assembly>`
	manifest := assembly + own + fmt.Sprintf(`<file name="lab.dll" destinationPath="$(runtime.system32)\" sourceName="lab.dll"><asmv2:hash xmlns:asmv2="urn:schemas-microsoft-com:asm.v2" xmlns:dsig="http://www.w3.org/2000/09/xmldsig#"><dsig:Transforms><dsig:Transform Algorithm="urn:schemas-microsoft-com:HashTransforms.Identity"/></dsig:Transforms><dsig:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha256"/><dsig:DigestValue>%s</dsig:DigestValue></asmv2:hash></file></assembly>`,
		base64.StdEncoding.EncodeToString(sum[:]))
	b, err := cab.Encode([]cab.File{
		cab.Bytes("update.mum", now, []byte(mum)), cab.Bytes(component+".manifest", now, []byte(manifest)), cab.Bytes(component+`\lab.dll`, now, []byte(library)),
	}, cab.Options{Method: cab.MSZIP})
	if err != nil {
		t.Fatal(err)
	}
	if by == nil {
		return b
	}
	id, err := by.Publisher("redx test publisher", now)
	if err != nil {
		t.Fatal(err)
	}
	var signed strings.Builder
	if err := authenticode.SignCabinet(&signed, strings.NewReader(string(b)), int64(len(b)), id); err != nil {
		t.Fatal(err)
	}
	return []byte(signed.String())
}

const cbs = `<upd:HandlerSpecificData xsi:type="cbs:Cbs"><cbs:CbsData PackageIdentity="` + identity + `" /></upd:HandlerSpecificData>`

// fix is the update that every computer needs until it has it.
func fix(files ...servertest.File) servertest.Update {
	return servertest.Update{
		ID: servertest.ID(3), Title: "2026-11 Fix (KB5000003)", KB: "5000003", Requires: []guid.GUID{servertest.ID(1)},
		Installed:   `<bar:CbsPackageInstalledByIdentity PackageIdentity="` + identity + `" />`,
		Installable: servertest.True, Handler: "Cbs", HandlerData: cbs, Files: files,
	}
}

// computer is a lab image with its engine and its location.
type computer struct {
	*native.Engine
	t       *testing.T
	site    *servertest.Site
	top     string
	options native.Options
	now     time.Time
}

func newComputer(t *testing.T, updates ...servertest.Update) *computer {
	t.Helper()
	c := &computer{t: t, site: servertest.New(t), top: t.TempDir()}
	c.site.Add(append(updates, servertest.Update{ID: servertest.ID(1), Type: "Detectoid", Title: "Windows", Installed: servertest.True})...)
	for _, u := range updates {
		if len(u.Files) > 0 || len(u.Bundles) > 0 {
			c.site.Approve(u.ID, deploy.Install, nil)
		}
	}
	if err := (lab.Computer{Name: "PC-1", Server: c.site.URL}).Build(c.top); err != nil {
		t.Fatal(err)
	}
	ca, err := signers()
	if err != nil {
		t.Fatal(err)
	}
	c.options = native.Options{
		Image: func() (image.Image, error) { return offline.Open(c.top) }, Top: c.top, Root: repair.Root{Dir: `C:\Windows`}, Lab: true,
		Server: c.site.URL, Trust: ca[0].Pool(), HTTP: &http.Client{Transport: &http.Transport{}}, Log: slog.New(slog.DiscardHandler),
		Now:  func() time.Time { c.now = c.now.Add(time.Millisecond); return c.now },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	c.now = time.Now()
	c.start()
	return c
}

// start opens the engine, as after a start of the agent.
func (c *computer) start() {
	c.t.Helper()
	var err error
	if c.Engine, err = native.New(c.options); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { c.Engine.Close() })
}

func signedFix(t *testing.T) servertest.Update {
	t.Helper()
	ca, err := signers()
	if err != nil {
		t.Fatal(err)
	}
	return fix(servertest.File{Name: "fix.cab", Data: payload(t, ca[0])})
}

// host is where a file of the image is.
func (c *computer) host(path ...string) string {
	return filepath.Join(append([]string{c.top}, path...)...)
}

// extracted is a file of the update between its download and its installation.
func (c *computer) extracted(name ...string) string {
	folder := strings.ReplaceAll(servertest.ID(3).String(), "-", "")
	return c.host(append([]string{"Windows", "SoftwareDistribution", "Download", folder}, name...)...)
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) *enginetest.Subject {
		c := newComputer(t, signedFix(t))
		file := c.extracted(component, "lab.dll")
		return &enginetest.Subject{
			Engine: c, Needed: servertest.ID(3), Counts: true,
			Silence: func(silent bool) {
				c.site.Break(nil)
				if silent {
					c.site.Break(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
				}
			},
			Spoil: func() hresult.Code {
				if err := os.Rename(file, file+".gone"); err != nil {
					t.Fatal(err)
				}
				return hresult.FileNotFound
			},
			Mend: func() {
				if err := os.Rename(file+".gone", file); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// needed scans, and gives the one update that is needed.
func (c *computer) needed() agent.Update {
	c.t.Helper()
	r, err := c.Scan(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	if len(r.Updates) != 1 {
		c.t.Fatalf("the scan has %+v", r)
	}
	return r.Updates[0]
}

func (c *computer) get(u agent.Update) error {
	return c.Download(c.t.Context(), u, func(int64, int64) {})
}

// TestStory is what the agent is for: scan, download, a file that is lost, the red X, the folder put aside, and the second
// visit.
func TestStory(t *testing.T) {
	c := newComputer(t, signedFix(t))
	u := c.needed()
	if u.KB != "KB5000003" || u.Bytes < 100 || u.MayRestart {
		t.Errorf("%+v", u)
	}
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(c.extracted(component, "lab.dll")); err != nil {
		t.Fatal(err)
	}
	if u = c.needed(); !u.Ready {
		t.Error("a lost file had the update downloaded again by itself")
	}
	_, err := c.Install(t.Context(), u)
	var f *agent.Failure
	if !errors.As(err, &f) || f.Code != hresult.FileNotFound || !strings.HasSuffix(f.Path, `\lab.dll`) {
		t.Fatalf("%v", err)
	}
	if err := os.Rename(c.extracted(), c.host("Windows", "SDTemp.x")); err != nil {
		t.Fatal(err)
	}
	if u = c.needed(); u.Ready {
		t.Error("it is ready without its folder")
	}
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(c.host("Windows", "System32", "lab.dll")); err != nil || string(b) != library {
		t.Errorf("the file is not installed: %q, %v", b, err)
	}
	if err := c.Report(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.reported("147 156 167 162 147 156 181 182:0x80070002 147 156 167 162 181 183")
	c.stands(store.Installed)
}

// reported compares what the location was told: the numbers of events, with their codes.
func (c *computer) reported(want string) {
	c.t.Helper()
	all, err := c.site.Store.Computers(c.t.Context())
	if err != nil || len(all) != 1 {
		c.t.Fatalf("%v, %v", all, err)
	}
	events, err := c.site.Store.Events(c.t.Context(), all[0].ID, 100)
	if err != nil {
		c.t.Fatal(err)
	}
	var words []string
	for _, e := range events {
		word := fmt.Sprint(e.EventID)
		if e.Code != 0 {
			word += fmt.Sprintf(":0x%08x", uint32(e.Code))
		}
		words = append([]string{word}, words...)
	}
	if got := strings.Join(words, " "); got != want {
		c.t.Errorf("reported were %s, want %s", got, want)
	}
}

// stands compares how the location thinks that the update stands on the computer.
func (c *computer) stands(want store.Standing) {
	c.t.Helper()
	all, err := c.site.Store.Computers(c.t.Context())
	if err != nil || len(all) != 1 {
		c.t.Fatalf("%v, %v", all, err)
	}
	states, err := c.site.Store.States(c.t.Context(), all[0].ID)
	if err != nil || len(states) != 1 || states[0].Update != servertest.ID(3) || states[0].Standing != want {
		c.t.Errorf("states are %+v, %v; want %v", states, err, want)
	}
}

// TestStanding has the location know how an update stands, also when a scan comes after a failure.
func TestStanding(t *testing.T) {
	c := newComputer(t, signedFix(t))
	report := func() {
		if err := c.Report(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	u := c.needed()
	report()
	c.stands(store.Needed)
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(c.extracted("update.mum")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), u); err == nil {
		t.Fatal("it was installed without its manifest")
	}
	c.needed()
	report()
	c.stands(store.FailedState)
	if err := os.RemoveAll(c.extracted()); err != nil {
		t.Fatal(err)
	}
	if u = c.needed(); u.Ready {
		t.Fatal("it is ready without its folder")
	}
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	report()
	c.stands(store.Installed)
}
