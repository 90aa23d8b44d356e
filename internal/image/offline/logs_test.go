package offline_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
)

func openLogs(t *testing.T, path string) image.Image {
	t.Helper()
	img, err := offline.OpenLogs(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

// makeZip writes entries in order; a name that begins with "@" is a symbolic link.
func makeZip(t *testing.T, entries [][2]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		head := &zip.FileHeader{Name: strings.TrimPrefix(e[0], "@"), Method: zip.Deflate}
		if head.Name != e[0] {
			head.SetMode(fs.ModeSymlink | 0o777)
		}
		f, err := w.CreateHeader(head)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "logs.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLogs(t *testing.T) {
	files := map[string]string{`Logs\CBS\CBS.log`: "cbs", `Logs\empty\`: "", `b.log`: "b", `A.log`: "a"}
	entries := [][2]string{{"Logs/CBS/CBS.log", "cbs"}, {"Logs/empty/", ""}, {"b.log", "b"}, {"A.log", "a"}}
	for name, path := range map[string]string{"folder": imagetest.Tree(t, files), "zip": makeZip(t, entries)} {
		t.Run(name, func(t *testing.T) {
			img := openLogs(t, path)
			if img.Kind() != image.Logs || img.SystemRoot() != "" || img.Path() != path {
				t.Errorf("got %s, %q, %s", img.Kind(), img.SystemRoot(), img.Path())
			}
			var got []string
			for e, err := range image.Walk(img.FS(), "") {
				if err != nil {
					t.Error(err)
				}
				got = append(got, fmt.Sprintf("%s %d %v", e.Path, e.Size, e.Dir))
			}
			want := []string{
				"A.log 1 false", "b.log 1 false", "Logs 0 true", `Logs\CBS 0 true`, `Logs\CBS\CBS.log 3 false`,
				`Logs\empty 0 true`,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got, err := read(img.FS(), `logs/CBS\cbs.LOG`); err != nil || got != "cbs" {
				t.Errorf("without case: got %q, %v", got, err)
			}
			for path, want := range map[string]error{
				"nosuch": fs.ErrNotExist, `A.log\x`: fs.ErrNotExist, `..\A.log`: image.ErrPath, `C:\Windows`: fs.ErrNotExist,
			} {
				if _, err := img.FS().Open(path); !errors.Is(err, want) {
					t.Errorf("%s: got %v, want %v", path, err, want)
				}
			}
			if _, _, err := img.Hive(image.System); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("hive: got %v", err)
			}
		})
	}
}

func TestLogsSingleFile(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{"CBS.log": "cbs", "beside.log": "x"})
	img := openLogs(t, filepath.Join(dir, "CBS.log"))
	infos, err := img.FS().ReadDir("")
	if err != nil || len(infos) != 1 || infos[0].Name != "CBS.log" || infos[0].Size != 3 {
		t.Errorf("got %v, %v", infos, err)
	}
	if got, err := read(img.FS(), "cbs.log"); err != nil || got != "cbs" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := img.FS().Open("beside.log"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file beside: got %v", err)
	}
}

func TestLogsZipHostile(t *testing.T) {
	path := makeZip(t, [][2]string{
		{"../up.log", "1"},
		{"/abs.log", "abs"},
		{`C:\drive.log`, "2"},
		{`back\slash.log`, "back"},
		{"a.log", "first"},
		{"A.LOG", "second"},
		{"file", "x"},
		{"file/below", "y"},
		{"@link.log", "/etc/passwd"},
		{"inner.zip", "PK\x03\x04"},
		{strings.Repeat("d/", 500) + "deep", "z"},
	})
	img := openLogs(t, path)
	var got []string
	for e, err := range image.Walk(img.FS(), "") {
		if err != nil {
			t.Error(err)
		}
		got = append(got, e.Path)
	}
	want := []string{"a.log", "abs.log", "back", `back\slash.log`, "file", "inner.zip", "link.log"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := img.FS().Open("link.log"); !errors.Is(err, image.ErrReparse) {
		t.Errorf("a link: got %v", err)
	}
	notes := strings.Join(img.Notes(), "\n")
	for _, want := range []string{"../up.log", "drive.log", "A.LOG", "file/below", "inner.zip", "d/d/d/"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes do not name %s:\n%s", want, notes)
		}
	}
}

// An entry that claims more than it may, or another size than it has, is an error when it is opened or read.
func TestLogsZipBombs(t *testing.T) {
	path := makeZip(t, [][2]string{{"liar.log", strings.Repeat("x", 1000)}})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The size stands at 24 of the central directory's record.
	record := bytes.LastIndex(b, []byte("PK\x01\x02"))
	for _, tt := range []struct {
		size  []byte
		flags byte
		says  string
	}{
		{[]byte{10, 0, 0, 0}, 0, "zip"},
		{[]byte{0, 0, 0, 0xfe}, 0, "EOF"},
		{[]byte{232, 3, 0, 0}, 1, "encrypted"},
	} {
		bad := bytes.Clone(b)
		copy(bad[record+24:], tt.size)
		bad[record+8] |= tt.flags
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		img := openLogs(t, path)
		if got, err := read(img.FS(), "liar.log"); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%v: got %d bytes, %v, want an error that says %q", tt.size, len(got), err, tt.says)
		}
		if f, err := img.FS().Open("liar.log"); err == nil {
			if _, err := f.ReadAt(make([]byte, 20), 0); err == nil {
				t.Errorf("%v: ReadAt gave data of an entry whose size is a lie", tt.size)
			}
			f.Close()
		}
	}
}

func TestLogsZipLarge(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)                              // as Windows calls it
	large := strings.Repeat("0123456789abcdef", 3<<20) // 48 MB, which does not stay in memory
	img := openLogs(t, makeZip(t, [][2]string{{"large.log", large}, {"small.log", imagetest.Big()}}))
	f, err := img.FS().Open("large.log")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 16)
	if n, err := f.ReadAt(b, 40<<20); n != 16 || err != nil || string(b) != large[:16] {
		t.Errorf("ReadAt: got %q, %v", b[:n], err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 1 {
		t.Errorf("temporary files while open: %v, %v, want one", left, err)
	}
	if n, err := io.Copy(io.Discard, f); n != int64(len(large)) || err != nil {
		t.Errorf("read: %d bytes, %v", n, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("temporary files after: %v, %v", left, err)
	}
	if got, err := read(img.FS(), "small.log"); err != nil || got != imagetest.Big() {
		t.Errorf("small: %d bytes, %v", len(got), err)
	}
}

// A directory of very many entries is refused before its entries take memory.
func TestLogsZipDirectory(t *testing.T) {
	var b bytes.Buffer
	record := append([]byte("PK\x01\x02"), make([]byte, 42)...)
	b.WriteString("PK\x03\x04")
	b.Write(make([]byte, 26))
	start := b.Len()
	for range 500_000 {
		b.Write(record)
	}
	size := b.Len() - start
	fmt.Fprintf(&b, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff")
	for _, v := range []int{size, start} {
		b.Write([]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)})
	}
	b.Write([]byte{0, 0})
	path := filepath.Join(t.TempDir(), "many.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	img, err := offline.OpenLogs(path)
	if err == nil {
		img.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("got %v, want a refusal of the archive's directory", err)
	}
}

// TestLogsZipFolders has few entries with very many folders.
func TestLogsZipFolders(t *testing.T) {
	var entries [][2]string
	for i := range 3600 {
		entries = append(entries, [2]string{fmt.Sprint(i) + strings.Repeat("/d", 58) + "/x.log", "x"})
	}
	img := openLogs(t, makeZip(t, entries))
	if got, err := read(img.FS(), "0"+strings.Repeat(`\d`, 58)+`\x.log`); err != nil || got != "x" {
		t.Errorf("the first entry: got %q, %v", got, err)
	}
	if _, err := img.FS().Stat("3599"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the last entry: got %v", err)
	}
	if notes := strings.Join(img.Notes(), "\n"); !strings.Contains(notes, image.ErrLimit.Error()) {
		t.Errorf("the notes do not say what was left out: %s", notes)
	}
}
