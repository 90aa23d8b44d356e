package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func folder(t *testing.T) (string, *os.Root) {
	t.Helper()
	path := t.TempDir()
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return path, root
}

func TestDirKeepsAJournal(t *testing.T) {
	path, root := folder(t)
	d, err := Lock(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Unlock() })
	w, err := Create(d, "0001.jsonl", header())
	if err != nil {
		t.Fatal(err)
	}
	entries := whole()
	for _, e := range entries[:3] {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// A crash has left half a line.
	f, err := os.OpenFile(filepath.Join(path, "0001.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"seq":4,`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	j, err := Read(Look(root), "0001.jsonl", self)
	if err != nil || !j.Torn {
		t.Fatalf("%+v, %v", j, err)
	}
	if w, err = Continue(d, j); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries[3:] {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	j, err = Read(Look(root), "0001.jsonl", self)
	if err != nil || j.Torn {
		t.Fatalf("%+v, %v", j, err)
	}
	if d := cmp.Diff(entries, j.Entries); d != "" {
		t.Error(d)
	}
	if _, err := d.Create("0001.jsonl"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an older journal was overwritten: %v", err)
	}
}

func TestOneAtATime(t *testing.T) {
	path, root := folder(t)
	d, err := Lock(root)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := Lock(other); !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v, want ErrLocked", err)
	}
	if _, err := Look(other).Names(); err != nil {
		t.Errorf("looking: %v", err)
	}
	if _, err := Look(other).Create("0001.jsonl"); !errors.Is(err, ErrNotLocked) {
		t.Errorf("written without the lock: %v", err)
	}
	if err := d.Unlock(); err != nil {
		t.Fatal(err)
	}
	d, err = Lock(other)
	if err != nil {
		t.Fatalf("after it was let go: %v", err)
	}
	if err := d.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestPlantedInTheFolder finds links and folders where journals and the lock should be: none is followed.
func TestPlantedInTheFolder(t *testing.T) {
	path, root := folder(t)
	victim := filepath.Join(path, "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("victim", filepath.Join(path, "0001.jsonl")); err != nil {
		t.Skip("cannot make symbolic links here:", err)
	}
	if _, err := os.Lstat(filepath.Join(path, "0001.jsonl")); err != nil {
		t.Skip("cannot make symbolic links here, though it says so:", err) // Wine
	}
	if err := os.Mkdir(filepath.Join(path, "0002.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := Lock(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"0001.jsonl", "0002.jsonl"} {
		if data, err := d.Read(name, 10); err == nil {
			t.Errorf("%s: read %q", name, data)
		}
		if _, err := d.Open(name); err == nil {
			t.Errorf("%s: opened for writing", name)
		}
		if _, err := d.Create(name); err == nil {
			t.Errorf("%s: made anew", name)
		}
	}
	for _, name := range []string{"../0003.jsonl", filepath.Join(path, "0003.jsonl"), "0003.txt", "lock"} {
		if _, err := d.Create(name); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	names, err := d.Names()
	if d := cmp.Diff([]string{"0001.jsonl", "0002.jsonl"}, names); err != nil || d != "" {
		t.Error(err, d)
	}
	if err := errors.Join(d.Sync(), d.Unlock(), os.Remove(filepath.Join(path, "lock"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("victim", filepath.Join(path, "lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(root); err == nil {
		t.Error("a link was locked")
	}
	if data, err := os.ReadFile(victim); err != nil || string(data) != "mine" {
		t.Errorf("the victim holds %q, %v", data, err)
	}
}
