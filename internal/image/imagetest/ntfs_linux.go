package imagetest

import (
	"bytes"
	"encoding/binary"
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

// MarkDirty sets the mark of a volume that was not closed properly, as Windows does while it uses one: in the record of
// $Volume and in its mirror. The volume must be one of NTFS.
func MarkDirty(t testing.TB, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const clusters, record, volume = 4096, 1024, 3
	boot := make([]byte, 512)
	if _, err := f.ReadAt(boot, 0); err != nil {
		t.Fatal(err)
	}
	for _, table := range []uint64{binary.LittleEndian.Uint64(boot[48:]), binary.LittleEndian.Uint64(boot[56:])} {
		at := int64(table)*clusters + volume*record
		b := make([]byte, record)
		if _, err := f.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
		// $VOLUME_INFORMATION, resident and without a name: its value of 12 bytes has the flags at its end.
		i := bytes.Index(b, []byte{0x70, 0, 0, 0, 0x28, 0, 0, 0})
		if i < 0 {
			t.Fatalf("no information on the volume in the record at byte %d", at)
		}
		if _, err := f.WriteAt([]byte{1}, at+int64(i)+24+10); err != nil {
			t.Fatal(err)
		}
	}
}
