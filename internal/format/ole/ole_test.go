package ole_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/ole"
	writeole "github.com/redx-update/redx/internal/write/ole"
)

// sample has streams on both sides of the bound between sectors and mini sectors.
func sample(t testing.TB) []byte {
	t.Helper()
	b, err := writeole.Encode([16]byte{1, 2, 3}, []writeole.Entry{
		{Name: "empty"},
		{Name: "small", Content: []byte("small stream")},
		{Name: "mini", Content: bytes.Repeat([]byte("0123456789"), 300)},
		{Name: "large", Content: bytes.Repeat([]byte("abcdefg"), 20000), State: 7, Time: 12345},
		{Name: "folder", Class: [16]byte{9}, Children: []writeole.Entry{{Name: "inside", Content: []byte("x")}, {Name: "deeper", Children: []writeole.Entry{}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// list names everything below an entry, with the content of streams.
func list(t *testing.T, f *ole.File, e *ole.Entry, path string, into map[string]string) {
	t.Helper()
	for _, c := range e.Children {
		at := path + c.Text()
		if c.Kind == ole.Storage {
			into[at] = "a folder"
			list(t, f, c, at+"/", into)
			continue
		}
		r, err := f.Open(c)
		if err != nil {
			t.Fatal(at, err)
		}
		b, err := io.ReadAll(r)
		if err != nil || int64(len(b)) != c.Size {
			t.Errorf("%s: %d of %d bytes, %v", at, len(b), c.Size, err)
		}
		into[at] = string(b)
	}
}

func TestRead(t *testing.T) {
	b := sample(t)
	f, err := ole.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	list(t, f, f.Root(), "", got)
	want := map[string]string{
		"empty": "", "small": "small stream", "mini": strings.Repeat("0123456789", 300), "large": strings.Repeat("abcdefg", 20000),
		"folder": "a folder", "folder/inside": "x", "folder/deeper": "a folder",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	large := f.Root().Child("large")
	if f.Root().Class != [16]byte{1, 2, 3} || large.State != 7 || large.Created != 12345 || large.Modified != 12345 || f.Root().Child("none") != nil {
		t.Errorf("%+v", large)
	}
}

func TestDamaged(t *testing.T) {
	good := sample(t)
	put := func(at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	fat := int(binary.LittleEndian.Uint32(good[76:])+1) * 512
	directory := int(binary.LittleEndian.Uint32(good[48:])+1) * 512
	for name, b := range map[string][]byte{
		"cut off in the tables":   good[:fat],
		"a table in the distance": put(76, 1<<20),
		"too many tables":         put(44, 1<<20),
		"another version":         put(26, 0xfffe0007),
		"a list in a circle":      put(68, 0),
		"no directory":            put(48, 0xfffffffe),
		"a directory in a circle": put(fat+int(binary.LittleEndian.Uint32(good[48:]))*4, binary.LittleEndian.Uint32(good[48:])),
		"an entry that is not":    put(directory+76, 1000),
		"an entry twice":          put(directory+128+72, 1),
		"a kind that is not":      put(directory+128+64, 0x01090004),
	} {
		if _, err := ole.Open(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if _, err := ole.Open(strings.NewReader("hello"), 5); !errors.Is(err, format.ErrNotThis) {
		t.Error(err)
	}
}

func TestDamagedStream(t *testing.T) {
	good := sample(t)
	for _, name := range []string{"mini", "large"} {
		for what, damage := range map[string]func(e []byte){
			"too long":       func(e []byte) { binary.LittleEndian.PutUint32(e[120:], 1<<30) },
			"from elsewhere": func(e []byte) { binary.LittleEndian.PutUint32(e[116:], 1<<20) },
		} {
			b := bytes.Clone(good)
			damage(b[find(b, name):])
			f, err := ole.Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			if r, err := f.Open(f.Root().Child(name)); err == nil {
				if _, err = io.Copy(io.Discard, r); err == nil {
					t.Errorf("%s, %s: read", name, what)
				}
			}
		}
	}
}

// find gives the offset of a directory entry by its name.
func find(b []byte, name string) int {
	var wide []byte
	for _, c := range name {
		wide = append(wide, byte(c), 0)
	}
	return bytes.Index(b, append(wide, 0, 0))
}

func FuzzOpen(f *testing.F) {
	f.Add(sample(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := ole.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		var walk func(e *ole.Entry)
		walk = func(e *ole.Entry) {
			for _, c := range e.Children {
				walk(c)
				r, err := file.Open(c)
				if err != nil {
					continue
				}
				if n, _ := io.Copy(io.Discard, io.LimitReader(r, 1<<20)); n > int64(len(b)) {
					t.Errorf("%d bytes out of %d", n, len(b))
				}
			}
		}
		walk(file.Root())
	})
}
