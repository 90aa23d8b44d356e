package offline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/repair"
)

// needsMounts skips where this user cannot mount.
func needsMounts(t *testing.T, kind, at string, flags uintptr) {
	t.Helper()
	if err := unix.Mount("redx", at, kind, flags, ""); err != nil {
		t.Skip("cannot mount here; to enable, run as root with the right to mount:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(at, 0); err != nil {
			t.Error(err)
		}
	})
}

func TestOtherVolume(t *testing.T) {
	top := tree(t, "Windows/SoftwareDistribution/", "Windows/System32/")
	needsMounts(t, "tmpfs", filepath.Join(top, "Windows", "SoftwareDistribution"), 0)
	d, err := Open(top, at)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Folder(sd); !errors.Is(err, ErrOtherVolume) {
		t.Errorf("got %v", err)
	}
	if err := d.Rename(sd, temp); !errors.Is(err, ErrOtherVolume) {
		t.Errorf("got %v", err)
	}
}

func TestReadOnlyMount(t *testing.T) {
	top := t.TempDir()
	needsMounts(t, "tmpfs", top, 0)
	if err := os.Mkdir(filepath.Join(top, "Windows"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("redx", top, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	d, err := Open(top, at)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s := &repair.Scene{Root: at}
	if d.Facts(s); !strings.Contains(s.ReadOnly, "mounted read-only") {
		t.Errorf("%+v", s)
	}
}

func TestStranger(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give folders to others; to enable, run as root")
	}
	top := tree(t, "Windows/x", "ProgramData/redx/journal/")
	if err := os.Chown(filepath.Join(top, "ProgramData", "redx"), 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := open(t, top).MakeOwn(); !errors.Is(err, ErrPlanted) {
		t.Errorf("got %v", err)
	}
	// A mounted disk on which all is one user's is another matter.
	if err := os.Chown(filepath.Join(top, "Windows"), 12345, -1); err != nil {
		t.Fatal(err)
	}
	home, journals, err := open(t, top).MakeOwn()
	if err != nil {
		t.Fatal(err)
	}
	home.Close()
	journals.Close()
}

// TestOpenToOthers finds folders of redx's own that others may change who may not change Windows.
func TestOpenToOthers(t *testing.T) {
	for _, name := range []string{"ProgramData/redx", "ProgramData/redx/journal"} {
		for mode, planted := range map[fs.FileMode]bool{0o700: false, 0o755: false, 0o775: true, 0o757: true, 0o777: true} {
			top := tree(t, "Windows/x", "ProgramData/redx/journal/")
			if err := os.Chmod(filepath.Join(top, name), mode); err != nil {
				t.Fatal(err)
			}
			if _, _, err := open(t, top).MakeOwn(); errors.Is(err, ErrPlanted) != planted || err != nil && !planted {
				t.Errorf("%s, %s: %v", name, mode, err)
			}
			// A disk that is mounted so that everybody may do everything there.
			if err := os.Chmod(filepath.Join(top, "Windows"), 0o777); err != nil {
				t.Fatal(err)
			}
			home, journals, err := open(t, top).MakeOwn()
			if err != nil {
				t.Errorf("%s, %s, as Windows: %v", name, mode, err)
				continue
			}
			home.Close()
			journals.Close()
		}
	}
}
