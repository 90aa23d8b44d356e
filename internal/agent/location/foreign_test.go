package location_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// phpServer is an update location that PHP made of the specification's WSDLs: it reads and writes by their schemas.
type phpServer struct {
	t              *testing.T
	folder, script string

	asked []string
	next  map[string]soap.ErrorCode // what an operation is refused with the next time
}

func newPHPServer(t *testing.T) *phpServer {
	t.Helper()
	if exec.Command("php", "-r", "exit(class_exists('SoapServer') ? 0 : 1);").Run() != nil {
		t.Skip("apt-get install php-cli php-soap to run this")
	}
	p := &phpServer{t: t, folder: testdata.WSDLs(t), script: filepath.Join("..", "..", "..", "tools", "foreign", "server.php"), next: map[string]soap.ErrorCode{}}
	if _, err := os.ReadFile(p.script); err != nil { // so that Go knows what the result depends on
		t.Fatal(err)
	}
	return p
}

func (p *phpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service := map[string]string{"/ClientWebService": "Client", "/SimpleAuthWebService": "SimpleAuth", "/ReportingWebService": "Reporting"}[filepath.Dir(r.URL.Path)]
	operation := strings.Trim(r.Header.Get("SOAPAction"), `"`)
	operation = operation[strings.LastIndexByte(operation, '/')+1:]
	p.asked = append(p.asked, operation)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Error(err)
	}
	php := exec.Command("php", p.script, p.folder, service, string(p.next[operation]))
	delete(p.next, operation)
	php.Stdin = bytes.NewReader(body)
	out, err := php.Output()
	refused := bytes.Contains(out, []byte("Fault>"))
	if err != nil && !refused {
		p.t.Errorf("%s: %v: %s", operation, err, out)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if refused {
		w.WriteHeader(http.StatusInternalServerError)
	}
	_, _ = w.Write(out)
}

func TestPHP(t *testing.T) {
	c := answering(t, newPHPServer(t).ServeHTTP)
	c.sync()
	fix := guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d02")
	want := map[guid.GUID]metadata.Action{guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01"): metadata.Evaluate, fix: metadata.Install, {}: metadata.Install}
	if diff := cmp.Diff(want, c.has()); diff != "" {
		t.Error(diff)
	}
	if d := c.State().Revisions[2].Deployment.Deadline; !d.Equal(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("deadline %v", d)
	}
	c.extendPHP()
	events := []reporting.Event{{BasicData: basic(148)}, {BasicData: basic(162)}}
	if n, err := c.Report(t.Context(), events); n != 2 || err != nil {
		t.Errorf("reported %d, %v", n, err)
	}
	c.State().Cookie = &location.Cookie{Expiration: time.Now().Add(time.Hour), Data: []byte("another server's")}
	c.sync()
	if v, err := c.Tell(t.Context(), []byte("{}")); err != nil || !v.Heal || !strings.Contains(v.Why, "takes no findings") {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestPHPRefuses has every operation refused once by PHP, each with another fault, in a visit that asks for all there is: the
// computer comes from another server, has a device, and scans for one product.
func TestPHPRefuses(t *testing.T) {
	p := newPHPServer(t)
	elsewhere := answering(t, p.ServeHTTP)
	elsewhere.sync()
	elsewhere.extendPHP()
	dir := t.TempDir()
	if err := elsewhere.State().Save(dir); err != nil {
		t.Fatal(err)
	}
	operations := slices.Concat(handshake, []string{"StartCategoryScan"}, whole[len(handshake):])
	codes := slices.Sorted(maps.Keys(recoveries))
	for i, operation := range operations {
		code := codes[i%len(codes)]
		p.asked, p.next[operation] = nil, code
		s, note, err := location.Load(dir)
		if err != nil || note != "" {
			t.Fatal(note, err)
		}
		c := wanting(t, p, s)
		if err := c.visitPHP(); err != nil {
			t.Errorf("%s is refused with %s: %v", operation, code, err)
		}
		c.sync() // what this server does not know again after it has changed, comes anew
		if len(p.next) > 0 || len(c.has()) != 4 {
			t.Errorf("%s is refused with %s: it asks for %v, and has %v", operation, code, p.asked, c.has())
		}
		for _, o := range operations {
			if !slices.Contains(p.asked, o) {
				t.Errorf("%s is refused with %s: it does not ask for %s", operation, code, o)
			}
		}
	}
}

// wanting is a computer with a device that scans for one product, and for one that nobody knows.
func wanting(t *testing.T, p *phpServer, s *location.State) *computer {
	t.Helper()
	site := httptest.NewServer(p)
	t.Cleanup(site.Close)
	c := &computer{t: t}
	o := options(site.URL)
	o.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	o.Hardware = func() (*location.Hardware, error) {
		return &location.Hardware{Devices: []clientws.Device{{HardwareIDs: []string{`PCI\VEN_1`}}}, ComputerIDs: []string{me}}, nil
	}
	o.Categories = []agent.Category{
		{Product: guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d10")}, {Product: guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d99")},
	}
	var err error
	if c.Client, err = location.New(o, s); err != nil {
		t.Fatal(err)
	}
	return c
}

// visitPHP does all that there is to do, as the engine does.
func (c *computer) visitPHP() error {
	for try := 0; ; try++ {
		if err := c.Sync(c.t.Context(), judge); err != nil {
			return err
		}
		err := c.Extend(c.t.Context(), []int32{2})
		if !errors.Is(err, location.ErrRenumbered) || try == 2 {
			if err != nil {
				return err
			}
			break
		}
	}
	if err := c.Locate(c.t.Context(), [][20]byte{sha1.Sum([]byte("content"))}); err != nil {
		return err
	}
	n, err := c.Report(c.t.Context(), []reporting.Event{{BasicData: basic(148)}, {BasicData: basic(162)}})
	if err == nil && n != 2 {
		err = fmt.Errorf("reported %d", n)
	}
	return err
}

func (c *computer) extendPHP() {
	c.t.Helper()
	if err := c.Extend(c.t.Context(), []int32{1, 2, 3}); err != nil {
		c.t.Fatal(err)
	}
	e, err := metadata.ParseExtended(c.State().Details[2].Extended)
	if err != nil || e.KB != "KB5000002" || len(e.Files) != 1 || len(c.State().PlacesOf(e.Files[0].SHA1)) != 1 {
		c.t.Fatalf("%+v, %v, %v", e, err, c.State().Places)
	}
	if !strings.Contains(c.State().Details[2].Texts, "<Title>Fix<") {
		c.t.Errorf("%+v", c.State().Details[2])
	}
	if err := c.Locate(c.t.Context(), [][20]byte{e.Files[0].SHA1}); err != nil || len(c.State().Places) != 1 {
		c.t.Errorf("%v, %v", err, c.State().Places)
	}
}

func basic(id int32) reporting.BasicData {
	return reporting.BasicData{
		TargetID: reporting.ComputerTargetIdentifier{SID: me}, TimeAtTarget: time.Now().UTC(), EventInstanceID: "c0ffee00-0000-0000-0000-00000000000" + string('0'+id%10),
		NamespaceID: 1, EventID: id, SourceID: 101, UpdateID: &reporting.UpdateRevisionIdentifier{UpdateID: guid.GUID{}.String()}, AppName: "redx",
	}
}
