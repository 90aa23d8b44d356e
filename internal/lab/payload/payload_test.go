package payload_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/lab/payload"
	"github.com/redx-update/redx/internal/publish"
	"github.com/redx-update/redx/internal/testdata"
)

func pkg() *payload.Package {
	return &payload.Package{
		KB: "KB5099001", Version: "1.0.0.2", Title: `Update for "lab" <computers> (KB5099001)`, Restart: true,
		Time: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC),
		Components: []payload.Component{
			{Name: "redx-lab-clock", Files: []payload.File{{Name: "clock.dll", Destination: `$(runtime.system32)\`, Content: []byte("tick")}}},
			{Name: "redx-lab-store", Files: []payload.File{{Name: "a.txt", Content: []byte("a")}, {Name: "b.txt"}}},
		},
	}
}

// TestInstallerReads holds the manifests against the reader that installs them, and against the publisher's.
func TestInstallerReads(t *testing.T) {
	p := pkg()
	m, err := install.ReadManifest(p.Manifest())
	if err != nil || m.KB != p.KB || !m.Restart || len(m.Components) != 2 || m.Identity.Package() != p.Identity() {
		t.Errorf("%+v, %v", m, err)
	}
	c, err := install.ReadManifest(p.ComponentManifest(&p.Components[0]))
	if err != nil || len(c.Files) != 1 || c.Files[0].Size != 4 || c.Files[0].SHA256 == nil || c.Identity != m.Components[0] {
		t.Errorf("%+v, %v", c, err)
	}
	b, err := p.Cabinet()
	if err != nil {
		t.Fatal(err)
	}
	facts, err := publish.Cabinet(bytes.NewReader(b), int64(len(b)))
	if err != nil || facts.KB != p.KB || facts.Title != p.Title {
		t.Errorf("%+v, %v", facts, err)
	}
	if again, err := pkg().Cabinet(); err != nil || !bytes.Equal(b, again) {
		t.Error("the same package gives other bytes", err)
	}
}

func TestForeignReader(t *testing.T) {
	tool := testdata.Tool(t, "cabextract")
	b, err := pkg().Cabinet()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "x.cab")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "-q", "-d", dir, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, err := os.ReadFile(filepath.Join(dir, pkg().Folder(&pkg().Components[0]), "clock.dll"))
	if err != nil || string(got) != "tick" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	p := pkg()
	p.Components[0].Name = "a name"
	if _, err := p.Cabinet(); err == nil {
		t.Error("no error")
	}
}
