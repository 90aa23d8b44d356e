package offline

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/testdata"
)

// TestProtect gives redx's own folder on an NTFS volume away, and has the volume looked at by another program.
func TestProtect(t *testing.T) {
	path := imagetest.NTFS(t, 8<<20, func(dir string) {
		for _, name := range []string{"Windows", "ProgramData"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		d := open(t, dir)
		home, journals, err := d.MakeOwn()
		if err != nil {
			t.Fatal(err)
		}
		if err := journals.WriteFile("00001.jsonl", []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.Protect(home); err != nil {
			t.Fatal(err)
		}
		for name, folder := range map[string]bool{".": true, "journal": true, "journal/00001.jsonl": false} {
			got := make([]byte, 1000)
			n, err := unix.Getxattr(filepath.Join(home.Name(), name), descriptors[0], got)
			if err != nil || !bytes.Equal(got[:n], descriptor(folder)) {
				t.Errorf("%s: %x, %v, want %x", name, got[:max(n, 0)], err, descriptor(folder))
			}
		}
		if err := errors.Join(journals.Close(), home.Close(), d.Close()); err != nil {
			t.Error(err)
		}
	})
	audit := testdata.Tool(t, "ntfssecaudit")
	out, err := exec.Command(audit, "-v", path, "/ProgramData/redx/journal/00001.jsonl").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Two entries: the system and the administrators may do everything, nobody else anything.
	text := regexp.MustCompile(`(?m)^\s+0000[0-9a-f]{2}|\s`).ReplaceAllString(string(out), "")
	const entries = "02003400" + "02000000" + "00001400ff011f00010100000000000512000000" + "00001800ff011f0001020000000000052000000020020000"
	if !strings.Contains(text, entries) || !strings.Contains(string(out), "owner S-1-5-32-544") {
		t.Errorf("its rights are\n%s", out)
	}
}

// TestProtectElsewhere has nothing to do on a file system without such rights.
func TestProtectElsewhere(t *testing.T) {
	d := open(t, tree(t, "Windows/x"))
	home, journals, err := d.MakeOwn()
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	defer journals.Close()
	if err := d.Protect(home); err != nil {
		t.Error(err)
	}
}
