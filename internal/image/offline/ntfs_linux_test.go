package offline_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/winbin"
)

func TestConformanceNTFS(t *testing.T) {
	for _, cluster := range []string{"512", "4096", "16384"} {
		t.Run(cluster, func(t *testing.T) {
			path := imagetest.NTFS(t, 16<<20, func(dir string) { imagetest.WriteTree(t, dir, imagetest.Files()) }, "-c", cluster)
			imagetest.Run(t, func(t *testing.T) image.Image { return open(t, path) })
		})
	}
}

// A folder with many names has an index in blocks; names that were deleted or moved stay in blocks given back.
func TestNTFSFolders(t *testing.T) {
	path := imagetest.NTFS(t, 64<<20, func(dir string) {
		imagetest.WriteTree(t, dir, map[string]string{`Windows\System32\`: ""})
		many := filepath.Join(dir, "Windows", "many")
		if err := os.MkdirAll(filepath.Join(dir, "Windows", "moved"), 0o755); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for i := range 3000 {
			files[fmt.Sprintf("name of a file that takes room %04d.cat", i)] = fmt.Sprint(i)
		}
		imagetest.WriteTree(t, many, files)
		for i := range 3000 {
			name := fmt.Sprintf("name of a file that takes room %04d.cat", i)
			var err error
			switch {
			case i%3 == 0 && i < 1500:
				err = os.Remove(filepath.Join(many, name))
			case i >= 1500:
				err = os.Rename(filepath.Join(many, name), filepath.Join(dir, "Windows", "moved", name))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	fsys := open(t, path).FS()
	for folder, want := range map[string]int{`C:\Windows\many`: 1000, `C:\Windows\moved`: 1500} {
		infos, err := fsys.ReadDir(folder)
		if err != nil || len(infos) != want {
			t.Errorf("%s: got %d names, %v, want %d", folder, len(infos), err, want)
		}
	}
	for i := range 3000 {
		there := i >= 1500 || i%3 != 0
		folder := "many"
		if i >= 1500 {
			folder = "moved"
		}
		p := fmt.Sprintf(`C:\Windows\%s\NAME of a file that takes room %04d.cat`, folder, i)
		got, err := read(fsys, p)
		if there && (err != nil || got != fmt.Sprint(i)) || !there && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %q, %v", p, got, err)
		}
	}
}

func TestNTFSContent(t *testing.T) {
	var scattered strings.Builder
	path := imagetest.NTFS(t, 32<<20, func(dir string) {
		windows := filepath.Join(dir, "Windows")
		packed := filepath.Join(windows, "packed")
		if err := os.MkdirAll(packed, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(windows, "System32"), 0o755); err != nil {
			t.Fatal(err)
		}
		setAttr(t, packed, "system.ntfs_attrib_be", []byte{0, 0, 8, 0x10}) // files made in it are compressed
		imagetest.WriteTree(t, packed, map[string]string{"big.log": imagetest.Big(), "zeros": strings.Repeat("\x00", 200<<10)})

		// Two files that grow in turn take every other run of the disk.
		a, b := create(t, filepath.Join(windows, "scattered.log")), create(t, filepath.Join(windows, "other.log"))
		for i := range 500 {
			chunk := strings.Repeat(fmt.Sprintf("%07d\n", i), 512)
			scattered.WriteString(chunk)
			write(t, a, chunk)
			write(t, b, chunk)
		}
		sparse := create(t, filepath.Join(windows, "sparse.log"))
		if _, err := sparse.WriteAt([]byte("end"), 1<<20); err != nil {
			t.Fatal(err)
		}
		for _, f := range []*os.File{a, b, sparse} {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}, "-c", "4096")
	fsys := open(t, path).FS()
	for p, want := range map[string]string{
		`C:\Windows\packed\big.log`: imagetest.Big(),
		`C:\Windows\packed\zeros`:   strings.Repeat("\x00", 200<<10),
		`C:\Windows\scattered.log`:  scattered.String(),
		`C:\Windows\sparse.log`:     strings.Repeat("\x00", 1<<20) + "end",
	} {
		if got, err := read(fsys, p); err != nil || got != want {
			t.Errorf("%s: %d bytes, %v, want %d; equal is %v", p, len(got), err, len(want), got == want)
		}
	}
}

func TestNTFSReparse(t *testing.T) {
	path := imagetest.NTFS(t, 16<<20, func(dir string) {
		imagetest.WriteTree(t, dir, map[string]string{`Windows\System32\wof.dll`: "", `Windows\there\`: ""})
		// IO_REPARSE_TAG_WOF with the 16 bytes of WOF_EXTERNAL_INFO and FILE_PROVIDER_EXTERNAL_INFO.
		setAttr(t, filepath.Join(dir, "Windows", "System32", "wof.dll"), "system.ntfs_reparse_data",
			[]byte{0x17, 0, 0, 0x80, 16, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	})
	fsys := open(t, path).FS()
	if info, err := fsys.Stat(`C:\Windows\System32\wof.dll`); err != nil || !info.Reparse || info.Dir {
		t.Errorf("stat: got %+v, %v, want a file with a reparse point", info, err)
	}
	if _, err := fsys.Open(`C:\Windows\System32\wof.dll`); !errors.Is(err, image.ErrReparse) {
		t.Errorf("open: got %v, want image.ErrReparse", err)
	}
}

// setAttr sets one of the attributes that ntfs-3g offers for what POSIX has no call for.
func setAttr(t *testing.T, path, name string, value []byte) {
	t.Helper()
	if err := unix.Setxattr(path, name, value, 0); err != nil {
		t.Fatalf("set %s of %s: %v", name, path, err)
	}
}

func create(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, f *os.File, text string) {
	t.Helper()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

// A volume that was not closed properly says so, before anybody thinks of writing to it.
func TestRawVolumeIsDirty(t *testing.T) {
	path := imagetest.NTFS(t, 16<<20, func(dir string) { imagetest.WriteTree(t, dir, imagetest.Files()) })
	for _, want := range []bool{false, true} {
		if want {
			imagetest.MarkDirty(t, path)
		}
		img, err := offline.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		dirty, err := img.(interface{ Dirty() (bool, error) }).Dirty() //nolint:errcheck // this package's own have it
		if dirty != want || err != nil {
			t.Errorf("want %v, got %v, %v", want, dirty, err)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNTFSDamagedFolder has a folder of which one index block is lost: what the others name is read all the same, and
// what they do not name is not said to be missing.
func TestNTFSDamagedFolder(t *testing.T) {
	const files = 400
	name := func(i int) string { return fmt.Sprintf("name of a file that takes room %04d.cat", i) }
	path := imagetest.NTFS(t, 32<<20, func(dir string) {
		imagetest.WriteTree(t, dir, map[string]string{`Windows\System32\`: ""})
		for i := range files {
			imagetest.WriteTree(t, filepath.Join(dir, "Windows", "many"), map[string]string{name(i): fmt.Sprint(i)})
		}
	})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block := 0
	for block < len(b) && !(string(b[block:block+4]) == "INDX" && bytes.Contains(b[block:block+4096], winbin.PutUTF16("takes room"))) {
		block += 512
	}
	copy(b[block:], "LOST")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	fsys := open(t, path).FS()
	var said []string
	for range 3 {
		infos, err := fsys.ReadDir(`C:\Windows\many`)
		if err == nil || len(infos) < files/2 || len(infos) == files {
			t.Fatalf("got %d of %d names, %v", len(infos), files, err)
		}
		said = append(said, err.Error())
	}
	if said[0] != said[1] || said[1] != said[2] {
		t.Errorf("the same damage is told in several ways: %q", said)
	}
	read, lost := 0, 0
	for i := range files {
		switch info, err := fsys.Stat(`C:\Windows\many\` + name(i)); {
		case err == nil && info.Name == name(i):
			read++
		case errors.Is(err, fs.ErrNotExist):
			t.Fatalf("%s is said to be missing", name(i))
		default:
			lost++
		}
	}
	if read < files/2 || lost == 0 {
		t.Errorf("%d files are seen, %d are not", read, lost)
	}
}
