package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/image/imagetest"
)

// TestMountedNTFS repairs a disk of NTFS that is mounted, and takes it back; and refuses it when it was not closed
// properly, mounted or as an image file.
func TestMountedNTFS(t *testing.T) {
	from, program := twoBroken(t), redx(t)
	exits := func(want int, args ...string) {
		t.Helper()
		cmd := exec.Command(program, args...)
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%q: exit %d, %v, want %d\n%s", args, code, err, want, out)
		}
	}
	volume := imagetest.NTFS(t, 64<<20, func(dir string) {
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		before := content(t, dir)
		exits(0, "repair", "--image", dir, "--yes")
		if d := cmp.Diff(moved(before), content(t, dir)); d != "" {
			t.Errorf("repaired (-want +got):\n%s", d)
		}
		exits(0, "repair", "status", "--image", dir)
		exits(0, "repair", "undo", "--image", dir, "--yes")
		if d := cmp.Diff(before, content(t, dir)); d != "" {
			t.Errorf("undone (-want +got):\n%s", d)
		}
	})
	exits(3, "diagnose", "--image", volume)
	imagetest.MarkDirty(t, volume)
	exits(1, "repair", "--dry-run", "--image", volume)
	at := t.TempDir()
	if out, err := exec.Command("ntfs-3g", volume, at).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	exits(1, "repair", "--image", at, "--yes")
	if _, err := os.Stat(filepath.Join(at, "Windows", "SDTemp."+hashA)); err == nil {
		t.Error("a disk that was not closed properly was written to")
	}
	if out, err := exec.Command("fusermount", "-u", at).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
