// Package cab writes cabinet files (MS-CAB): stored, MSZIP or LZX, one cabinet, in constant memory.
//
// It writes no sets of cabinets, no Quantum and no signatures. Its LZX is plain: blocks of 32 KB, verbatim, aligned or
// uncompressed, whichever is least, and no translation of x86 calls. Invariants: the same files and options give the
// same bytes, on every machine and with every
// release of Go; every data block has its checksum.
package cab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Method is how the files are compressed.
type Method uint8

// The methods, with their numbers in the file; the other one, Quantum, is not written.
const (
	Stored Method = 0
	MSZIP  Method = 1
	LZX    Method = 3
)

const (
	frameSize = 32768

	// maxFolder is the most that a folder may unpack to: 65535 blocks, which also keeps offsets below 2^31.
	maxFolder = 65535 * frameSize

	maxName = 255 // bytes (MS-CAB 2.3)
)

// Options say how to pack. The zero value stores.
type Options struct {
	Method Method
	Window int   // LZX: log2 of the window, 15 to 21; 0 means 18
	Folder int64 // bytes after which a new folder begins, at the next file; 0 or more than 2 GB: as late as can be
	SetID  uint16
}

// File is one file to pack.
type File struct {
	Name       string    // folders are separated by a backslash; at most 255 bytes
	Size       int64     // what Open's reader must give, less than 2 GB
	Time       time.Time // its own clock's reading is kept, to 2 seconds, 1980 to 2107; the zero time becomes 1980-01-01
	Attributes uint16    // DOS attribute bits; 0 becomes 0x20 (archive)
	Open       func() (io.ReadCloser, error)
}

// Bytes is a file whose content is at hand.
func Bytes(name string, at time.Time, content []byte) File {
	return File{Name: name, Size: int64(len(content)), Time: at, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

// Write packs files, in their order, to w from its present position, which becomes the cabinet's first byte. After an
// error w holds no cabinet.
func Write(w io.WriteSeeker, files []File, o Options) error {
	if o.Method == LZX && o.Window == 0 {
		o.Window = 18
	}
	if err := check(files, o); err != nil {
		return err
	}
	begin, err := w.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	p := &packer{w: w, options: o}
	d := plan(files, o)
	if p.err = p.reserve(d.size()); p.err == nil {
		p.pack(d)
	}
	if p.err != nil {
		return p.err
	}
	if p.off >= 1<<32 {
		return errors.New("cabinet of more than 4 GB")
	}
	if _, err := w.Seek(begin, io.SeekStart); err != nil {
		return err
	}
	if _, err := w.Write(d.encode(uint32(p.off), o)); err != nil {
		return err
	}
	_, err = w.Seek(begin+p.off, io.SeekStart)
	return err
}

// Encode packs files in memory.
func Encode(files []File, o Options) ([]byte, error) {
	var m memory
	if err := Write(&m, files, o); err != nil {
		return nil, err
	}
	return m.b, nil
}

func check(files []File, o Options) error {
	switch {
	case o.Method != Stored && o.Method != MSZIP && o.Method != LZX:
		return fmt.Errorf("cabinet: no method %d", o.Method)
	case o.Method == LZX && (o.Window < 15 || o.Window > 21):
		return fmt.Errorf("cabinet: LZX window of 2^%d bytes", o.Window)
	case len(files) > 65535:
		return fmt.Errorf("cabinet of %d files, at most 65535", len(files))
	}
	for _, f := range files {
		switch {
		case f.Name == "" || len(f.Name) > maxName || strings.Contains(f.Name, "\x00") || !utf8.ValidString(f.Name):
			return fmt.Errorf("cabinet: file name %q", f.Name)
		case f.Size < 0 || f.Size > maxFolder:
			return fmt.Errorf("cabinet: %s has %d bytes, at most %d", f.Name, f.Size, int64(maxFolder))
		case !f.Time.IsZero() && (f.Time.Year() < 1980 || f.Time.Year() > 2107):
			return fmt.Errorf("cabinet: %s is of the year %d", f.Name, f.Time.Year())
		}
	}
	return nil
}

// memory is a growing io.WriteSeeker.
type memory struct {
	b  []byte
	at int
}

func (m *memory) Write(p []byte) (int, error) {
	if need := m.at + len(p) - len(m.b); need > 0 {
		m.b = append(m.b, make([]byte, need)...)
	}
	n := copy(m.b[m.at:], p)
	m.at += n
	return n, nil
}

func (m *memory) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekCurrent {
		offset += int64(m.at)
	}
	m.at = int(offset)
	return offset, nil
}
