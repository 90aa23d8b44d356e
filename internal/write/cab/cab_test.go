package cab_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	read "github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/cab"
)

var at = time.Date(2026, 3, 1, 7, 8, 10, 0, time.UTC)

// content makes n bytes of a kind from a fixed seed.
func content(kind string, n int) []byte {
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, 0, n+64)
	for len(b) < n {
		switch kind {
		case "text":
			b = fmt.Appendf(b, "2026-03-%02d, Info CBS Package_%d_for_KB%d~31bf3856\r\n", rnd.IntN(30), rnd.IntN(500), 5000000+rnd.IntN(90))
		case "random":
			b = append(b, byte(rnd.Uint32()))
		case "zeros":
			b = append(b, 0)
		case "records": // tables of binary records, aligned to 8
			b = append(b, 1, 0, 0, 0, byte(rnd.IntN(4)), byte(rnd.IntN(256)), 0, 0)
		case "skewed": // codes longer than the limits
			v := 0
			for v < 255 && rnd.IntN(2) == 0 {
				v++
			}
			b = append(b, byte(v))
		case "far": // repeats from all over the window
			if len(b) < 1000 || rnd.IntN(8) == 0 {
				b = append(b, byte(rnd.Uint32()), byte(rnd.Uint32()))
			} else {
				from := rnd.IntN(len(b) - 100)
				b = append(b, b[from:from+2+rnd.IntN(98)]...)
			}
		}
	}
	return b[:n]
}

func sample() []write.File {
	files := []write.File{write.Bytes("empty", at, nil)}
	for _, kind := range []string{"text", "random", "zeros", "records", "skewed", "far"} {
		for _, n := range []int{1, 2, 17, 32767, 32768, 32769, 100001} {
			files = append(files, write.Bytes(fmt.Sprintf(`%s\%d.bin`, kind, n), at, content(kind, n)))
		}
	}
	return append(files, write.Bytes("été.txt", at, []byte("x")), write.Bytes("end", at, nil))
}

func methods() map[string]write.Options {
	all := map[string]write.Options{
		"stored": {Method: write.Stored}, "mszip": {Method: write.MSZIP}, "lzx": {Method: write.LZX},
		"lzx split": {Method: write.LZX, Folder: 100000}, "mszip split": {Method: write.MSZIP, Folder: 1},
	}
	for _, w := range []int{15, 16, 17, 19, 20, 21} {
		all[fmt.Sprintf("lzx %d", w)] = write.Options{Method: write.LZX, Window: w}
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	files := sample()
	for name, o := range methods() {
		if testing.Short() && strings.HasPrefix(name, "lzx ") && name != "lzx 15" {
			continue // the same with other windows
		}
		t.Run(name, func(t *testing.T) {
			b := encode(t, files, o)
			if again := encode(t, files, o); !bytes.Equal(b, again) {
				t.Error("the same input gave other bytes")
			}
			c, err := read.Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			i := 0
			err = c.Each(func(f read.File, r io.Reader) error {
				want := files[i]
				i++
				got, err := io.ReadAll(r)
				if err != nil {
					return fmt.Errorf("%s: %w", f.Name, err)
				}
				if f.Name != want.Name || !f.Time.Equal(at) || !bytes.Equal(got, bytesOf(t, want)) {
					t.Errorf("%s %v: %d bytes differ from the %d of %s", f.Name, f.Time, len(got), want.Size, want.Name)
				}
				return nil
			})
			if err != nil || i != len(files) {
				t.Errorf("%d of %d files, %v", i, len(files), err)
			}
		})
	}
}

// TestCabextract reads back with an independent program.
func TestCabextract(t *testing.T) {
	tool := testdata.Tool(t, "cabextract")
	files := sample()
	for name, o := range methods() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "x.cab")
			if err := os.WriteFile(path, encode(t, files, o), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(tool, "-d", dir, path).CombinedOutput(); err != nil {
				t.Fatalf("cabextract: %v\n%s", err, out)
			}
			for _, f := range files {
				got, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(f.Name, `\`, "/")))
				if err != nil || !bytes.Equal(got, bytesOf(t, f)) {
					t.Errorf("%s: %d bytes differ from %d (%v)", f.Name, len(got), f.Size, err)
				}
			}
		})
	}
}

func encode(t *testing.T, files []write.File, o write.Options) []byte {
	t.Helper()
	b, err := write.Encode(files, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bytesOf(t *testing.T, f write.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSizes holds that packing packs.
func TestSizes(t *testing.T) {
	file := []write.File{write.Bytes("a", at, content("text", 1<<20))}
	got := map[string]bool{
		"MSZIP":   len(encode(t, file, write.Options{Method: write.MSZIP})) < 1<<20/3,
		"LZX":     len(encode(t, file, write.Options{Method: write.LZX})) < len(encode(t, file, write.Options{Method: write.MSZIP})),
		"raw LZX": len(encode(t, []write.File{write.Bytes("a", at, content("random", 1<<20))}, write.Options{Method: write.LZX})) < 1<<20+1<<11,
	}
	want := map[string]bool{"MSZIP": true, "LZX": true, "raw LZX": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEmpty(t *testing.T) {
	b := encode(t, nil, write.Options{})
	c, err := read.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(c.Files()) != 0 {
		t.Errorf("%v %v", c, err)
	}
}

func TestRefuses(t *testing.T) {
	good := write.Bytes("a", at, []byte("abc"))
	for name, tt := range map[string]struct {
		f write.File
		o write.Options
	}{
		"no name":      {write.Bytes("", at, nil), write.Options{}},
		"long name":    {write.Bytes(strings.Repeat("x", 256), at, nil), write.Options{}},
		"NUL in name":  {write.Bytes("a\x00b", at, nil), write.Options{}},
		"1979":         {write.Bytes("a", at.AddDate(-47, 0, 0), nil), write.Options{}},
		"too large":    {write.File{Name: "a", Size: 1 << 31}, write.Options{}},
		"wrong window": {good, write.Options{Method: write.LZX, Window: 22}},
		"Quantum":      {good, write.Options{Method: 2}},
		"fewer bytes":  {write.File{Name: "a", Size: 4, Open: good.Open}, write.Options{}},
		"more bytes":   {write.File{Name: "a", Size: 2, Open: good.Open}, write.Options{}},
	} {
		if _, err := write.Encode([]write.File{tt.f}, tt.o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
