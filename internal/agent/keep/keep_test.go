package keep_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/keep"
)

type note struct {
	Text string
	N    []int
}

func TestWriteRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note")
	if err := keep.Read(path, "note 1", &note{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before it was written: %v", err)
	}
	want := note{"ä\n", []int{1, 2}}
	for range 2 {
		if err := keep.Write(path, "note 1", want); err != nil {
			t.Fatal(err)
		}
	}
	var got note
	if err := keep.Read(path, "note 1", &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := keep.Read(path, "note 2", &got); !errors.Is(err, keep.ErrTorn) {
		t.Errorf("another kind: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left beside: %v, %v", left, err)
	}
}

// TestTorn cuts a file at every place, and changes every byte of it.
func TestTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note")
	if err := keep.Write(path, "note 1", note{"text", []int{1}}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		var got note
		if err := keep.Decode(whole[:i], "note 1", &got); !errors.Is(err, keep.ErrTorn) {
			t.Errorf("cut at %d: %v", i, err)
		}
		changed := append([]byte(nil), whole...)
		changed[i] ^= 0x20
		if err := keep.Decode(changed, "note 1", &got); !errors.Is(err, keep.ErrTorn) {
			t.Errorf("changed at %d: %v", i, err)
		}
	}
}

// TestLeftBeside writes a file over what a crash has left beside it.
func TestLeftBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note")
	if err := os.WriteFile(path+".new", []byte("half of a longer no"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keep.Write(path, "note 1", note{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	var got note
	if err := keep.Read(path, "note 1", &got); err != nil || got.Text != "x" {
		t.Errorf("%+v, %v", got, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestNoPlace leaves nothing of a file that cannot get its name.
func TestNoPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note")
	if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := keep.Write(path, "note 1", note{}); err == nil {
		t.Error("a file took the place of a folder")
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}
