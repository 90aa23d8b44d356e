package offline

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/testdata"
)

func TestMounts(t *testing.T) {
	const mounts = `22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 8:17 / /mnt/my\040disk rw,relatime shared:1 - ntfs3 /dev/sdb1 rw,uid=0,force
31 22 8:18 / /mnt/clean rw,relatime - ntfs3 /dev/sdb2 rw,uid=0
32 22 8:19 / /mnt/other rw,relatime - ext4 /dev/sdb3 rw,force
33 22 8:20 / /mnt/fuse rw,relatime - fuseblk /dev/sd\040b4 rw,user_id=0
`
	for path, want := range map[string]struct {
		kind, source string
		forced       bool
	}{
		"/mnt/my disk":   {"ntfs3", "/dev/sdb1", true},
		"/mnt/my disk/C": {"ntfs3", "/dev/sdb1", true},
		"/mnt/clean":     {"ntfs3", "/dev/sdb2", false},
		"/mnt/other":     {"ext4", "/dev/sdb3", true},
		"/mnt/fuse/x":    {"fuseblk", "/dev/sd b4", false},
		"/mnt/my":        {"ext4", "/dev/sda1", false},
		"/":              {"ext4", "/dev/sda1", false},
	} {
		got := mountOf(mounts, path)
		if got.kind != want.kind || got.source != want.source || slices.Contains(got.options, "force") != want.forced {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// TestDirtyMounts is what each kind of mount says, of volumes that mkntfs made.
func TestDirtyMounts(t *testing.T) {
	dir := t.TempDir()
	clean, marked, other, closed := filepath.Join(dir, "clean"), filepath.Join(dir, "marked"), filepath.Join(dir, "other"), filepath.Join(dir, "closed")
	for _, path := range []string{clean, marked, closed} {
		format(t, path)
	}
	imagetest.MarkDirty(t, marked)
	if err := os.WriteFile(other, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	root := os.Geteuid() == 0 // to whom nothing is closed
	for name, tt := range map[string]struct {
		mount  mount
		want   bool
		unseen bool
	}{
		"clean by fuse":                {mount{"fuseblk", clean, nil}, false, false},
		"marked, by fuse":              {mount{"fuseblk", marked, nil}, true, false},
		"marked, by fuse, a file":      {mount{"fuse", marked, nil}, true, false},
		"marked, by the old driver":    {mount{"ntfs", marked, nil}, true, false},
		"another file system's":        {mount{"fuseblk", other, nil}, false, false},
		"ext4, whatever is there":      {mount{"ext4", marked, []string{"force"}}, false, false},
		"ntfs3, whose mark is its own": {mount{"ntfs3", marked, []string{"rw"}}, false, false},
		"ntfs3 by force":               {mount{"ntfs3", clean, []string{"rw", "force"}}, true, false},
		"a device that is not there":   {mount{"fuseblk", filepath.Join(dir, "gone"), nil}, false, true},
		"some program's":               {mount{"fuse", "sshfs", nil}, false, false},
		"some program's of a path":     {mount{"fuse", "/no/such/thing", nil}, false, false},
		"no file":                      {mount{"fuse", dir, nil}, false, false},
		"closed to this user":          {mount{"fuseblk", closed, nil}, false, !root},
	} {
		got, err := tt.mount.dirty()
		if got != tt.want || (err != nil) != tt.unseen {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// format makes an NTFS volume.
func format(t *testing.T, path string) {
	t.Helper()
	mkntfs := testdata.Tool(t, "mkntfs")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mkntfs, "-F", "-Q", "-q", "-s", "512", "-p", "2048", "-H", "16", "-S", "63", path).CombinedOutput(); err != nil {
		t.Fatalf("mkntfs: %v\n%s", err, out)
	}
}

// TestDirtyVolume mounts such a volume, and is refused it.
func TestDirtyVolume(t *testing.T) {
	path := imagetest.NTFS(t, 8<<20, func(dir string) {
		if err := os.Mkdir(filepath.Join(dir, "Windows"), 0o755); err != nil {
			t.Fatal(err)
		}
	})
	for _, marked := range []bool{false, true} {
		if marked {
			imagetest.MarkDirty(t, path)
		}
		top := t.TempDir()
		if out, err := exec.Command(testdata.Tool(t, "ntfs-3g"), path, top).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		s := &repair.Scene{Root: at}
		d := open(t, top)
		d.Facts(s)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if out, err := exec.Command(testdata.Tool(t, "fusermount"), "-u", top).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		refused := strings.Contains(reasons(s), string(repair.Dirty))
		if s.Dirty != marked || refused != marked || len(s.Unseen) > 0 {
			t.Errorf("marked %v: %+v, refused for %s", marked, s, reasons(s))
		}
	}
}

func reasons(s *repair.Scene) string {
	var all []string
	for _, r := range repair.Refuse(s, nil, 0) {
		all = append(all, string(r.Reason))
	}
	return strings.Join(all, " ")
}
