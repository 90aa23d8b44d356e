package hive_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/registry"
	writer "github.com/redx-update/redx/internal/write/hive"
)

const bins = 4096

// family gives a hive with the keys a, a\b, a\b\c and d, and where their cells are.
func family(t *testing.T) ([]byte, map[string]int) {
	t.Helper()
	root := &writer.Key{Name: "ROOT"}
	root.Sub(`aaaa\bbbb\cccc`).SZ("text", "hello")
	root.Sub(`dddd`).DWord("n", 1).SZ("long", "some longer text")
	b, err := writer.Encode(root, writer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]int{}
	for _, name := range []string{"ROOT", "aaaa", "bbbb", "cccc", "dddd"} {
		at := bytes.Index(b, append([]byte{4, 0, 0, 0}, name...)) // the lengths of name and class, and the name
		cells[name] = at - 72
		if string(b[cells[name]:cells[name]+2]) != "nk" {
			t.Fatalf("no key %s at %#x", name, cells[name])
		}
	}
	return b, cells
}

func put(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }

func get(b []byte, at int) int { return int(binary.LittleEndian.Uint32(b[at:])) }

var damages = []struct {
	name   string
	damage func(b []byte, cell map[string]int)
	keys   int // of five
	want   string
}{
	{"sound", func([]byte, map[string]int) {}, 5, ""},
	{"a key below itself", func(b []byte, cell map[string]int) {
		put(b, cell["cccc"]+20, 1)
		put(b, cell["cccc"]+28, uint32(get(b, cell["aaaa"]+28))) // lists bbbb, whose parent is aaaa
	}, 5, "another key than its own parent"},
	{"listed twice", func(b []byte, cell map[string]int) {
		list := bins + get(b, cell["ROOT"]+28) + 4
		put(b, list+12, uint32(get(b, list+4)))
	}, 4, "listed twice"},
	{"a free cell", func(b []byte, cell map[string]int) {
		put(b, cell["bbbb"]-4, 88)
	}, 3, "free"},
	{"a cell beyond its bin", func(b []byte, cell map[string]int) {
		put(b, cell["bbbb"]-4, uint32(0xffffff00-8192))
	}, 3, "left in its bin"},
	{"a list that leads nowhere", func(b []byte, cell map[string]int) {
		put(b, cell["aaaa"]+28, 0x7ffffff0)
	}, 3, "no cell can stand here"},
	{"a longer list than its cell", func(b []byte, cell map[string]int) {
		list := bins + get(b, cell["ROOT"]+28) + 4
		b[list+2] = 200
	}, 5, "entries in a cell"},
	{"fewer keys listed than announced", func(b []byte, cell map[string]int) {
		put(b, cell["ROOT"]+20, 3)
	}, 5, "3 sub-keys are announced, 2 listed"},
	{"a long name", func(b []byte, cell map[string]int) {
		b[cell["dddd"]+73] = 0x40
	}, 4, "a name of"},
	{"no bin header", func(b []byte, cell map[string]int) {
		b[bins] = 'x'
	}, -1, "no bin header"},
}

func TestDamage(t *testing.T) {
	for _, tt := range damages {
		t.Run(tt.name, func(t *testing.T) {
			b, cell := family(t)
			tt.damage(b, cell)
			h, err := hive.Open(bytes.NewReader(b), int64(len(b)))
			if tt.keys < 0 {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got tally
			var all []string
			walk(h.Root(), &got, func(err error) {
				all = append(all, err.Error())
				if e := (*format.Error)(nil); !errors.As(err, &e) {
					t.Errorf("%v has no place", err)
				}
			})
			if got.Keys != tt.keys || !strings.Contains(strings.Join(all, "\n"), tt.want) || (tt.want == "") != (len(all) == 0) {
				t.Errorf("got %d keys, want %d; %q, want %q", got.Keys, tt.keys, all, tt.want)
			}
		})
	}
}

// TestRing makes the root stand below a key of its own, and name that key its parent.
func TestRing(t *testing.T) {
	b, cell := family(t)
	put(b, cell["ROOT"]+16, uint32(cell["bbbb"]-4-bins))
	list := bins + get(b, cell["bbbb"]+28) + 4 // of cccc
	put(b, list+4, uint32(cell["ROOT"]-4-bins))
	var got tally
	var all []string
	walk(open(t, b).Root(), &got, func(err error) { all = append(all, err.Error()) })
	if got.Keys != 4 || !strings.Contains(strings.Join(all, ""), "its own ancestor") {
		t.Errorf("got %d keys, %q", got.Keys, all)
	}
}

func TestNotAHive(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("regf"), bytes.Repeat([]byte{1}, 8192)} {
		if _, err := hive.Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("%d bytes: got %v, want format.ErrNotThis", len(b), err)
		}
	}
}

