package cab_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/cab"
)

var at = time.Date(2026, 3, 1, 7, 8, 10, 0, time.UTC)

// two makes a cabinet of two folders with one file each.
func two(t testing.TB, m write.Method) []byte {
	t.Helper()
	text := bytes.Repeat([]byte("a line of the first file\r\n"), 4000)
	b, err := write.Encode([]write.File{
		write.Bytes("a.log", at, text), write.Bytes("b.log", at, []byte("second")),
	}, write.Options{Method: m, Folder: 1})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, b []byte) *cab.Cabinet {
	t.Helper()
	c, err := cab.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// outcome reads every file, and gives its length or its error.
func outcome(c *cab.Cabinet) (got []string, errs []error) {
	err := c.Each(func(f cab.File, r io.Reader) error {
		n, err := io.Copy(io.Discard, r)
		if err == nil {
			got = append(got, fmt.Sprintf("%s %d", f.Name, n))
		} else {
			errs = append(errs, err)
		}
		return nil
	})
	if err != nil {
		errs = append(errs, err)
	}
	return got, errs
}

func TestDirectory(t *testing.T) {
	c := open(t, two(t, write.LZX))
	want := []cab.File{
		{Name: "a.log", Size: 104000, Time: at, Attributes: 0x20},
		{Name: "b.log", Size: 6, Time: at, Attributes: 0x20, Folder: 1},
	}
	if diff := cmp.Diff(want, c.Files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	f := c.Folders()
	if len(f) != 2 || f[0].Method != cab.LZX || f[0].Window != 18 || f[0].Blocks != 4 {
		t.Errorf("folders %+v", f)
	}
}

func TestOpenOne(t *testing.T) {
	for _, m := range []write.Method{write.Stored, write.MSZIP, write.LZX} {
		c := open(t, two(t, m))
		for _, i := range []int{1, 0} {
			r, err := c.Open(c.Files()[i])
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(r); err != nil || int64(len(b)) != c.Files()[i].Size {
				t.Errorf("method %d, file %d: %d bytes, %v", m, i, len(b), err)
			}
		}
	}
}

func TestNotACabinet(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("MSCF"), bytes.Repeat([]byte("x"), 100)} {
		if _, err := cab.Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("%d bytes: %v, want ErrNotThis", len(b), err)
		}
	}
	b := two(t, write.LZX)
	for _, n := range []int{40, 60, 75} {
		if _, err := cab.Open(bytes.NewReader(b[:n]), int64(n)); err == nil {
			t.Errorf("cut at %d: no error", n)
		}
	}
}

// TestDamage damages the first folder and wants the second.
func TestDamage(t *testing.T) {
	for name, tt := range map[string]struct {
		harm func(b []byte, data int)
		want string
	}{
		"a byte of the data":   {func(b []byte, data int) { b[data+20] ^= 1 }, "checksum is wrong"},
		"no checksum, no code": {func(b []byte, data int) { clear(b[data : data+4]); clear(b[data+8 : data+60]) }, "LZX"},
		"block count":          {func(b []byte, _ int) { b[36+4] = 1 }, "after 1 data blocks"},
		"block length":         {func(b []byte, data int) { b[data+5] = 0xff }, "behind its folder"},
		"Quantum":              {func(b []byte, _ int) { b[36+6] = 2 }, "Quantum compression (type 2) is not supported"},
		"unknown method":       {func(b []byte, _ int) { b[36+6] = 9 }, "type 9"},
		"window":               {func(b []byte, _ int) { b[36+7] = 22 }, "2^22"},
		"same blocks":          {func(b []byte, _ int) { copy(b[36:40], b[44:48]) }, "folder"},
	} {
		b := two(t, write.LZX)
		tt.harm(b, int(binary.LittleEndian.Uint32(b[36:])))
		got, errs := outcome(open(t, b))
		if len(errs) == 0 || !strings.Contains(errs[0].Error(), tt.want) {
			t.Errorf("%s: errors %v, want %q", name, errs, tt.want)
		}
		if diff := cmp.Diff([]string{"b.log 6"}, got); diff != "" && name != "same blocks" {
			t.Errorf("%s: read (-want +got):\n%s", name, diff)
		}
	}
}

// TestSet makes the cabinet one of a set: its first file comes from the previous, its last goes on in the next.
func TestSet(t *testing.T) {
	b := two(t, write.MSZIP)
	names := []byte("one.cab\x00disk1\x00three.cab\x00disk3\x00")
	le := binary.LittleEndian
	le.PutUint16(b[30:], 3)
	b = append(b[:36], append(names, b[36:]...)...)
	shift := uint32(len(names))
	for _, field := range []int{16, 36 + len(names), 44 + len(names)} {
		le.PutUint32(b[field:], le.Uint32(b[field:])+shift)
	}
	files := int(le.Uint32(b[16:]))
	le.PutUint16(b[files+8:], 0xfffd)
	second := files + 16 + len("a.log\x00")
	le.PutUint16(b[second+8:], 0xfffe)
	le.PutUint32(b[second:], 7) // one byte more than there is
	c := open(t, b)
	if c.Previous != "one.cab" || c.Next != "three.cab" || !c.Files()[0].FromPrev || !c.Files()[1].ToNext {
		t.Errorf("%q %q %+v", c.Previous, c.Next, c.Files())
	}
	_, errs := outcome(c)
	for i, want := range []string{"one.cab", "three.cab"} {
		if i >= len(errs) || !errors.Is(errs[i], cab.ErrContinued) || !strings.Contains(errs[i].Error(), want) {
			t.Errorf("errors %v, want ErrContinued that names %s", errs, want)
		}
	}
}

// TestReserve adds reserved areas to header, folders and data blocks, and a checksum that covers those of the blocks.
func TestReserve(t *testing.T) {
	content := []byte("content")
	le := binary.LittleEndian
	b := make([]byte, 36)
	copy(b, "MSCF")
	b[24], b[25], b[26], b[28], b[30] = 3, 1, 1, 1, 4
	b = append(b, 5, 0, 2, 3, 'h', 'e', 'a', 'd', 'r')
	folder := len(b)
	b = append(b, 0, 0, 0, 0, 1, 0, 0, 0, 'f', 'o')
	le.PutUint32(b[16:], uint32(len(b)))
	b = append(b, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x5c, 0, 0, 0, 0, 0xe9, 0)
	le.PutUint32(b[folder:], uint32(len(b)))
	block := []byte{7, 0, 7, 0, 'r', 's', 'v'}
	b = le.AppendUint32(b, cab.Checksum(block, cab.Checksum(content, 0)))
	b = append(append(b, block...), content...)
	all := readAll(t, b)
	if diff := cmp.Diff(map[string][]byte{"é": content}, all); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestGcab reads what another program packed with MSZIP.
func TestGcab(t *testing.T) {
	tool := testdata.Tool(t, "gcab")
	dir := t.TempDir()
	var names []string
	for i := range 20 {
		name := fmt.Sprintf("file%d.txt", i)
		names = append(names, name)
		text := strings.Repeat(fmt.Sprintf("line of %s, %d\n", name, i*i), i*1000)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(tool, append([]string{"-c", "-z", "x.cab"}, names...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcab: %v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "x.cab"))
	if err != nil {
		t.Fatal(err)
	}
	if n := sameAsCabextract(t, b); n != 20 {
		t.Errorf("%d files of 20", n)
	}
}
