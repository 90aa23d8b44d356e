package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/disk/disksim"
)

func drive(t *testing.T) (*disk.Drive, string) {
	t.Helper()
	top := t.TempDir()
	d, err := disk.Open(top, "C:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d, top
}

// TestConformance holds the drive and the simulated one to the same.
func TestConformance(t *testing.T) {
	d, _ := drive(t)
	for name, d := range map[string]disk.Disk{"drive": d, "simulated": disksim.New()} {
		t.Run(name, func(t *testing.T) { conform(t, d) })
	}
}

func conform(t *testing.T, d disk.Disk) {
	made, err := disk.MakeAll(d, `C:\Windows\System32`)
	if diff := cmp.Diff([]string{`C:\Windows`, `C:\Windows\System32`}, made); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	const file = `C:\WINDOWS\system32\x.dll`
	for _, content := range []string{"one", "two"} {
		if err := disk.Replace(d, file, disk.Bytes([]byte(content))); err != nil {
			t.Fatal(err)
		}
		if got, err := disk.Read(d, `C:\windows\System32\X.DLL`, 3); err != nil || string(got) != content {
			t.Errorf("%q, %v", got, err)
		}
	}
	for what, err := range map[string]error{
		"too large":     second(disk.Read(d, file, 2)),
		"taken":         second(d.Create(file)),
		"a taken name":  d.Mkdir(`C:\Windows\SYSTEM32`),
		"not empty":     d.Remove(`C:\Windows`),
		"other folder":  d.Rename(file, `C:\Windows\x.dll`),
		"onto a folder": d.Rename(`C:\Windows`, `C:\windows`+"\x00"),
		"up":            second(d.Stat(`C:\Windows\..\x`)),
		"a stream":      second(d.Create(`C:\Windows\x:y`)),
		"a device":      second(d.Create(`C:\Windows\nul.txt`)),
		"other drive":   second(d.Stat(`D:\Windows`)),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	for _, path := range []string{`C:\x`, `C:\x\y`, file + `\z`} {
		if _, err := d.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if info, err := d.Stat(`C:\Windows`); err != nil || !info.Dir {
		t.Errorf("%+v, %v", info, err)
	}
	if err := d.Rename(file, `C:\Windows\System32\Y.dll`); err != nil {
		t.Error(err)
	}
	names, err := d.Names(`C:\windows\system32`)
	if err != nil || !slices.Equal(names, []string{"Y.dll"}) {
		t.Errorf("%q, %v", names, err)
	}
	if err := errors.Join(d.Sync(`C:\Windows`), disk.RemoveAll(d, `C:\Windows`), disk.RemoveAll(d, `C:\Windows`)); err != nil {
		t.Error(err)
	}
	if there, err := disk.Exists(d, `C:\Windows`); err != nil || there {
		t.Errorf("%v, %v", there, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestLinksAreRefused(t *testing.T) {
	d, top := drive(t)
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "x"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"out": elsewhere, "file": filepath.Join(elsewhere, "x"), "dangling": "nowhere"} {
		link := filepath.Join(top, name)
		if err := os.Symlink(target, link); err != nil {
			t.Skip("cannot make symbolic links here:", err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Skip("symbolic links are none here, as under Wine:", err)
		}
		path := `C:\` + name
		for what, err := range map[string]error{
			"look": second(d.Stat(path)), "open": second(d.Open(path)), "create": second(d.Create(path)),
			"below": second(d.Create(path + `\y`)), "remove": d.Remove(path), "remove all": disk.RemoveAll(d, path),
			"replace": disk.Replace(d, path, disk.Bytes(nil)), "list": second(d.Names(path)),
		} {
			if err == nil {
				t.Errorf("%s of %s: no error", what, name)
			}
		}
	}
	if data, err := os.ReadFile(filepath.Join(elsewhere, "x")); err != nil || string(data) != "precious" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestPlain(t *testing.T) {
	for name, want := range map[string]bool{
		"x.dll": true, "a b": true, "комп": true, "COMx": true, "COM12": true, "": false, ".": false, "..": false, "a/b": false, `a\b`: false,
		"x:y": false, "nul": false, "Con.txt": false, "lpt1": false, "COM1.dll": false, "x.": false, "x ": false, "a\x00": false, "a*": false,
	} {
		if got := disk.Plain(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestHost(t *testing.T) {
	d, top := drive(t)
	if err := os.Mkdir(filepath.Join(top, "WINDOWS"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := d.Host(`C:\Windows`)
	if want := filepath.Join(top, "WINDOWS"); err != nil || filepath.Clean(got) != want && got != filepath.Join(top, "Windows") {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := d.Host(`C:\x`); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
