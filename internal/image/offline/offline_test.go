package offline_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/write/hive"
)

func TestOpenFindsWindows(t *testing.T) {
	log := map[string]string{`logs\cbs\CBS.LOG`: "here"}
	below := func(prefix string) map[string]string {
		out := map[string]string{}
		for path, content := range log {
			out[prefix+path] = content
		}
		return out
	}
	tests := []struct {
		name  string
		files map[string]string
		open  string // below the tree
	}{
		{"root", below(`Windows\`), ""},
		{"root in capitals", below(`WINDOWS\`), ""},
		{"windows folder", below(`Windows\`), "Windows"},
		{"windows folder by another name", map[string]string{`x\logs\cbs\CBS.LOG`: "here", `x\system32\`: ""}, "x"},
		{"one above", below(`C\windows\`), ""},
		{"one above, others beside", map[string]string{`C\Windows\Logs\CBS\CBS.log`: "here", `D\data\x`: "", "readme.txt": ""}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			img := open(t, filepath.Join(imagetest.Tree(t, tt.files), tt.open))
			if got, err := read(img.FS(), `C:\Windows\Logs\CBS\CBS.log`); err != nil || got != "here" {
				t.Errorf("got %q, %v", got, err)
			}
			if img.Kind() != image.Offline || img.SystemRoot() != `C:\Windows` {
				t.Errorf("got %s at %s", img.Kind(), img.SystemRoot())
			}
			if notes := strings.Join(img.Notes(), "\n"); !strings.Contains(notes, "guessed") {
				t.Errorf("notes do not say that the letter is guessed: %s", notes)
			}
		})
	}
}

func TestOpenWindowsFolderAlone(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{`Windows\System32\x`: "x", `ProgramData\y`: "y"})
	fsys := open(t, filepath.Join(dir, "Windows")).FS()
	if _, err := fsys.Stat(`C:\ProgramData\y`); !errors.Is(err, image.ErrOtherVolume) {
		t.Errorf("beside the folder that was given: got %v; it is not known to be missing", err)
	}
	if _, err := fsys.Stat(`C:\WindowsX`); !errors.Is(err, image.ErrOtherVolume) {
		t.Errorf("got %v", err)
	}
}

func TestOpenNoWindows(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{
		`empty\`: "", `leftover\Windows\x`: "", "text.img": strings.Repeat("no disk ", 200), "short.img": "x",
		"locked.img": "\xeb\x58\x90-FVE-FS-" + strings.Repeat("\x00", 2000), "disk.vhdx": "vhdxfile" + strings.Repeat("\x00", 600),
		"broken.img": "\xeb\x52\x90NTFS    " + strings.Repeat("\x00", 2000),
	})
	tests := []struct {
		path string
		want error
		says string
	}{
		{"empty", image.ErrNoWindows, "System32"},
		{"leftover", image.ErrNoWindows, "System32"},
		{"text.img", image.ErrNoWindows, "partition table"},
		{"short.img", image.ErrNoWindows, "sector"},
		{"disk.vhdx", image.ErrNoWindows, "VHDX"},
		{"broken.img", image.ErrNoWindows, "boot sector"},
		{"locked.img", image.ErrBitLocker, "BitLocker"},
		{"nosuch", fs.ErrNotExist, "nosuch"},
	}
	for _, tt := range tests {
		_, err := offline.Open(filepath.Join(dir, tt.path))
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v, want %v that says %q", tt.path, err, tt.want, tt.says)
		}
	}
}

func TestHive(t *testing.T) {
	config := filepath.Join(imagetest.Tree(t, map[string]string{`C\Windows\System32\Config\`: ""}), "C", "Windows", "System32", "Config")
	for name, sample := range map[string]string{
		"system": "SYSTEM_B.xz", "system.LOG1": "SYSTEM_B.LOG1.xz", "SYSTEM.LOG2": "SYSTEM_B.LOG2.xz",
	} {
		if err := os.WriteFile(filepath.Join(config, name), testdata.Open(t, "windows/hives/"+sample), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(img image.Image) {
		t.Helper()
		root, note, err := img.Hive(image.System)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(note, "applied") {
			t.Errorf("note of a hive with logs: got %q", note)
		}
		if _, err := root.Open(`Select`); err != nil {
			t.Error(err)
		}
		if _, _, err := img.Hive(image.Software); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("SOFTWARE: got %v, want fs.ErrNotExist", err)
		}
	}
	img := open(t, filepath.Join(config, "..", "..", ".."))
	check(img)
	if notes := strings.Join(img.Notes(), "\n"); !strings.Contains(notes, "MountedDevices") {
		t.Errorf("SYSTEM_B names one fixed drive; notes: %s", notes)
	}
	logs, err := offline.OpenLogs(filepath.Dir(config))
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	check(logs)
}

// TestOtherRoot has a registry that calls the Windows folder by a name that it does not have here.
func TestOtherRoot(t *testing.T) {
	for root, want := range map[string]string{`D:\WINNT`: `D:\Windows`, `E:\..`: `E:\Windows`, `C:\WINDOWS`: `C:\WINDOWS`} {
		soft := &hive.Key{Name: "ROOT"}
		soft.Sub(`Microsoft\Windows NT\CurrentVersion`).SZ("SystemRoot", root)
		b, err := hive.Encode(soft, hive.Options{})
		if err != nil {
			t.Fatal(err)
		}
		dir := imagetest.Tree(t, map[string]string{`Windows\System32\config\SOFTWARE`: string(b), `Windows\Logs\CBS\CBS.log`: "here"})
		img := open(t, dir)
		if got, err := read(img.FS(), img.SystemRoot()+`\Logs\CBS\CBS.log`); err != nil || got != "here" || img.SystemRoot() != want {
			t.Errorf("%s: got %q, %v at %s, want it at %s", root, got, err, img.SystemRoot(), want)
		}
		if said := strings.Contains(strings.Join(img.Notes(), "\n"), root); said != (root != want) {
			t.Errorf("%s: notes %q", root, img.Notes())
		}
	}
}
