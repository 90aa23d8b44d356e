package online

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/win"
)

func TestOpen(t *testing.T) {
	img, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if img.Kind() != image.Online || !strings.EqualFold(filepath.VolumeName(img.SystemRoot()), filepath.VolumeName(img.Path())) {
		t.Errorf("got %s of kind %s with %s", img.Path(), img.Kind(), img.SystemRoot())
	}
	if info, err := img.FS().Stat(`%windir%\System32\ntdll.dll`); err != nil || info.Size == 0 {
		t.Errorf("a file of Windows: got %+v, %v", info, err)
	}
	software, _, err := img.Hive(image.Software)
	if err != nil {
		t.Fatal(err)
	}
	version, err := software.Open(`microsoft\windows nt\currentversion`)
	if err != nil {
		t.Fatal(err)
	}
	v, err := version.Value("SystemRoot")
	if err != nil || !strings.EqualFold(v.String(), img.SystemRoot()) || !strings.EqualFold(version.Name(), "CurrentVersion") {
		t.Errorf("%s: got %q, %v, want %s", version.Name(), v.String(), err, img.SystemRoot())
	}
	if _, _, err := img.Hive(image.System); err != nil {
		t.Error(err)
	}
	if err := img.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// hold opens a file as a database engine does, for itself alone.
func hold(t *testing.T, path string) {
	t.Helper()
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := windows.CreateFile(p, windows.GENERIC_READ, 0, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = windows.CloseHandle(h) })
}

func TestHeldByProgram(t *testing.T) {
	dir := imagetest.Tree(t, imagetest.Files())
	log := filepath.Join(dir, `Windows\Logs\CBS\CBS.log`)
	open, err := os.OpenFile(log, os.O_WRONLY, 0) // as a program that goes on writing its log
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { open.Close() })
	hold(t, filepath.Join(dir, `Windows\Logs\CBS\CbsPersist_1.log`))
	m := machineAt(t, dir, win.Held, noVolume)
	if f, err := m.FS().Open(`C:\Windows\Logs\CBS\CBS.log`); err != nil {
		t.Errorf("what a program shares: %v", err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
	const held = `C:\Windows\Logs\CBS\CbsPersist_1.log`
	if _, err := m.FS().Open(held); !errors.Is(err, errHeld) || !errors.Is(err, errNoVolume) {
		t.Errorf("what a program holds: got %v, want %v and why the volume cannot be read", err, errHeld)
	}
	if infos, err := m.FS().ReadDir(`C:\Windows\Logs\CBS`); err != nil || len(infos) != 3 {
		t.Errorf("list a folder with a held file: got %+v, %v", infos, err)
	}
	if info, err := m.FS().Stat(strings.ToUpper(held)); err != nil || info.Size != int64(len(imagetest.Big())) || info.Name != "CbsPersist_1.log" {
		t.Errorf("stat of what is held: got %+v, %v", info, err)
	}
}

func TestOpenDeviceFails(t *testing.T) {
	if d, err := openDevice("Q:"); err == nil {
		t.Error("there is a drive Q:", d.Close())
	} else if errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
}
