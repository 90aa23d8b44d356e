package live

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/redx-update/redx/internal/repair"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCopyFile(t *testing.T) {
	dir := t.TempDir()
	large := make([]byte, 1<<17+3)
	from := write(t, filepath.Join(dir, "from"), string(large))
	to := write(t, filepath.Join(dir, "to"), "older")
	write(t, to+".new", "what a crash has left")
	var d ownDisk
	for range 2 {
		if err := d.CopyFile(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if same, err := d.SameFile(from, to); err != nil || !same {
		t.Errorf("got %v, %v", same, err)
	}
	if names, err := d.Names(dir); err != nil || len(names) != 2 {
		t.Errorf("left are %q, %v", names, err)
	}
	if err := d.CopyFile(filepath.Join(dir, "none"), to); err == nil {
		t.Error("copied nothing")
	}
	if same, err := d.SameFile(from, to); err != nil || !same {
		t.Errorf("after a copy of nothing: got %v, %v", same, err)
	}
}

func TestSameFile(t *testing.T) {
	dir := t.TempDir()
	large := make([]byte, 1<<17)
	a := write(t, filepath.Join(dir, "a"), string(large)+"a")
	b := write(t, filepath.Join(dir, "b"), string(large)+"b")
	short := write(t, filepath.Join(dir, "short"), string(large))
	for _, other := range []string{b, short, filepath.Join(dir, "none")} {
		if same, err := (ownDisk{}).SameFile(a, other); err != nil || same {
			t.Errorf("%s: got %v, %v", other, same, err)
		}
	}
	if same, err := (ownDisk{}).SameFile(short, a); err != nil || same {
		t.Errorf("got %v, %v", same, err)
	}
	if _, err := (ownDisk{}).SameFile(filepath.Join(dir, "none"), a); err == nil {
		t.Error("nothing is the same as something")
	}
}

func TestBelow(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		write(t, filepath.Join(dir, "a", "b", strconv.Itoa(n)), "")
	}
	if files, folders := (ownDisk{}).Below(dir, 100); len(files) != 10 || len(folders) != 2 {
		t.Errorf("got %q, %q", files, folders)
	}
	if files, folders := (ownDisk{}).Below(dir, 5); len(files)+len(folders) != 5 {
		t.Errorf("got %q, %q", files, folders)
	}
}

func TestSize(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "12345")
	if err := os.Mkdir(filepath.Join(dir, "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "b", "c"), "123")
	if got := (ownDisk{}).Size(dir); got != 8 {
		t.Errorf("got %d", got)
	}
	if got := (ownDisk{}).Size(filepath.Join(dir, "none")); got != repair.Unknown {
		t.Errorf("got %d of nothing", got)
	}
	if err := (ownDisk{}).RemoveAll(dir); err != nil {
		t.Error(err)
	}
}
