// Package peversion reads the version of a Windows program or library: the VS_FIXEDFILEINFO of its version resource
// (Microsoft's documentation of PE Format and of VS_VERSIONINFO). It reads neither the texts beside it nor anything
// else of the file.
//
// Its invariant is that the resources themselves make it read a few kilobytes, whatever they say. Headers are read by
// debug/pe, which also reads the symbols of the few programs that have some.
package peversion

import (
	"debug/pe"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"

	"github.com/redx-update/redx/internal/format"
)

// Version is the version of a file: major, minor, build and revision.
type Version [4]uint32

const (
	resourceDirectory = 2  // index in the optional header's data directories
	versionResource   = 16 // RT_VERSION
	maxEntries        = 4096
	maxInfo           = 64 << 10
	signature         = 0xFEEF04BD
)

// Read reads the version of a file (dwFileVersion). fs.ErrNotExist if it has no version resource, format.ErrNotThis if
// it is no program of Windows; other errors say what is damaged and where.
func Read(r io.ReaderAt) (Version, error) {
	f, err := pe.NewFile(r)
	if err != nil {
		return Version{}, fmt.Errorf("%w: %w", format.ErrNotThis, err)
	}
	img := image{f}
	base, err := img.resources()
	if err != nil {
		return Version{}, err
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

type image struct{ f *pe.File }

// resources gives the address of the resource directory.
func (i image) resources() (uint32, error) {
	var dirs []pe.DataDirectory
	switch h := i.f.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		dirs = h.DataDirectory[:min(h.NumberOfRvaAndSizes, 16)]
	case *pe.OptionalHeader64:
		dirs = h.DataDirectory[:min(h.NumberOfRvaAndSizes, 16)]
	}
	if len(dirs) <= resourceDirectory || dirs[resourceDirectory].VirtualAddress == 0 {
		return 0, fmt.Errorf("no resources: %w", fs.ErrNotExist)
	}
	return dirs[resourceDirectory].VirtualAddress, nil
}

// read reads bytes by their address in memory.
func (i image) read(rva uint32, n int) ([]byte, error) {
	for _, s := range i.f.Sections {
		if rva < s.VirtualAddress || uint64(rva) >= uint64(s.VirtualAddress)+uint64(s.Size) {
			continue
		}
		b := make([]byte, n)
		if _, err := s.ReadAt(b, int64(rva-s.VirtualAddress)); err != nil {
			return nil, fmt.Errorf("%d bytes at address %#x: %w", n, rva, err)
		}
		return b, nil
	}
	return nil, fmt.Errorf("address %#x is in no section: %w", rva, io.ErrUnexpectedEOF)
}

// entry finds an entry of a resource folder by its number, or the first one, and gives where that leads, counted from
// the begin of the resources.
func (i image) entry(at uint32, want int64) (next uint32, folder bool, err error) {
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
func (i image) fixed(at uint32) (Version, error) {
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
