// Package ole reads compound files (MS-CFB), the file systems in a file that Windows Installer's packages are: folders
// and streams with names.
//
// It reads version 3 and 4, and writes nothing. Its invariants: a stream gives no more bytes than the directory says it
// has, no sector is read twice in one chain, and memory is bounded by the file's size and maxEntries.
package ole

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/winbin"
)

const (
	headerSize = 512
	entrySize  = 128
	inHeader   = 109 // sectors of the allocation table that the header names
	// maxEntries bounds the directory; installers have some hundreds.
	maxEntries = 1 << 17
	// maxSector is the last number of a sector; those above it have meanings of their own.
	maxSector  = 0xfffffffa
	endOfChain = 0xfffffffe
	noEntry    = 0xffffffff
	noSector   = 0xffffffff
	miniSize   = 64
)

var magic = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}

// Kind is what an entry of the directory is.
type Kind uint8

// The kinds.
const (
	Storage Kind = 1
	Stream  Kind = 2
	Root    Kind = 5
)

// Entry is a folder or a stream.
type Entry struct {
	Name     []byte // UTF-16LE, without NUL
	Kind     Kind
	Class    [16]byte
	State    uint32
	Created  uint64 // FILETIME
	Modified uint64 // FILETIME
	Size     int64  // of a stream, in bytes
	Children []*Entry

	start uint32
}

// Text gives the name as text.
func (e *Entry) Text() string { return winbin.UTF16(e.Name) }

// Child finds a child by its name; nil when there is none.
func (e *Entry) Child(name string) *Entry {
	for _, c := range e.Children {
		if c.Text() == name {
			return c
		}
	}
	return nil
}

// File is an open compound file.
type File struct {
	r       io.ReaderAt
	size    int64
	shift   uint8 // a sector has 1<<shift bytes
	cutoff  int64 // streams below it lie in the mini stream
	fat     []uint32
	miniFAT []uint32
	mini    []uint32 // the sectors of the mini stream
	root    *Entry
}

// Root is the folder at the top.
func (f *File) Root() *Entry { return f.root }

// Open reads the allocation tables and the directory. It fails when these cannot be read whole.
func Open(r io.ReaderAt, size int64) (*File, error) {
	h, err := format.ReadAt(r, 0, headerSize, headerSize, "header")
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if err != nil || !bytes.HasPrefix(h, magic) {
		return nil, fmt.Errorf("no compound file: %w", format.ErrNotThis)
	}
	le := binary.LittleEndian
	f := &File{r: r, size: size, shift: uint8(le.Uint16(h[30:])), cutoff: int64(le.Uint32(h[56:]))}
	major := le.Uint16(h[26:])
	if major == 3 && f.shift != 9 || major == 4 && f.shift != 12 || major != 3 && major != 4 || le.Uint16(h[32:]) != 6 {
		return nil, format.At(26, "version %d with sectors of 2^%d bytes", major, f.shift)
	}
	if err := f.readFAT(h); err != nil {
		return nil, err
	}
	if f.miniFAT, err = f.table(le.Uint32(h[60:]), "mini allocation table"); err != nil {
		return nil, err
	}
	return f, f.readDirectory(le.Uint32(h[48:]), major)
}

// sectors is how many there can be at most: the last one may be cut off.
func (f *File) sectors() int64 { return (f.size - 1) >> f.shift }

// sector reads a whole sector.
func (f *File) sector(n uint32, what string) ([]byte, error) {
	at := (int64(n) + 1) << f.shift
	return format.ReadAt(f.r, at, 1<<f.shift, 1<<12, what)
}

// readFAT reads the allocation table: its sectors are named in the header, and from there in a chain.
func (f *File) readFAT(h []byte) error {
	le := binary.LittleEndian
	wanted := int64(le.Uint32(h[44:]))
	if wanted > f.sectors() {
		return format.At(44, "an allocation table of %d sectors, of %d", wanted, f.sectors())
	}
	var names []uint32
	for i := range inHeader {
		names = append(names, le.Uint32(h[76+4*i:]))
	}
	next := le.Uint32(h[68:])
	for n := int64(0); next <= maxSector; n++ {
		if n > f.sectors() {
			return format.At(68, "the list of the allocation table's sectors runs in a circle")
		}
		b, err := f.sector(next, "list of the allocation table's sectors")
		if err != nil {
			return err
		}
		all := numbers(b)
		names = append(names, all[:len(all)-1]...)
		next = all[len(all)-1]
	}
	for _, n := range names {
		if n > maxSector || wanted == 0 {
			continue
		}
		b, err := f.sector(n, "allocation table")
		if err != nil {
			return err
		}
		f.fat = append(f.fat, numbers(b)...)
		wanted--
	}
	return nil
}

func numbers(b []byte) []uint32 {
	all := make([]uint32, 0, len(b)/4)
	for ; len(b) >= 4; b = b[4:] {
		all = append(all, binary.LittleEndian.Uint32(b))
	}
	return all
}

// chain follows a chain in an allocation table to its end. One that runs in a circle has more links than the table.
func chain(fat []uint32, start uint32, what string) ([]uint32, error) {
	var all []uint32
	for n := start; n != endOfChain && (n != noSector || len(all) > 0); n = fat[n] {
		if int64(n) >= int64(len(fat)) || len(all) >= len(fat) {
			return all, format.At(0, "%s: a chain from sector %#x leads to %#x after %d links", what, start, n, len(all))
		}
		all = append(all, n)
	}
	return all, nil
}

