// Package peversion reads the version of a Windows program or library: the VS_FIXEDFILEINFO of its version resource
// (Microsoft's documentation of PE Format and of VS_VERSIONINFO). It reads neither the texts beside it nor anything
// else of the file.
//
// Its invariant is that it reads some hundred kilobytes at most, whatever the file says: a service asks it about files
// that anybody may have written. So it does not go by debug/pe, which reads all symbols and relocations.
package peversion

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"

	"github.com/redx-update/redx/internal/format"
)

// Version is the version of a file: major, minor, build and revision.
type Version [4]uint32

const (
	versionResource = 16 // RT_VERSION
	maxEntries      = 4096
	maxInfo         = 64 << 10
	signature       = 0xFEEF04BD
)

// Read reads the version of a file (dwFileVersion). fs.ErrNotExist if it has no version resource, format.ErrNotThis if
// it is no program of Windows; other errors say what is damaged and where.
func Read(r io.ReaderAt) (Version, error) {
	img, err := open(r)
	if err != nil {
		return Version{}, err
	}
	base := img.resources
	if base == 0 {
		return Version{}, fmt.Errorf("no resources: %w", fs.ErrNotExist)
	}
	// Three levels: the type, its name, its language. Any name and language will do: their versions are the same.
	at := base
	for level, want := range []int64{versionResource, -1, -1} {
		next, folder, err := img.entry(at, want)
		if err != nil {
			return Version{}, err
		}
		if folder != (level < 2) {
			return Version{}, fmt.Errorf("resources at %#x: level %d is not what it has to be", at, level)
		}
		at = base + next
	}
	return img.fixed(at)
}

// read reads bytes by their address in memory.
func (i *image) read(rva uint32, n int) ([]byte, error) {
	for _, s := range i.sections {
		if rva < s.address || uint64(rva) >= uint64(s.address)+uint64(s.size) {
			continue
		}
		at := rva - s.address
		if uint64(at)+uint64(n) > uint64(s.size) {
			break
		}
		b, err := format.ReadAt(i.r, int64(s.offset)+int64(at), n, maxInfo, "resources")
		if err != nil {
			return nil, fmt.Errorf("%d bytes at address %#x: %w", n, rva, err)
		}
		return b, nil
	}
	return nil, fmt.Errorf("address %#x is in no section: %w", rva, io.ErrUnexpectedEOF)
}

// entry finds an entry of a resource folder by its number, or the first one, and gives where that leads, counted from
// the begin of the resources.
func (i *image) entry(at uint32, want int64) (next uint32, folder bool, err error) {
	head, err := i.read(at, 16)
	if err != nil {
		return 0, false, err
	}
	named, numbered := binary.LittleEndian.Uint16(head[12:]), binary.LittleEndian.Uint16(head[14:])
	n := min(int(named)+int(numbered), maxEntries)
	for k := range n {
		e, err := i.read(at+16+uint32(k)*8, 8)
		if err != nil {
			return 0, false, err
		}
		if id := binary.LittleEndian.Uint32(e); want < 0 || int64(id) == want {
			to := binary.LittleEndian.Uint32(e[4:])
			return to &^ (1 << 31), to>>31 == 1, nil
		}
	}
	return 0, false, fmt.Errorf("no version resource: %w", fs.ErrNotExist)
}

// fixed reads the VS_FIXEDFILEINFO that a resource's data entry leads to.
func (i *image) fixed(at uint32) (Version, error) {
	var v Version
	e, err := i.read(at, 16)
	if err != nil {
		return v, err
	}
	rva, size := binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint32(e[4:])
	const least = 40 + 16 // up to the file version
	if size < least || size > maxInfo {
		return v, fmt.Errorf("version resource at %#x has %d bytes", rva, size)
	}
	b, err := i.read(rva, least)
	if err != nil {
		return v, err
	}
	info := b[40:] // behind three lengths and the key "VS_VERSION_INFO", to the next multiple of four
	if binary.LittleEndian.Uint32(info) != signature {
		return v, fmt.Errorf("version resource at %#x does not begin as it has to", rva)
	}
	high, low := binary.LittleEndian.Uint32(info[8:]), binary.LittleEndian.Uint32(info[12:])
	return Version{high >> 16, high & 0xffff, low >> 16, low & 0xffff}, nil
}
