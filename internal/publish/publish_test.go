package publish_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/intake"
	"github.com/redx-update/redx/internal/labca"
	"github.com/redx-update/redx/internal/publish"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/sqlite"
	"github.com/redx-update/redx/internal/write/cab"
	"github.com/redx-update/redx/internal/write/msi"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 123e6, time.UTC)

const mum = `<assembly xmlns="urn:schemas-microsoft-com:asm.v3" manifestVersion="1.0" displayName="Fix &amp; mend" description="Mends it." supportInformation="https://example.com/kb">` +
	`<assemblyIdentity name="Package_for_KB5009999" version="10.0.1.2" language="neutral" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" />` +
	`<package identifier="KB5009999" releaseType="Security Update" restart="required">%s</package></assembly>`

const parent = `<parent buildCompare="EQ" integrate="separate"><assemblyIdentity name="Foundation" version="10.0.1.1" language="neutral" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" /></parent>`

const packages = `hklm\software\microsoft\windows\currentversion\component based servicing\packages\`

var authority = sync.OnceValues(func() (*labca.CA, error) { return labca.New("CA", labca.ECDSA, now) })

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// shop is a server's store into which is published.
type shop struct {
	*publish.Publisher
	store *sqlite.Store
	files map[string][]byte
	id    *authenticode.Identity
	dir   string
}

func open(t *testing.T) *shop {
	t.Helper()
	dir := t.TempDir()
	s := must[*sqlite.Store](t)(sqlite.Open(t.Context(), filepath.Join(dir, "redx.db")))
	t.Cleanup(func() { s.Close() })
	k := &shop{store: s, files: map[string][]byte{}, dir: dir}
	put := func(ctx context.Context, w content.Want, r io.Reader) error {
		b, err := io.ReadAll(r)
		k.files[w.Name] = b
		if err == nil {
			err = s.SetFileState(ctx, w.SHA1, store.FileState{Condition: store.Verified, File: store.File{Name: w.Name, Size: w.Size, SHA1: w.SHA1, SHA256: w.SHA256}})
		}
		return err
	}
	k.Publisher = &publish.Publisher{Store: s, Intake: &intake.Intake{Store: s, Put: put, Log: slog.New(slog.DiscardHandler)}, Now: now}
	k.id = must[*authenticode.Identity](t)(must[*labca.CA](t)(authority()).Publisher("Contoso", now))
	return k
}

func (k *shop) write(t *testing.T, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(k.dir, name)
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func pack(t *testing.T, files ...cab.File) []byte {
	t.Helper()
	return must[[]byte](t)(cab.Encode(files, cab.Options{Method: cab.MSZIP}))
}

func file(name, text string) cab.File { return cab.Bytes(name, time.Time{}, []byte(text)) }

// document gives the newest document of an update.
func (k *shop) document(t *testing.T, id guid.GUID) []byte {
	t.Helper()
	c := catalog.Compile(must[[]catalog.Revision](t)(k.store.Revisions(t.Context(), time.Time{})))
	return must[[]byte](t)(k.store.Document(t.Context(), c.Newest(id).RevisionID))
}

func TestCabinet(t *testing.T) {
	k := open(t)
	path := k.write(t, "fix.cab", pack(t, file("update.mum", fmt.Sprintf(mum, parent)), file(`c\fix.dll`, "new")))
	id := guid.MustParse("11111111-2222-4333-8444-555555555555")
	request := publish.Request{Path: path, ID: id, Identity: k.id, Severity: "Critical", Supersedes: []guid.GUID{guid.MustParse("99999999-2222-4333-8444-555555555555")}}
	got := must[publish.Published](t)(k.Publish(t.Context(), request))
	want := publish.Published{
		Update: id, Revision: 1, New: true, Title: "Fix & mend", KB: "KB5009999", File: "fix.cab", Size: int64(len(k.files["fix.cab"])),
		Signer: "CN=Contoso", Categories: []string{"Contoso", "Published updates", "Security Updates"}, Made: []string{"Contoso", "Published updates", "Security Updates"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	signed := k.files["fix.cab"]
	if _, err := authenticode.Verify(bytes.NewReader(signed), int64(len(signed)), authenticode.Trust{Roots: must[*labca.CA](t)(authority()).Pool(), Now: now}); err != nil {
		t.Error(err)
	}
	document := k.document(t, id)
	golden(t, "cabinet.xml", document)

	// The same again is nothing; anything else a new revision.
	k.Now = now.Add(time.Hour)
	if got = must[publish.Published](t)(k.Publish(t.Context(), request)); got.New || got.Revision != 1 || len(got.Made) > 0 {
		t.Errorf("again: %+v", got)
	}
	request.Title = "Other"
	if got = must[publish.Published](t)(k.Publish(t.Context(), request)); !got.New || got.Revision != 2 {
		t.Errorf("changed: %+v", got)
	}
	testServicingRules(t, document)
}

func testServicingRules(t *testing.T, document []byte) {
	t.Helper()
	const self, foundation = packages + `package_for_kb5009999~31bf3856ad364e35~amd64~~10.0.1.2\currentstate`, packages + `foundation~31bf3856ad364e35~amd64~~10.0.1.1\currentstate`
	for _, tt := range []struct {
		values                 map[string]registry.Value
		installed, installable applicability.Truth
	}{
		{nil, applicability.False, applicability.False},
		{map[string]registry.Value{foundation: dword(112)}, applicability.False, applicability.True},
		{map[string]registry.Value{foundation: dword(112), self: dword(112)}, applicability.True, applicability.False},
	} {
		installed, installable := judge(t, document, computer{values: tt.values})
		if installed != tt.installed || installable != tt.installable {
			t.Errorf("%v: installed %v, installable %v", tt.values, installed, installable)
		}
	}
}

var update = flag.Bool("update", false, "write what is compared with")

// golden compares with a file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	got = []byte(digests.ReplaceAllString(string(got), `$1="..."`))
	got = []byte(size.ReplaceAllString(string(got), `$1="..."`))
	got = append([]byte(sha256.ReplaceAllString(string(got), `$1...$2`)), '\n')
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(must[[]byte](t)(os.ReadFile(path))), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestInstaller(t *testing.T) {
	const code = "{90140000-0011-0000-1000-0000000FF1CE}"
	const packed = "00004109110000000100000000F01FEC"
	k := open(t)
	b := must[[]byte](t)(msi.Encode(map[string]string{"ProductCode": code, "ProductName": "App", "ProductVersion": "2.1.300", "Manufacturer": "Fabrikam"}, "x64;1033"))
	got := must[publish.Published](t)(k.Publish(t.Context(), publish.Request{Path: k.write(t, "app.msi", b), Identity: k.id, Command: publish.Command{Arguments: "ALLUSERS=1"}}))
	if got.Title != "App 2.1.300" || got.File != "app.cab" || got.Categories[0] != "Fabrikam" {
		t.Errorf("%+v", got)
	}
	document := k.document(t, got.Update)
	if !bytes.Contains(document, []byte(`<msi:MsiData MsiFile="app.msi" ProductCode="`+code+`" CommandLine="ALLUSERS=1" />`)) {
		t.Errorf("%s", document)
	}
	for version, want := range map[uint32]applicability.Truth{2<<24 | 1<<16 | 299: applicability.False, 2<<24 | 1<<16 | 300: applicability.True, 3 << 24: applicability.True} {
		is, can := judge(t, document, computer{values: map[string]registry.Value{
			strings.ToLower(`hklm\SOFTWARE\Classes\Installer\Products\` + packed + `\version`): {Type: registry.DWord, Data: binary.LittleEndian.AppendUint32(nil, version)},
		}})
		if is != want || can != applicability.True {
			t.Errorf("version %x: installed %v, installable %v", version, is, can)
		}
	}
}

func TestStandalone(t *testing.T) {
	k := open(t)
	inner := pack(t, file("update.mum", strings.NewReplacer("KB5009999", "KB0", "https://example.com/kb", "").Replace(fmt.Sprintf(mum, ""))))
	about := file("Windows10.0-KB5008888-x64-pkgProperties.txt", "Title=\"Fix\"\r\nKB Article Number=\"5008888\"\r\nSupport Link=\"http://support.example/5008888\"\r\n")
	msu := pack(t, file("WSUSSCAN.cab", "x"), cab.Bytes("Windows10.0-KB5008888-x64.cab", time.Time{}, inner), about)
	got := must[publish.Published](t)(k.Publish(t.Context(), publish.Request{Path: k.write(t, "a.msu", msu), Identity: k.id}))
	if got.KB != "KB5008888" || got.File != "Windows10.0-KB5008888-x64.cab" || !bytes.Contains(k.document(t, got.Update), []byte("http://support.example/5008888")) {
		t.Errorf("%+v", got)
	}
}

// TestStandaloneOfSeveral publishes a package with a servicing stack and what wants it, as one update that consists of both.
func TestStandaloneOfSeveral(t *testing.T) {
	k := open(t)
	lcu := pack(t, file("update.mum", fmt.Sprintf(mum, parent)))
	stack := pack(t, file("update.mum", strings.NewReplacer("Package_for_KB5009999", "Package_for_ServicingStack_1", "KB5009999", "KB5009990", "required", "never",
		"Fix &amp; mend", "").Replace(fmt.Sprintf(mum, ""))))
	msu := pack(t, file("WSUSSCAN.cab", "x"), cab.Bytes("Windows10.0-KB5009999-x64.cab", time.Time{}, lcu), cab.Bytes("DesktopDeployment.cab", time.Time{}, pack(t, file("a.dll", "a"))),
		cab.Bytes("SSU-1-x64.cab", time.Time{}, stack), file("Windows10.0-KB5009999-x64-pkgProperties.txt", `KB Article Number="5009999"`))
	request := publish.Request{Path: k.write(t, "a.msu", msu), Identity: k.id, ID: guid.MustParse("11111111-2222-4333-8444-555555555555"), Severity: "Critical"}
	got := must[publish.Published](t)(k.Publish(t.Context(), request))
	if got.Title != "Fix & mend" || got.KB != "KB5009999" || got.File != "" || got.Revision != 1 || !got.New || len(got.Parts) != 2 || got.Size != got.Parts[0].Size+got.Parts[1].Size {
		t.Fatalf("%+v", got)
	}
	if first := got.Parts[0]; first.File != "SSU-1-x64.cab" || first.KB != "KB5009990" || first.Title != "SSU-1-x64" || !first.New {
		t.Errorf("%+v", first)
	}
	golden(t, "bundle.xml", k.document(t, got.Update))
	golden(t, "part.xml", k.document(t, got.Parts[0].Update))
	if again := must[publish.Published](t)(k.Publish(t.Context(), request)); again.New || again.Parts[0].New || again.Parts[1].New {
		t.Errorf("again: %+v", again)
	}
	request.Title = "Other"
	if changed := must[publish.Published](t)(k.Publish(t.Context(), request)); changed.Revision != 2 || changed.Parts[0].New {
		t.Errorf("changed: %+v", changed)
	}
	// Who is to install the whole is sent its parts.
	c := catalog.Compile(must[[]catalog.Revision](t)(k.store.Revisions(t.Context(), time.Time{})))
	scope := c.Scope([]catalog.RevisionID{c.Newest(got.Update).RevisionID})
	for _, p := range got.Parts {
		if role := scope.Role(c.Newest(p.Update).RevisionID); role != catalog.Member {
			t.Errorf("%s has the role %d", p.File, role)
		}
	}
}

// TestPartClassifiedOtherwise publishes a package whose servicing stack is of another classification than the whole: clients
// judge each part by its own categories, so that all must be there.
func TestPartClassifiedOtherwise(t *testing.T) {
	k := open(t)
	lcu := pack(t, file("update.mum", fmt.Sprintf(mum, parent)))
	stack := pack(t, file("update.mum", strings.NewReplacer("Package_for_KB5009999", "Package_for_ServicingStack_1", "KB5009999", "KB5009990",
		"Security Update", "Critical Update").Replace(fmt.Sprintf(mum, ""))))
	msu := pack(t, cab.Bytes("Windows10.0-KB5009999-x64.cab", time.Time{}, lcu), cab.Bytes("SSU-1-x64.cab", time.Time{}, stack))
	got := must[publish.Published](t)(k.Publish(t.Context(), publish.Request{Path: k.write(t, "a.msu", msu), Identity: k.id}))
	if want := []string{"Contoso", "Published updates", "Security Updates"}; !slices.Equal(got.Categories, want) {
		t.Errorf("categories %q, want %q", got.Categories, want)
	}
	c := catalog.Compile(must[[]catalog.Revision](t)(k.store.Revisions(t.Context(), time.Time{})))
	for _, part := range got.Parts {
		for _, clause := range c.Newest(part.Update).Prerequisites {
			for _, g := range clause.AnyOf {
				if c.Newest(g) == nil {
					t.Errorf("%s requires the category %s, which nobody has made", part.File, g)
				}
			}
		}
	}
}

func TestStandaloneRefused(t *testing.T) {
	k := open(t)
	inner := pack(t, file("update.mum", fmt.Sprintf(mum, "")))
	two := []cab.File{cab.Bytes("a.cab", time.Time{}, inner), cab.Bytes("b.cab", time.Time{}, inner)}
	for _, tt := range []struct {
		name    string
		content []byte
		request publish.Request
		want    string
	}{
		{"an image", []byte("MSWIM\x00\x00\x00 and so on"), publish.Request{}, "DISM /Add-Package"},
		{"an image in it", pack(t, append(two, file("Windows11.0-KB5000001-x64.wim", "MSWIM"))...), publish.Request{}, "Windows11.0-KB5000001-x64.wim is in it"},
		{"nothing to install", pack(t, file("WSUSSCAN.cab", "x")), publish.Request{}, "without a cabinet to install"},
		{"no package in any", pack(t, cab.Bytes("a.cab", time.Time{}, pack(t, file("a", "a"))), cab.Bytes("b.cab", time.Time{}, pack(t, file("b", "b")))), publish.Request{}, "no update.mum"},
		{"nothing known", []byte("anything"), publish.Request{}, "what can be published"},
		{"no cabinet", pack(t, file("a.cab", "x"), file("b.cab", "y")), publish.Request{}, "a.cab: "},
		{"a program of several", pack(t, two...), publish.Request{Command: publish.Command{Program: "a.exe"}}, "neither a program nor conditions"},
	} {
		tt.request.Path, tt.request.Identity = k.write(t, "x.msu", tt.content), k.id
		if _, err := k.Publish(t.Context(), tt.request); err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestClientsSeeIt goes the way of a client: what is offered to it first are the categories, then the update.
func TestClientsSeeIt(t *testing.T) {
	k := open(t)
	path := k.write(t, "fix.cab", pack(t, file("update.mum", fmt.Sprintf(mum, ""))))
	got := must[publish.Published](t)(k.Publish(t.Context(), publish.Request{Path: path, Identity: k.id}))
	c := catalog.Compile(must[[]catalog.Revision](t)(k.store.Revisions(t.Context(), time.Time{})))
	id := c.Newest(got.Update).RevisionID
	scope := c.Scope([]catalog.RevisionID{id})
	var installed []catalog.RevisionID
	for range 4 {
		need := scope.Needed(installed, nil)
		for _, n := range need.New {
			r := c.Revision(n)
			if n == id {
				if is, can := judge(t, k.document(t, got.Update), computer{}); is != applicability.False || can != applicability.True {
					t.Errorf("installed %v, installable %v", is, can)
				}
				return
			}
			if is, _ := judge(t, k.document(t, r.ID.GUID), computer{}); is != applicability.True || c.IsLeaf(n) {
				t.Errorf("%s: installed %v, a leaf %v", r.ID.GUID, is, c.IsLeaf(n))
			}
			installed = append(installed, n)
		}
	}
	t.Error("the update was never offered")
}

// TestImportedAgain takes what was published into another server.
func TestImportedAgain(t *testing.T) {
	k, other := open(t), open(t)
	path := k.write(t, "fix.cab", pack(t, file("update.mum", fmt.Sprintf(mum, ""))))
	got := must[publish.Published](t)(k.Publish(t.Context(), publish.Request{Path: path, Identity: k.id}))
	other.write(t, "update.xml", k.document(t, got.Update))
	other.write(t, "payload.bin", k.files["fix.cab"])
	result := must[intake.Result](t)(other.Intake.Paths(t.Context(), []string{other.dir}))
	if result.New != 1 || result.Files != 1 || len(result.Missing) > 0 {
		t.Errorf("%+v", result)
	}
	if !bytes.Equal(other.document(t, got.Update), k.document(t, got.Update)) {
		t.Error("another document")
	}
}

func TestRefused(t *testing.T) {
	k := open(t)
	unsigned := pack(t, file("update.mum", fmt.Sprintf(mum, "")))
	signed := must[publish.Published](t)(k.Publish(t.Context(), publish.Request{Path: k.write(t, "a.cab", unsigned), Identity: k.id}))
	content := k.files[signed.File]
	pool := must[*labca.CA](t)(authority()).Pool()
	for _, tt := range []struct {
		name    string
		content []byte
		request publish.Request
		want    string
	}{
		{"unsigned", unsigned, publish.Request{Roots: pool}, "not signed"},
		{"signed by someone unknown", content, publish.Request{}, "does not hold"},
		{"changed since", append(bytes.Clone(content), 0), publish.Request{Roots: pool, Identity: k.id}, "does not hold"},
		{"no package", pack(t, file("a.txt", "a")), publish.Request{Identity: k.id}, "name the program in it"},
		{"no such program", pack(t, file("a.txt", "a")), publish.Request{Identity: k.id, Command: publish.Command{Program: "b.exe"}}, "no b.exe in the cabinet"},
		{"a bad identity", pack(t, file("update.mum", strings.Replace(fmt.Sprintf(mum, ""), "31bf3856ad364e35", "x", 1))), publish.Request{Identity: k.id}, "is no package's identity"},
		{"a broken manifest", pack(t, file("update.mum", "<assembly>")), publish.Request{Identity: k.id}, "update.mum: XML"},
		{"a text", []byte("hello, world"), publish.Request{Identity: k.id}, "what can be published"},
		{"a long title", unsigned, publish.Request{Identity: k.id, Title: strings.Repeat("x", 301)}, "a title has"},
		{"a control character", unsigned, publish.Request{Identity: k.id, Title: "a\x01b"}, "cannot stand in XML"},
		{"itself superseded", unsigned, publish.Request{Identity: k.id, ID: guid.GUID{1}, Supersedes: []guid.GUID{{1}}}, "cannot supersede itself"},
	} {
		tt.request.Path = k.write(t, "x.cab", tt.content)
		if _, err := k.Publish(t.Context(), tt.request); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	// Of a chain that ends below its root, no root is made.
	partial := open(t)
	partial.id.Chain = partial.id.Chain[:1]
	must[publish.Published](t)(partial.Publish(t.Context(), publish.Request{Path: partial.write(t, "a.cab", unsigned), Identity: partial.id}))
	if got := must[[]publish.Trusted](t)(publish.Certificates(t.Context(), partial.store)); len(got) != 1 || got[0].Store != publish.TrustedPublisher {
		t.Errorf("%v", got)
	}
	// What is signed already stays as it is, and its signer is remembered without a root.
	before := len(must[[]publish.Trusted](t)(publish.Certificates(t.Context(), k.store)))
	again := must[publish.Published](t)(k.Publish(t.Context(), publish.Request{Path: k.write(t, "b.cab", content), Roots: pool}))
	if !bytes.Equal(k.files[again.File], content) && again.Size != int64(len(content)) {
		t.Error("signed again")
	}
	if after := must[[]publish.Trusted](t)(publish.Certificates(t.Context(), k.store)); before != 2 || len(after) != 2 {
		t.Errorf("%d certificates, then %d", before, len(after))
	}
}
