package win_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/redx-update/redx/internal/win"
)

// folder makes a folder with a file in it.
func folder(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "file"), []byte("what is in it"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// hold opens a folder itself, as nobody may rename it then.
func hold(t *testing.T, path string) (release func()) {
	t.Helper()
	h, err := windows.CreateFile(windows.StringToUTF16Ptr(path), windows.GENERIC_READ, windows.FILE_SHARE_READ, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		t.Fatal(err)
	}
	release = func() { _ = windows.CloseHandle(h) }
	t.Cleanup(release)
	return release
}

func TestRename(t *testing.T) {
	dir := t.TempDir()
	a, b := folder(t, filepath.Join(dir, "a")), filepath.Join(dir, "b")
	before, err := win.Look(a)
	if err != nil || !before.Folder || before.Reparse {
		t.Fatalf("got %+v, %v", before, err)
	}
	release := hold(t, a)
	if err := win.Rename(a, b); !errors.Is(err, win.ErrHeld) || !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		t.Errorf("held: got %v, want win.ErrHeld", err)
	}
	release()
	if err := win.Rename(a, b); err != nil {
		t.Fatal(err)
	}
	if err := win.FlushFolder(dir); err != nil {
		t.Error(err)
	}
	after, err := win.Look(b)
	if err != nil || after != before || before.ID == (win.FileID{}) {
		t.Errorf("got %+v, %v, want %+v", after, err, before)
	}
	if _, err := win.Look(a); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if err := win.Rename(a, b); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: got %v, want fs.ErrNotExist", err)
	}
}

func TestRenameReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	a := folder(t, filepath.Join(dir, "a"))
	for _, there := range []string{folder(t, filepath.Join(dir, "b")), filepath.Join(a, "file")} {
		id, err := win.Look(there)
		if err != nil {
			t.Fatal(err)
		}
		from := a
		if !id.Folder {
			from = filepath.Join(dir, "b")
		}
		if err := win.Rename(from, strings.ToUpper(there)); err == nil {
			t.Errorf("%s was replaced", there)
		}
		if got, err := win.Look(there); err != nil || got != id {
			t.Errorf("got %+v, %v, want %+v", got, err, id)
		}
	}
}

func TestPlaces(t *testing.T) {
	windowsDir, err := win.WindowsFolder()
	if err != nil || !strings.EqualFold(windowsDir, os.Getenv("SystemRoot")) {
		t.Errorf("got %q, %v", windowsDir, err)
	}
	data, err := win.ProgramData()
	if err != nil || !strings.EqualFold(data, os.Getenv("ProgramData")) {
		t.Errorf("got %q, %v", data, err)
	}
	if free, err := win.FreeBytes(windowsDir); err != nil || free == 0 {
		t.Errorf("got %d, %v", free, err)
	}
	if _, err := win.FreeBytes(`C:\no such folder`); err == nil {
		t.Error("there is free space in no folder")
	}
}

// TestPendingRename registers renames and takes them back. It is for test machines: it changes a list of Windows'.
func TestPendingRename(t *testing.T) {
	services(t)
	dir := t.TempDir()
	a, b, c := folder(t, filepath.Join(dir, "a")), filepath.Join(dir, "b"), folder(t, filepath.Join(dir, "c"))
	value := func() []string {
		k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Session Manager`, registry.QUERY_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		list, _, err := k.GetStringsValue("PendingFileRenameOperations")
		if err != nil && !errors.Is(err, registry.ErrNotExist) {
			t.Fatal(err)
		}
		return list
	}
	want := func(from, to string, there bool) {
		t.Helper()
		if got, err := win.PendingRename(from, to); err != nil || got != there {
			t.Errorf("%s to %q: got %v, %v, want %v; the list is %q", from, to, got, err, there, value())
		}
	}
	before := value()
	want(a, b, false)
	for _, p := range [][2]string{{a, b}, {c, ""}} {
		if err := win.RenameAtRestart(p[0], p[1]); err != nil {
			t.Fatal(err)
		}
		want(p[0], p[1], true)
	}
	if err := win.FlushRenames(); err != nil {
		t.Error(err)
	}
	for range 2 { // the second time it is not there
		if err := win.ForgetRename(a, b); err != nil {
			t.Fatal(err)
		}
		want(a, b, false)
		want(c, "", true)
	}
	if err := win.ForgetRename(c, ""); err != nil {
		t.Fatal(err)
	}
	if after := value(); strings.Join(after, "|") != strings.Join(before, "|") {
		t.Errorf("the list is %q, was %q", after, before)
	}
}

// Wine's Restart Manager knows nobody, and its files do not tell who has them open: there only the calls are tried.
func TestHolders(t *testing.T) {
	file := filepath.Join(folder(t, t.TempDir()), "file")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := win.Holders([]string{file})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%+v", got)
	if got, err := win.Holders(nil); err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
	pids, err := win.FolderHolders(filepath.Dir(file))
	t.Logf("%v, %v", pids, err)
	for _, pid := range pids {
		if pid == uint32(os.Getpid()) {
			t.Error("it found itself")
		}
	}
}

// Wine takes events and drops them: that they arrive is for a real Windows to show.
func TestEventSource(t *testing.T) {
	services(t)
	const name = "redx-test-source"
	for range 2 {
		if err := win.AddEventSource(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := win.WriteEvent(name, win.EventInfo, 1, "A test of redx."); err != nil {
		t.Error(err)
	}
	if err := win.WriteEvent(name, win.EventInfo, 1, "\x00"); err == nil {
		t.Error("a text with a zero in it was written")
	}
	for range 2 {
		if err := win.RemoveEventSource(name); err != nil {
			t.Fatal(err)
		}
	}
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\EventLog\Application\`+name, registry.QUERY_VALUE)
	if !errors.Is(err, registry.ErrNotExist) {
		t.Errorf("got %v, %v, want it gone", k, err)
	}
}

// TestWine: what Wine is asked for holds only there.
func TestWine(t *testing.T) {
	if os.Getenv("WINEPREFIX") != "" && !win.Wine() {
		t.Error("this is Wine")
	}
}
