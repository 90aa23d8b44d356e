package imagetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/redx-update/redx/internal/testdata"
)

// NTFS formats a volume with mkntfs and lets fill put files into it, mounted by ntfs-3g. Both must be installed,
// and mounting must be allowed here; else the test is skipped. It gives the path of the volume.
func NTFS(t testing.TB, size int64, fill func(dir string), options ...string) string {
	t.Helper()
	mkntfs, mount := testdata.Tool(t, "mkntfs"), testdata.Tool(t, "ntfs-3g")
	unmount := testdata.Tool(t, "fusermount")
	path := filepath.Join(t.TempDir(), "volume.img")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	format := append([]string{"-F", "-Q", "-q", "-s", "512", "-p", "2048", "-H", "16", "-S", "63"}, options...)
	if out, err := exec.Command(mkntfs, append(format, path)...).CombinedOutput(); err != nil {
		t.Fatalf("mkntfs: %v\n%s", err, out)
	}
	dir := t.TempDir()
	if out, err := exec.Command(mount, "-o", "compression,streams_interface=none", path, dir).CombinedOutput(); err != nil {
		t.Skipf("mounting a volume with ntfs-3g is not possible here, run this as root with /dev/fuse: %v %s", err, out)
	}
	func() {
		defer func() {
			if out, err := exec.Command(unmount, "-u", dir).CombinedOutput(); err != nil {
				t.Fatalf("unmount: %v\n%s", err, out)
			}
		}()
		fill(dir)
	}()
	return path
}
