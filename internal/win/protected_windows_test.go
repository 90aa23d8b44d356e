package win_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/win"
)

// Wine makes Unix modes of the descriptor and hands back one of its own making, so there it is not looked at.
func TestMakeProtected(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "redx")
	if err := win.MakeProtected(dir); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		t.Errorf("got %v, %v, want a folder", info, err)
	}
	err := win.CheckProtected(dir)
	if elevated, _ := win.Elevated(); err != nil && (elevated || !errors.Is(err, win.ErrUnprotected)) {
		t.Error(err)
	}
	t.Log(err)
	if err := win.MakeProtected(dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: got %v, want fs.ErrExist", err)
	}
	if err := win.MakeProtected(filepath.Join(dir, "a", "b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("below nothing: got %v, want fs.ErrNotExist", err)
	}
}

func TestCheckProtectedRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	users := win.ErrUnprotected
	if win.Wine() {
		users = nil
	}
	for path, want := range map[string]error{
		dir:                        users,
		file:                       win.ErrUnprotected,
		filepath.Join(dir, "none"): fs.ErrNotExist,
	} {
		if err := win.CheckProtected(path); !errors.Is(err, want) || err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
	}
}