func TestOpenKey(t *testing.T) {
	b, _ := family(t)
	root := open(t, b).Root()
	for _, path := range []string{``, `aaaa`, `AAAA\bBBb`, `\aaaa\bbbb\cccc\`} {
		if _, err := root.Open(path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, path := range []string{`x`, `aaaa\x`, `aaaa\bbbb\cccc\dddd`, `aaa`, `Ключ`} {
		if _, err := root.Open(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: got %v, want fs.ErrNotExist", path, err)
		}
	}
	k, err := root.Open("dddd")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := k.Value("LONG"); err != nil || v.String() != "some longer text" || v.Type != registry.SZ {
		t.Errorf("got %v, %v", v, err)
	}
	if _, err := k.Value("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

// TestSharedLists has lists of sub-keys that lie over each other: all together they have far more entries than the hive
// has bytes.
func TestSharedLists(t *testing.T) {
	const lists = 1000
	filler := bytes.Repeat([]byte{0x55}, 4+4*lists+8*lists)
	root := &writer.Key{Name: "ROOT"}
	root.Sub("a")
	b, err := writer.Encode(root.Set("room", registry.Binary, filler), writer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	key, room := bytes.Index(b, []byte("ROOT"))-76, bytes.Index(b, filler)
	first, end := room+4+4*lists, room+len(filler)
	put(b, key+28, uint32(room-4-bins))
	copy(b[room:], "ri")
	binary.LittleEndian.PutUint16(b[room+2:], lists)
	for i := range lists {
		at := first + 8*i
		put(b, room+4+4*i, uint32(at-bins))
		put(b, at, uint32(at-end)) // the length of a cell that has all that follows, and an entry of the lists before it
		copy(b[at+4:], "lh")
		binary.LittleEndian.PutUint16(b[at+6:], uint16((end-at)/8-1))
	}
	found, last := 0, error(nil)
	for _, err := range open(t, b).Root().Subkeys() {
		found, last = found+1, err
	}
	if found < lists || found > len(b) || last == nil || !strings.Contains(last.Error(), "more data than the hive has") {
		t.Errorf("%d keys and errors in a hive of %d bytes, the last one %v", found, len(b), last)
	}
}

// TestOneListForAll has keys that all have the list of their parent, so that a walk meets as many errors as the square of
// their number.
func TestOneListForAll(t *testing.T) {
	const keys = 1000
	root := &writer.Key{Name: "ROOT"}
	for i := range keys {
		root.Sub(fmt.Sprintf("key%06d", i))
	}
	b, err := writer.Encode(root, writer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list := get(b, bytes.Index(b, []byte("ROOT"))-76+28)
	for i := range keys {
		at := bytes.Index(b, []byte(fmt.Sprintf("key%06d", i))) - 76
		put(b, at+20, keys)
		put(b, at+28, uint32(list))
	}
	var got tally
	errs := 0
	walk(open(t, b).Root(), &got, func(error) { errs++ })
	if got.Keys != keys+1 || errs > keys*keys*3/4 || errs < keys {
		t.Errorf("%d keys and %d errors", got.Keys, errs)
	}
}
