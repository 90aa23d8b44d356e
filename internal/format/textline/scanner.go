package textline

import "io"

// Scanner gives the lines of a log taken apart, one after another.
type Scanner[T any] struct {
	lines *Reader
	parse func(no int, line []byte) T
	entry T
}

// NewScanner reads from r, which it does not close; parse takes a line apart and is given its 1-based number. What it
// returns may point into the line, which is valid until the next call of Scan.
func NewScanner[T any](r io.Reader, parse func(no int, line []byte) T) *Scanner[T] {
	return &Scanner[T]{lines: NewReader(r), parse: parse}
}

// Scan advances to the next line and reports whether there is one.
func (s *Scanner[T]) Scan() bool {
	if !s.lines.Next() {
		return false
	}
	s.entry = s.parse(s.lines.No(), s.lines.Bytes())
	return true
}

// Entry is the current line.
func (s *Scanner[T]) Entry() *T { return &s.entry }

// Err is the source's error, nil at a plain end.
func (s *Scanner[T]) Err() error { return s.lines.Err() }
