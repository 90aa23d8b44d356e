package location_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/wsus/reporting"
)

// TestPHP visits a server that PHP made of the specification's WSDLs: it reads and writes by their schemas.
func TestPHP(t *testing.T) {
	if exec.Command("php", "-r", "exit(class_exists('SoapServer') ? 0 : 1);").Run() != nil {
		t.Skip("apt-get install php-cli php-soap to run this")
	}
	folder := testdata.WSDLs(t)
	script := filepath.Join("..", "..", "..", "tools", "foreign", "server.php")
	if _, err := os.ReadFile(script); err != nil { // so that Go knows what the result depends on
		t.Fatal(err)
	}
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		service := map[string]string{"/ClientWebService": "Client", "/SimpleAuthWebService": "SimpleAuth", "/ReportingWebService": "Reporting"}[filepath.Dir(r.URL.Path)]
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		php := exec.Command("php", script, folder, service)
		php.Stdin = bytes.NewReader(body)
		out, err := php.Output()
		if err != nil && !bytes.Contains(out, []byte("Fault>")) {
			t.Errorf("%s: %v: %s", service, err, out)
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		if bytes.Contains(out, []byte("Fault>")) {
			t.Logf("%s: %s", service, out)
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write(out)
	})
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
