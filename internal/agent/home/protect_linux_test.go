package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/lab"
)

// What an agent leaves on an NTFS drive has the rights that a redx on that Windows wants to find, also what it made last.
func TestProtected(t *testing.T) {
	imagetest.NTFS(t, 32<<20, func(dir string) {
		if err := (lab.Computer{Name: "PC-1"}).Build(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
		rights := func(name string) string {
			b := make([]byte, 1000)
			n, err := unix.Getxattr(filepath.Join(dir, "ProgramData", "redx", name), "system.ntfs_acl", b)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return string(b[:n])
		}
		h, err := open(t, dir, true)
		if err != nil {
			t.Fatal(err)
		}
		if rights(".") == rights("..") || rights(".") != rights(Name) {
			t.Error("an open folder is anybody's")
		}
		if err := h.Root.WriteFile("state.json", []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		made := rights(filepath.Join(Name, "state.json"))
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if rights(filepath.Join(Name, "state.json")) == made {
			t.Error("what was made last has the rights that the driver chose")
		}
		if err := os.RemoveAll(filepath.Join(dir, "ProgramData", "redx")); err != nil {
			t.Error(err)
		}
	})
}
