package gather_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/testdata"
)

// A raw NTFS volume with a lab image on it leads to what the image leads to in a folder.
func TestRawVolume(t *testing.T) {
	mkntfs, mount, unmount := testdata.Tool(t, "mkntfs"), testdata.Tool(t, "ntfs-3g"), testdata.Tool(t, "fusermount")
	dir := labImage(t, "payload-missing-download")
	volume := filepath.Join(t.TempDir(), "volume.img")
	if err := os.WriteFile(volume, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(volume, 32<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mkntfs, "-F", "-Q", "-q", "-s", "512", "-p", "2048", "-H", "16", "-S", "63", volume).CombinedOutput(); err != nil {
		t.Fatalf("mkntfs: %v\n%s", err, out)
	}
	at := t.TempDir()
	if out, err := exec.Command(mount, volume, at).CombinedOutput(); err != nil {
		t.Skipf("mounting a volume with ntfs-3g is not possible here, run this as root with /dev/fuse: %v %s", err, out)
	}
	fill := os.CopyFS(at, os.DirFS(dir))
	if out, err := exec.Command(unmount, "-u", at).CombinedOutput(); err != nil {
		t.Fatalf("unmount: %v\n%s", err, out)
	}
	if fill != nil {
		t.Fatal(fill)
	}
	raw, folder := ofImage(t, volume), ofImage(t, dir)
	if diff := cmp.Diff(findings(folder), findings(raw)); diff != "" {
		t.Errorf("findings (-folder +volume):\n%s", diff)
	}
	if diff := cmp.Diff(events(folder), events(raw)); diff != "" {
		t.Errorf("events (-folder +volume):\n%s", diff)
	}
	if len(raw.Unread()) > 0 || len(events(raw, evidence.FileState)) == 0 {
		t.Errorf("unread %v, file states %v", raw.Unread(), events(raw, evidence.FileState))
	}
}
