// Package ole writes compound files (MS-CFB, version 3), as Windows Installer's packages are. It is for the lab and for
// tests: files of at most 109 sectors of allocation table (6.8 MB), all of it in memory. Its invariant: the same entries
// give the same bytes.
package ole

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf16"

	"github.com/redx-update/redx/internal/winbin"
)

const (
	sectorSize = 512
	miniSize   = 64
	cutoff     = 4096
	entrySize  = 128
	endOfChain = 0xfffffffe
	isFAT      = 0xfffffffd
	none       = 0xffffffff
	maxFAT     = 109
	maxName    = 31 // UTF-16 units
)

// Entry is a stream, or with Children not nil a storage.
type Entry struct {
	Name     string
	Class    [16]byte // of a storage
	State    uint32
	Time     uint64 // FILETIME, of both its creation and its last change
	Content  []byte
	Children []Entry
}

// Encode writes a file of what is at its top.
func Encode(class [16]byte, top []Entry) ([]byte, error) {
	w := &writer{}
	w.add(&Entry{Name: "Root Entry", Class: class, Children: top}, 5)
	if w.err != nil {
		return nil, w.err
	}
	return w.file()
}

// writer collects directory entries, sectors and mini sectors.
type writer struct {
	entries []record
	fat     []uint32
	sectors []byte
	miniFAT []uint32
	mini    []byte
	err     error
}

// record is an entry with its place in the tree and in the file.
type record struct {
	*Entry
	kind               byte
	left, right, child uint32
	start, size        uint32
}

// add adds an entry with all below it and gives its number.
func (w *writer) add(e *Entry, kind byte) uint32 {
	n := uint32(len(w.entries))
	units := utf16.Encode([]rune(e.Name))
	if len(units) == 0 || len(units) > maxName {
		w.err = fmt.Errorf("compound file: the name %q has %d characters", e.Name, len(units))
	}
	w.entries = append(w.entries, record{Entry: e, kind: kind, left: none, right: none, child: none})
	if e.Children == nil && kind != 5 {
		w.entries[n].kind = 2
		w.entries[n].start, w.entries[n].size = w.stream(e.Content), uint32(len(e.Content))
		return n
	}
	sorted := slices.Clone(e.Children)
	slices.SortFunc(sorted, byName)
	// The tree leans to the right all along: readers do not mind, and the root of it is black.
	last := uint32(none)
	for i := len(sorted) - 1; i >= 0; i-- {
		child := w.add(&sorted[i], 1)
		w.entries[child].right = last
		last = child
	}
	w.entries[n].child = last
	return n
}

// byName is the order of MS-CFB: the shorter name first, then by upper case.
func byName(a, b Entry) int {
	x, y := winbin.PutUTF16(a.Name), winbin.PutUTF16(b.Name)
	return cmp.Or(cmp.Compare(len(x), len(y)), bytes.Compare(bytes.ToUpper(x), bytes.ToUpper(y)))
}

// stream places a stream's content and gives its first sector.
func (w *writer) stream(b []byte) uint32 {
	if len(b) == 0 {
		return endOfChain
	}
	if len(b) >= cutoff {
		return place(&w.fat, &w.sectors, b, sectorSize)
	}
	return place(&w.miniFAT, &w.mini, b, miniSize)
}

// place appends content in units, one after the other, and their chain.
func place(fat *[]uint32, to *[]byte, b []byte, unit int) uint32 {
	start := uint32(len(*fat))
	*to = append(*to, b...)
	if rest := len(*to) % unit; rest > 0 {
		*to = append(*to, make([]byte, unit-rest)...)
	}
	for len(*fat)*unit < len(*to) {
		*fat = append(*fat, uint32(len(*fat))+1)
	}
	(*fat)[len(*fat)-1] = endOfChain
	return start
}

// file puts it all together: header, contents, mini stream, its table, directory, allocation table.
func (w *writer) file() ([]byte, error) {
	miniStart, tableStart := uint32(endOfChain), uint32(endOfChain)
	if len(w.mini) > 0 {
		miniStart = place(&w.fat, &w.sectors, w.mini, sectorSize)
		tableStart = place(&w.fat, &w.sectors, padded(w.miniFAT), sectorSize)
	}
	w.entries[0].start, w.entries[0].size = miniStart, uint32(len(w.mini))
	directory := place(&w.fat, &w.sectors, w.directory(), sectorSize)
	n := 1
	for n*sectorSize/4 < len(w.fat)+n {
		n++
	}
	if n > maxFAT {
		return nil, fmt.Errorf("compound file of %d bytes", len(w.sectors))
	}
	h := header(uint32(len(w.fat)), uint32(n), directory, tableStart, uint32((len(w.miniFAT)*4+sectorSize-1)/sectorSize))
	for range n {
		w.fat = append(w.fat, isFAT)
	}
	return slices.Concat(h, w.sectors, padded(w.fat)), nil
}

// padded writes a table in whole sectors; the rest of the last is free.
func padded(table []uint32) []byte {
	var b []byte
	for _, n := range table {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	for len(b)%sectorSize > 0 {
		b = binary.LittleEndian.AppendUint32(b, none)
	}
	return b
}

func (w *writer) directory() []byte {
	le := binary.LittleEndian
	var all []byte
	for _, r := range w.entries {
		b := make([]byte, entrySize)
		name := winbin.PutUTF16(r.Name)
		copy(b, name)
		le.PutUint16(b[64:], uint16(len(name)+2))
		b[66], b[67] = r.kind, 1
		for i, n := range []uint32{r.left, r.right, r.child} {
			le.PutUint32(b[68+4*i:], n)
		}
		copy(b[80:], r.Class[:])
		le.PutUint32(b[96:], r.State)
		le.PutUint64(b[100:], r.Time)
		le.PutUint64(b[108:], r.Time)
		le.PutUint32(b[116:], r.start)
		le.PutUint32(b[120:], r.size)
		all = append(all, b...)
	}
	for len(all)%sectorSize > 0 {
		b := make([]byte, entrySize)
		for i := range 3 {
			le.PutUint32(b[68+4*i:], none)
		}
		all = append(all, b...)
	}
	return all
}

func header(firstFAT, fats, directory, miniFAT, miniFATs uint32) []byte {
	le := binary.LittleEndian
	h := make([]byte, sectorSize)
	copy(h, []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1})
	for at, v := range map[int]uint16{24: 0x3e, 26: 3, 28: 0xfffe, 30: 9, 32: 6} {
		le.PutUint16(h[at:], v)
	}
	for at, v := range map[int]uint32{44: fats, 48: directory, 56: cutoff, 60: miniFAT, 64: miniFATs, 68: endOfChain} {
		le.PutUint32(h[at:], v)
	}
	for i := range uint32(maxFAT) {
		n := uint32(none)
		if i < fats {
			n = firstFAT + i
		}
		le.PutUint32(h[76+4*i:], n)
	}
	return h
}
