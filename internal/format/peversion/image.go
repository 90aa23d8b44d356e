package peversion

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/redx-update/redx/internal/format"
)

// Places in the headers (Microsoft's documentation of PE Format). Those of the optional header count from its begin.
const (
	newHeaderAt    = 0x3c // where the old header says that the new one is
	oldHeader      = 64
	fileHeader     = 24 // signature and file header
	sectionHeader  = 40
	maxOptional    = 4096
	maxSections    = 4096 // Windows loads no program with more than 96
	magic32        = 0x10b
	magic64        = 0x20b
	directories32  = 96
	directories64  = 112
	directorySize  = 8
	resourceNumber = 2 // of the directory of resources
)

// image is what the headers say of a program.
type image struct {
	r         io.ReaderAt
	resources uint32 // address of the resource directory; 0 when there is none
	sections  []section
}

// section is a part of the file and where it lies in memory.
type section struct{ address, size, offset uint32 }

// open reads the headers.
func open(r io.ReaderAt) (*image, error) {
	old, err := part(r, 0, oldHeader, "header of DOS")
	if err != nil || string(old[:2]) != "MZ" {
		return nil, notProgram(err)
	}
	at := int64(binary.LittleEndian.Uint32(old[newHeaderAt:]))
	head, err := part(r, at, fileHeader, "header")
	if err != nil || string(head[:4]) != "PE\x00\x00" {
		return nil, notProgram(err)
	}
	sections, optional := int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[20:]))
	if optional > maxOptional || sections > maxSections {
		return nil, format.At(at, "a header of %d bytes and %d sections", optional, sections)
	}
	opt, err := part(r, at+fileHeader, optional, "optional header")
	if err != nil {
		return nil, err
	}
	table, err := part(r, at+fileHeader+int64(optional), sections*sectionHeader, "headers of sections")
	if err != nil {
		return nil, err
	}
	i := &image{r: r, resources: resources(opt)}
	for ; len(table) > 0; table = table[sectionHeader:] {
		u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(table[at:]) }
		i.sections = append(i.sections, section{address: u32(12), size: u32(16), offset: u32(20)})
	}
	return i, nil
}

func part(r io.ReaderAt, at int64, n int, what string) ([]byte, error) {
	return format.ReadAt(r, at, n, maxSections*sectionHeader, what)
}

// notProgram is the error for a file without the signatures of a program, or of one that the disk does not give.
func notProgram(err error) error {
	if format.Failed(err) {
		return err
	}
	return errors.Join(fmt.Errorf("no program of Windows: %w", format.ErrNotThis), err)
}

// resources gives the address of the resource directory, 0 when the optional header has none.
func resources(opt []byte) uint32 {
	if len(opt) < 2 {
		return 0
	}
	first := directories32
	switch binary.LittleEndian.Uint16(opt) {
	case magic32:
	case magic64:
		first = directories64
	default:
		return 0
	}
	at := first + resourceNumber*directorySize
	if len(opt) < at+directorySize || binary.LittleEndian.Uint32(opt[first-4:]) <= resourceNumber {
		return 0
	}
	return binary.LittleEndian.Uint32(opt[at:])
}
