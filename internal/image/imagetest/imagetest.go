// Package imagetest holds what every image.Image must do, as a test suite that each implementation runs over the same
// small tree, and a way to write such trees. It is imported by tests alone.
package imagetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/image"
)

// Big is the content of the tree's largest file: 300 KB that nowhere repeat at a multiple of any cluster's size.
func Big() string {
	var b strings.Builder
	for i := 0; b.Len() < 300<<10; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String()
}

// Files is the tree that Run expects, by paths relative to the drive.
func Files() map[string]string {
	return map[string]string{
		`Windows\System32\config\`:                  "",
		`Windows\System32\drivers\etc\hosts`:        "127.0.0.1",
		`Windows\Logs\CBS\CBS.log`:                  "2024-01-01 00:00:00, Info CBS x\r\n",
		`Windows\Logs\CBS\CbsPersist_1.log`:         Big(),
		`Windows\Logs\CBS\empty.log`:                "",
		`Windows\SoftwareDistribution\Download\ä.x`: "umlaut",
		`Windows\SoftwareDistribution\Download\B`:   "b",
		`Windows\SoftwareDistribution\Download\a`:   "a",
		`Windows\SoftwareDistribution\Download\C\d`: "d",
	}
}

// Run checks an installation that Files was written to, opened by open. Its Windows folder is C:\Windows.
func Run(t *testing.T, open func(t *testing.T) image.Image) {
	t.Helper()
	img := open(t)
	for name, test := range map[string]func(*testing.T, image.FS){
		"paths":      testPaths,
		"absent":     testAbsent,
		"stat":       testStat,
		"list":       testList,
		"walk":       testWalk,
		"read":       testRead,
		"concurrent": testConcurrent,
	} {
		t.Run(name, func(t *testing.T) { test(t, img.FS()) })
	}
	t.Run("image", func(t *testing.T) { testImage(t, img) })
	if err := img.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func testImage(t *testing.T, img image.Image) {
	if got := img.SystemRoot(); !strings.EqualFold(got, `C:\Windows`) {
		t.Errorf("system root: got %s", got)
	}
	if _, _, err := img.Hive("NOSUCH"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a hive that is not there: got %v, want fs.ErrNotExist", err)
	}
}

func testPaths(t *testing.T, fsys image.FS) {
	for _, path := range []string{
		`C:\Windows\Logs\CBS\CBS.log`,
		`c:\WINDOWS\logs\cbs\cbs.LOG`,
		`C:/Windows/Logs/./CBS//CBS.log`,
		`%windir%\Logs\CBS\CBS.log`,
		`%SystemRoot%\Logs\CBS\CBS.log`,
		`\SystemRoot\Logs\CBS\CBS.log`,
		`\Windows\Logs\CBS\CBS.log`,
		`\??\C:\Windows\Logs\CBS\CBS.log`,
		`\\?\C:\Windows\Logs\CBS\CBS.log`,
	} {
		if got, err := readAll(fsys, path); err != nil || got != Files()[`Windows\Logs\CBS\CBS.log`] {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
}

func testAbsent(t *testing.T, fsys image.FS) {
	tests := []struct {
		path string
		want error
	}{
		{`C:\Windows\nosuch`, fs.ErrNotExist},
		{`C:\nosuch\x`, fs.ErrNotExist},
		{`C:\Windows\Logs\CBS\CBS.log\x`, fs.ErrNotExist},
		{`Q:\Windows\Logs\CBS\CBS.log`, image.ErrOtherVolume},
		{`\\server\share\x`, image.ErrOtherVolume},
		{`\Device\HarddiskVolume3\Windows`, image.ErrOtherVolume},
		{`C:\Windows\..\Windows\Logs\CBS\CBS.log`, image.ErrPath},
		{`..\..\etc\passwd`, image.ErrPath},
		{`C:\Windows\Logs\CBS\CBS.log:stream`, image.ErrPath},
		{`%nosuch%\x`, image.ErrPath},
		{"C:\\Windows\\Logs\x00", image.ErrPath},
	}
	for _, tt := range tests {
		if _, err := fsys.Open(tt.path); !errors.Is(err, tt.want) {
			t.Errorf("open %q: got %v, want %v", tt.path, err, tt.want)
		}
		if _, err := fsys.Stat(tt.path); !errors.Is(err, tt.want) {
			t.Errorf("stat %q: got %v, want %v", tt.path, err, tt.want)
		}
		if _, err := fsys.ReadDir(tt.path); !errors.Is(err, tt.want) {
			t.Errorf("list %q: got %v, want %v", tt.path, err, tt.want)
		}
	}
	if f, err := fsys.Open(`C:\Windows\Logs`); err == nil {
		f.Close()
		t.Error("a folder was opened as a file")
	}
	if _, err := fsys.ReadDir(`C:\Windows\Logs\CBS\CBS.log`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("list a file: got %v, want fs.ErrNotExist", err)
	}
}

func testStat(t *testing.T, fsys image.FS) {
	for path, want := range map[string]image.Info{
		`c:\windows\logs\cbs\CBSPERSIST_1.LOG`: {Name: "CbsPersist_1.log", Size: int64(len(Big()))},
		`C:\Windows\Logs\CBS\empty.log`:        {Name: "empty.log"},
		`C:\windows\logs`:                      {Name: "Logs", Dir: true},
	} {
		got, err := fsys.Stat(path)
		if err != nil || got.ModTime.IsZero() {
			t.Errorf("%s: time %v, error %v", path, got.ModTime, err)
		}
		got.ModTime = want.ModTime
		if got.Dir {
			got.Size = 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	for _, root := range []string{`C:\`, `C:`, `\`} {
		if got, err := fsys.Stat(root); err != nil || !got.Dir {
			t.Errorf("stat %s: got %+v, %v", root, got, err)
		}
	}
}

func testList(t *testing.T, fsys image.FS) {
	infos, err := fsys.ReadDir(`C:\Windows\SoftwareDistribution\Download`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, info := range infos {
		got = append(got, fmt.Sprintf("%s %v", info.Name, info.Dir))
	}
	if diff := cmp.Diff([]string{"a false", "B false", "C true", "ä.x false"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if infos, err := fsys.ReadDir(`C:\Windows\System32\config`); err != nil || len(infos) != 0 {
		t.Errorf("an empty folder: got %v, %v", infos, err)
	}
}

func testWalk(t *testing.T, fsys image.FS) {
	var got []string
	for e, err := range image.Walk(fsys, `C:\Windows`) {
		if err != nil {
			t.Errorf("%s: %v", e.Path, err)
		}
		if !e.Dir {
			got = append(got, strings.TrimPrefix(e.Path, `C:\`))
		}
	}
	var want []string
	for path := range Files() {
		if !strings.HasSuffix(path, `\`) {
			want = append(want, path)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// testRead checks io.ReaderAt and io.Reader as their packages define them, at the ends above all.
func testRead(t *testing.T, fsys image.FS) {
	want := Big()
	f, err := fsys.Open(`C:\Windows\Logs\CBS\CbsPersist_1.log`)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := int64(len(want))
	if f.Size() != size {
		t.Errorf("size: got %d, want %d", f.Size(), size)
	}
	for _, tt := range []struct{ off, n int64 }{{0, 1}, {4095, 2}, {65535, 65538}, {size - 1, 1}, {0, size}} {
		b := make([]byte, tt.n)
		n, err := f.ReadAt(b, tt.off)
		if n != len(b) || err != nil && !errors.Is(err, io.EOF) || string(b) != want[tt.off:tt.off+tt.n] {
			t.Errorf("ReadAt(%d bytes, %d): got %d, %v", tt.n, tt.off, n, err)
		}
	}
	if n, err := f.ReadAt(make([]byte, 10), size-4); n != 4 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt over the end: got %d, %v, want 4 and io.EOF", n, err)
	}
	if n, err := f.ReadAt(make([]byte, 10), size+100_000); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt behind the end: got %d, %v, want 0 and io.EOF", n, err)
	}
	if n, err := f.ReadAt(make([]byte, 1), -1); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("ReadAt(-1): got %d, %v, want an error", n, err)
	}
	// ReadAt does not move what Read reads.
	if got, err := io.ReadAll(f); err != nil || string(got) != want {
		t.Errorf("read: %d bytes, %v; equal is %v", len(got), err, string(got) == want)
	}
	if got, err := readAll(fsys, `C:\Windows\Logs\CBS\empty.log`); err != nil || got != "" {
		t.Errorf("empty file: got %q, %v", got, err)
	}
}

// testConcurrent is for the race detector.
func testConcurrent(t *testing.T, fsys image.FS) {
	shared, err := fsys.Open(`C:\Windows\Logs\CBS\CbsPersist_1.log`)
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	want := []byte(Big())
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			b := make([]byte, 1000)
			if _, err := shared.ReadAt(b, int64(i*9001)); err != nil || !bytes.Equal(b, want[i*9001:i*9001+1000]) {
				t.Errorf("concurrent ReadAt: %v", err)
			}
			if _, err := fsys.ReadDir(`c:\windows\softwaredistribution\DOWNLOAD`); err != nil {
				t.Error(err)
			}
			if got, err := readAll(fsys, `c:\windows\SYSTEM32\drivers\etc\HOSTS`); err != nil || got != "127.0.0.1" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	group.Wait()
}

func readAll(fsys image.FS, path string) (string, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return string(b), err
}
