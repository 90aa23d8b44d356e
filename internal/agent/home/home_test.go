package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab"
	actoffline "github.com/redx-update/redx/internal/repair/act/offline"
	"github.com/redx-update/redx/internal/repair/journal"
)

func disk(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "C")
	if err := (lab.Computer{Name: "PC-1"}).Build(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, dir string, making bool) (*Home, error) {
	t.Helper()
	img, err := offline.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	return Open(img, making)
}

func TestOneAtATime(t *testing.T) {
	dir := disk(t)
	if _, err := open(t, dir, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	a, err := open(t, dir, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Lock(); err != nil {
		t.Fatal(err)
	}
	b, err := open(t, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Lock(); !errors.Is(err, journal.ErrLocked) {
		t.Errorf("the second agent: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Lock(); err != nil {
		t.Errorf("after the first has gone: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "ProgramData", "redx", Name); a.Folder != want || a.Top != dir {
		t.Errorf("got %q on %q, want %q on %q", a.Folder, a.Top, want, dir)
	}
}

// A link where the folder should be leads nowhere.
func TestPlanted(t *testing.T) {
	dir, elsewhere := disk(t), t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "ProgramData", "redx"), 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "ProgramData", "redx", Name)
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Skip("no links here:", err)
	}
	if _, err := os.Readlink(link); err != nil { // Wine says that it has made one
		t.Skip("no links here:", err)
	}
	if _, err := open(t, dir, true); !errors.Is(err, actoffline.ErrPlanted) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(elsewhere); len(left) > 0 {
		t.Errorf("something was written to the other place: %v", left)
	}
}

// What lies there already is the agent's alone, or nothing of it is read: a folder that others may change, and a file.
func TestPlantedBefore(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the modes of files are for systems that have them; on Windows win.CheckProtected looks")
	}
	for what, planted := range map[string]bool{"nothing": false, "settings by hand": false, "folder": true, "file": true, "owner": true} {
		if what == "owner" && os.Geteuid() != 0 {
			continue // only root can give files to others
		}
		dir := disk(t)
		h, err := open(t, dir, true)
		if err != nil {
			t.Fatal(err)
		}
		state := filepath.Join(h.Folder, "state.json")
		if err := errors.Join(os.WriteFile(state, []byte("{}"), 0o600), h.Close()); err != nil {
			t.Fatal(err)
		}
		switch what {
		case "settings by hand":
			err = os.Chmod(state, 0o664)
		case "folder":
			err = os.Chmod(h.Folder, 0o777)
		case "file":
			err = os.Chmod(state, 0o666)
		case "owner":
			err = os.Chown(state, 12345, -1)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, making := range []bool{true, false} {
			h, err := open(t, dir, making)
			if errors.Is(err, actoffline.ErrPlanted) != planted || err != nil && !planted {
				t.Errorf("%s: %v", what, err)
			}
			if h != nil {
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestNowhere(t *testing.T) {
	if _, err := open(t, filepath.Join(disk(t), "Windows"), true); !errors.Is(err, ErrNowhere) {
		t.Errorf("the Windows folder alone: %v", err)
	}
}
