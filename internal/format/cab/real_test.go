package cab_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/testdata"
)

// TestReal compares every file of the real cabinets with what cabextract makes of them.
func TestReal(t *testing.T) {
	for _, name := range []string{"windows/cab/lzx.cab", "windows/cab/simple.cab"} {
		t.Run(name, func(t *testing.T) {
			sameAsCabextract(t, testdata.Open(t, name))
		})
	}
}

// sameAsCabextract unpacks b with both and compares names and bytes. It returns the number of files.
func sameAsCabextract(t *testing.T, b []byte) int {
	t.Helper()
	tool := testdata.Tool(t, "cabextract")
	dir := t.TempDir()
	path := filepath.Join(dir, "x.cab")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "-q", "-d", filepath.Join(dir, "out"), path).CombinedOutput(); err != nil {
		t.Fatalf("cabextract: %v\n%s", err, out)
	}
	n := 0
	for name, got := range readAll(t, b) {
		want, err := os.ReadFile(filepath.Join(dir, "out", filepath.FromSlash(name)))
		if err != nil {
			t.Errorf("cabextract has no %q: %v", name, err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes differ from the %d of cabextract", name, len(got), len(want))
		}
		n++
	}
	return n
}

// readAll gives the content of every file, by name with forward slashes.
func readAll(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	c, err := cab.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	err = c.Each(func(f cab.File, r io.Reader) error {
		got, err := io.ReadAll(r)
		all[slashes(f.Name)] = got
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(c.Files()) {
		t.Errorf("read %d of %d files", len(all), len(c.Files()))
	}
	return all
}

func slashes(name string) string {
	return string(bytes.ReplaceAll([]byte(name), []byte(`\`), []byte("/")))
}
