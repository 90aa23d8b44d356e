package file_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/content/contenttest"
	"github.com/redx-update/redx/internal/content/file"
)

func TestConformance(t *testing.T) {
	contenttest.Run(t, func(t *testing.T) content.Store { return open(t, t.TempDir()) })
}

func open(t *testing.T, dir string) *file.Store {
	t.Helper()
	s, err := file.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestLinkOutIsNotFollowed: a link in the folder cannot make the server give out something else.
func TestLinkOutIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	w := contenttest.Want("a.cab", []byte("secret"))
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.FromSlash(w.Path()))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, path); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if o, err := s.Open(w); err == nil {
		o.Close()
		t.Error("followed a link out of the folder")
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	old, young := filepath.Join(dir, ".incoming", "old"), filepath.Join(dir, ".incoming", "young")
	for _, p := range []string{old, young} {
		if err := os.WriteFile(p, bytes.Repeat([]byte("x"), 10), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("an old half file stays")
	}
	if _, err := os.Stat(young); err != nil {
		t.Error("a file that is being written is gone")
	}
}
