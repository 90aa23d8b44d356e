package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/redx-update/redx/internal/agent/facts"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab/marker"
)

func TestComputers(t *testing.T) {
	const server = "http://wsus.lab:8530"
	seen := map[string]bool{}
	for n := range 3 {
		dir := filepath.Join(t.TempDir(), "c")
		c := Computer{Name: fmt.Sprintf("LAB-%04d", n), Server: server}
		if err := c.Build(dir); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, MarkerName))
		if err != nil {
			t.Fatal(err)
		}
		m, err := marker.Parse(data)
		if err != nil || m.Scenario != ComputerScenario || seen[m.ID] {
			t.Errorf("%+v, %v", m, err)
		}
		seen[m.ID] = true
		o, err := Run(t.Context(), &Scenario{}, dir)
		if err != nil || len(o.Wrong) > 0 {
			t.Fatal(err, o)
		}
		found := false
		for e := range o.Evidence.Of(evidence.UpdateServer) {
			found = found || e.Field(evidence.URL) == server
		}
		if !found {
			t.Error("its policy names no server")
		}
		img, err := offline.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		if w, err := (facts.Computer{Image: img}).Windows(); err != nil || w.Build != 19045 || w.ProductType != 1 {
			t.Errorf("%+v, %v", w, err)
		}
		if got := value(t, img, image.System, `ControlSet001\Control\ComputerName\ComputerName`, "ComputerName"); got != c.Name {
			t.Errorf("it is called %q", got)
		}
		id := value(t, img, image.Software, `Microsoft\Cryptography`, "MachineGuid")
		if _, err := guid.Parse(id); err != nil || seen[id] {
			t.Errorf("machine %q, %v", id, err)
		}
		seen[id] = true
	}
	for _, c := range []Computer{{}, {Name: "a b"}, {Name: "0123456789abcdef"}, {Name: "x", Server: "a\"\nb"}} {
		dir := filepath.Join(t.TempDir(), "c")
		if err := c.Build(dir); err == nil {
			t.Errorf("%+v was built", c)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%+v left %v", c, err)
		}
	}
}

func value(t *testing.T, img image.Image, hive image.Hive, key, name string) string {
	t.Helper()
	root, _, err := img.Hive(hive)
	if err != nil {
		t.Fatal(err)
	}
	k, err := root.Open(key)
	if err != nil {
		t.Fatal(err)
	}
	v, err := k.Value(name)
	if err != nil {
		t.Fatal(err)
	}
	return v.String()
}

// BenchmarkComputer measures what one computer of the lab costs.
func BenchmarkComputer(b *testing.B) {
	top := b.TempDir()
	b.ReportAllocs()
	for n := range b.N {
		if err := (Computer{Name: "LAB", Server: "http://x"}).Build(filepath.Join(top, fmt.Sprint(n))); err != nil {
			b.Fatal(err)
		}
	}
}
