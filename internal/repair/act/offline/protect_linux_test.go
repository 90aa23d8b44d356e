package offline

import (
	"bytes"
	"encoding/binary"
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

// owned is the descriptor of a folder that belongs to this identity.
func owned(authority byte, subs ...uint32) []byte {
	b := descriptor(true)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)))
	b = append(b, 1, byte(len(subs)), 0, 0, 0, 0, 0, authority)
	return append(b, numbers(subs...)...)
}

func TestAccount(t *testing.T) {
	for _, tt := range []struct {
		name       string
		descriptor []byte
		want       bool
	}{
		{"a user", owned(5, 21, 1, 2, 3, 1001), true},
		{"a user of a cloud", owned(12, 1, 1, 2, 3), true},
		{"the administrators", descriptor(true), false},
		{"the system", owned(5, 18), false},
		{"TrustedInstaller", owned(5, 80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464), false},
		{"root as ntfs-3g has it", owned(5, 21, 3141592653, 589793238, 462643383, 10000), false},
		{"nothing", nil, false},
		{"no owner", make([]byte, 20), false},
		{"cut off", owned(5), false},
		{"an offset behind the end", []byte{1, 0, 4, 0x80, 0xff, 0xff, 0xff, 0xff}, false},
	} {
		if got := account(tt.descriptor); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestPlantedOnNTFS finds a folder of redx's name that a user of that Windows has made, and takes nothing over.
func TestPlantedOnNTFS(t *testing.T) {
	imagetest.NTFS(t, 8<<20, func(dir string) {
		for _, name := range []string{"Windows", "ProgramData"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		d := open(t, dir)
		defer d.Close()
		for range 2 { // what redx made here, not yet given to the administrators, is no user's
			home, journals, err := d.MakeOwn()
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(journals.Close(), home.Close()); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"ProgramData/redx/journal", "ProgramData/redx"} {
			if err := unix.Setxattr(filepath.Join(dir, name), descriptors[0], owned(5, 21, 1, 2, 3, 1001), 0); err != nil {
				t.Fatal(err)
			}
			if _, _, err := d.MakeOwn(); !errors.Is(err, ErrPlanted) || !strings.Contains(err.Error(), "a user of that Windows") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
