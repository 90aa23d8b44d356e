package offline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestLookerHeld(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Held.db"), []byte("1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	// Another spelling of a file stands for a held one: os does not find it, the folder's list has it.
	l := &looker{dir: root, held: func(err error) bool { return errors.Is(err, fs.ErrNotExist) }}
	if info, err := l.lstat("HELD.DB"); err != nil || info.Name() != "Held.db" || info.Size() != 4 {
		t.Errorf("got %v, %v, want what the folder knows of it", info, err)
	}
	if _, err := l.lstat("nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name the folder does not have: got %v, want the first error", err)
	}
	if _, err := newLooker(root).lstat("nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name that is not there: got %v", err)
	}
}