// table reads a chain of sectors as numbers.
func (f *File) table(start uint32, what string) ([]uint32, error) {
	list, err := chain(f.fat, start, what)
	if err != nil {
		return nil, err
	}
	var all []uint32
	for _, n := range list {
		b, err := f.sector(n, what)
		if err != nil {
			return nil, err
		}
		all = append(all, numbers(b)...)
	}
	return all, nil
}

// Open gives a stream's bytes.
func (f *File) Open(e *Entry) (io.Reader, error) {
	if e.Kind != Stream {
		return nil, fmt.Errorf("%q is no stream", e.Text())
	}
	s := &stream{f: f, left: e.Size, unit: 1 << f.shift, place: func(n uint32) int64 { return (int64(n) + 1) << f.shift }}
	fat := f.fat
	if e.Size < f.cutoff {
		fat, s.unit, s.place = f.miniFAT, miniSize, f.inMini
	}
	if e.Size == 0 {
		return s, nil
	}
	var err error
	s.chain, err = chain(fat, e.start, e.Text())
	if err == nil && int64(len(s.chain))*s.unit < e.Size {
		err = fmt.Errorf("%q has %d bytes, and room for %d", e.Text(), e.Size, int64(len(s.chain))*s.unit)
	}
	return s, err
}

// inMini says where a mini sector lies in the file; -1 when it lies nowhere.
func (f *File) inMini(n uint32) int64 {
	perSector := uint32(1<<f.shift) / miniSize
	if i := n / perSector; int64(i) < int64(len(f.mini)) {
		return (int64(f.mini[i])+1)<<f.shift + int64(n%perSector)*miniSize
	}
	return -1
}

// stream reads sector by sector.
type stream struct {
	f     *File
	chain []uint32
	unit  int64
	place func(uint32) int64
	at    int64 // in the first sector of chain
	left  int64
}

func (s *stream) Read(b []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	from := s.place(s.chain[0])
	if from < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := min(int64(len(b)), s.unit-s.at, s.left)
	if got, err := s.f.r.ReadAt(b[:n], from+s.at); int64(got) < n {
		return got, &format.Error{Offset: from + s.at, What: "stream", Err: format.Cut(err)}
	}
	s.at, s.left = s.at+n, s.left-n
	if s.at == s.unit {
		s.at, s.chain = 0, s.chain[1:]
	}
	return int(n), nil
}

// readDirectory reads all entries and makes a tree of them.
func (f *File) readDirectory(start uint32, major uint16) error {
	list, err := chain(f.fat, start, "directory")
	if err != nil {
		return err
	}
	if len(list) > maxEntries*entrySize>>f.shift {
		return format.At((int64(start)+1)<<f.shift, "a directory of more than %d entries", maxEntries)
	}
	d := directory{seen: map[uint32]bool{}}
	for _, n := range list {
		b, err := f.sector(n, "directory")
		if err != nil {
			return err
		}
		d.raw = append(d.raw, b...)
	}
	if len(d.raw) == 0 || Kind(d.raw[66]) != Root {
		return format.At((int64(start)+1)<<f.shift, "no root in the directory")
	}
	f.root = entry(d.raw, major)
	if f.root.Children, err = d.below(d.raw, major); err != nil {
		return err
	}
	f.mini, err = chain(f.fat, f.root.start, "mini stream")
	return err
}

type directory struct {
	raw  []byte
	seen map[uint32]bool
}

// below gives the children of an entry, which form a tree of their own; sorted as that is.
func (d *directory) below(raw []byte, major uint16) ([]*Entry, error) {
	var all []*Entry
	stack := []uint32{binary.LittleEndian.Uint32(raw[76:])}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == noEntry {
			continue
		}
		if (int64(n)+1)*entrySize > int64(len(d.raw)) || d.seen[n] {
			return nil, fmt.Errorf("directory: entry %d is not there, or there twice", n)
		}
		d.seen[n] = true
		one := d.raw[int(n)*entrySize:][:entrySize]
		e := entry(one, major)
		if e.Kind != Storage && e.Kind != Stream {
			return nil, fmt.Errorf("directory: entry %d is of the kind %d", n, e.Kind)
		}
		if e.Kind == Storage {
			var err error
			if e.Children, err = d.below(one, major); err != nil {
				return nil, err
			}
		}
		all = append(all, e)
		stack = append(stack, binary.LittleEndian.Uint32(one[68:]), binary.LittleEndian.Uint32(one[72:]))
	}
	slices.SortFunc(all, func(a, b *Entry) int { return bytes.Compare(a.Name, b.Name) })
	return all, nil
}

func entry(b []byte, major uint16) *Entry {
	le := binary.LittleEndian
	e := &Entry{
		Kind: Kind(b[66]), State: le.Uint32(b[96:]), Created: le.Uint64(b[100:]), Modified: le.Uint64(b[108:]), start: le.Uint32(b[116:]),
		Size: int64(le.Uint32(b[120:])),
	}
	if major == 4 {
		e.Size |= int64(le.Uint32(b[124:])&0x7fffffff) << 32
	}
	n := min(int(le.Uint16(b[64:])), 64)
	e.Name = bytes.Clone(b[:max(n-2, 0)])
	copy(e.Class[:], b[80:])
	return e
}
