// Package format holds what all readers below it share: how they report damage, and how they take bytes out of a
// file that may be hostile.
//
// A reader below format knows one file format. It reads from an io.ReaderAt (binary) or an io.Reader (text), never
// from a path, and never writes. It returns what it has read together with an *Error that names the place; whoever
// opened the file adds its name. It never panics, never loops on a cycle in the data, and bounds every length
// before memory is reserved for it.
package format

import (
	"errors"
	"fmt"
	"io"
)

// Error is damage found at one place of a file: an offset in bytes for binary formats, a line for text.
type Error struct {
	Offset int64  // bytes from the start of the file; meaningless when Line is set
	Line   int    // 1-based line; 0 in binary formats
	What   string // what was being read, and what is wrong with it
	Err    error  // the cause, if another layer reported one
}

func (e *Error) Error() string {
	place := fmt.Sprintf("offset 0x%x", e.Offset)
	if e.Line > 0 {
		place = fmt.Sprintf("line %d", e.Line)
	}
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", place, e.What, e.Err)
	}
	return place + ": " + e.What
}

func (e *Error) Unwrap() error { return e.Err }

// At reports damage at an offset in bytes.
func At(offset int64, what string, args ...any) *Error {
	return &Error{Offset: offset, What: fmt.Sprintf(what, args...)}
}

// AtLine reports damage at a 1-based line.
func AtLine(line int, what string, args ...any) *Error {
	return &Error{Line: line, What: fmt.Sprintf(what, args...)}
}

// ErrNotThis is wrapped by readers when the file is not of their format at all (a missing signature), as opposed to
// a damaged file of it. Whoever sniffs a file's kind branches on it.
var ErrNotThis = errors.New("not a file of this format")

// ReadAt reads exactly n bytes at off. It refuses a length beyond limit before it reserves memory, and turns a read
// past the end into an *Error that names what was wanted.
func ReadAt(r io.ReaderAt, off int64, n, limit int, what string) ([]byte, error) {
	if off < 0 || n < 0 || n > limit {
		return nil, At(off, "%s: length %d is out of bounds (at most %d)", what, n, limit)
	}
	b := make([]byte, n)
	if got, err := r.ReadAt(b, off); got < n {
		return nil, &Error{Offset: off, What: fmt.Sprintf("%s: %d of %d bytes", what, got, n), Err: Cut(err)}
	}
	return b, nil
}

// Cut is why there was less to read than wanted: the file ends (io.ErrUnexpectedEOF), or whoever read it has failed,
// which Failed tells.
func Cut(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return io.ErrUnexpectedEOF
	}
	return &failure{err}
}

// Failed reports an error that is not the file's: the disk, or whatever else it was read from, did not give it.
func Failed(err error) bool {
	var f *failure
	return errors.As(err, &f)
}

// failure is the error of a source.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }
