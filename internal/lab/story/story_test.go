package story

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/term"
)

// TestStory tells the whole story with redx built from this tree: every process of it is a real one.
func TestStory(t *testing.T) {
	if testing.Short() {
		t.Skip("run this without -short: its processes are built as users have them")
	}
	exe := os.Getenv("REDX_STORY_EXE")
	if exe == "" {
		exe = filepath.Join(t.TempDir(), "redx")
		if out, err := exec.Command("go", "build", "-o", exe, "../../../cmd/redx").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	s := New(Options{
		Command: []string{exe}, Dir: t.TempDir(), Out: t.Output(), Style: term.Style{Width: 100},
		Image: func(dir, name, server string) error { return lab.Computer{Name: name, Server: server}.Build(dir) },
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	e, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range e.Wrong {
		t.Error(w)
	}
	if err := os.Remove(filepath.Join(e.Computers[0].Image, "Windows", "System32", "labnet.dll")); err != nil {
		t.Fatal(err)
	}
	e, err = s.ending(t.Context())
	if err != nil || len(e.Wrong) != 1 || !strings.HasPrefix(e.Wrong[0], "LAB-PC-1: KB9100001 is not installed") || e.Computers[0].State == "installed" {
		t.Errorf("a disk that lacks a file: %v, %v", e, err)
	}
}
