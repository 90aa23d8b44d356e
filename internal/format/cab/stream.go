package cab

import (
	"io"

	"github.com/redx-update/redx/internal/format"
)

// skipTo unpacks until pos is the next byte to be read.
func (s *stream) skipTo(pos int64) error {
	if pos < s.pos {
		return format.At(s.off, "file at 0x%x of its folder lies over another that ends at 0x%x", pos, s.pos)
	}
	for s.pos < pos {
		if len(s.out) == 0 {
			if err := s.next(); err != nil {
				return err
			}
		}
		n := min(int64(len(s.out)), pos-s.pos)
		s.out, s.pos = s.out[n:], s.pos+n
	}
	return nil
}

// Read hands out the unpacked folder; at its end it returns the reason as stream.next knows it, never io.EOF.
func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.out) == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.out)
	s.out, s.pos = s.out[n:], s.pos+int64(n)
	return n, nil
}

// section is one file of a folder that is being unpacked.
type section struct {
	s   *stream
	end int64
}

func (f *section) Read(p []byte) (int, error) {
	left := f.end - f.s.pos
	if left <= 0 {
		return 0, io.EOF
	}
	return f.s.Read(p[:min(int64(len(p)), left)])
}

// WriteTo saves io.Copy its buffer: blocks go out as they were unpacked.
func (f *section) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for f.s.pos < f.end {
		if len(f.s.out) == 0 {
			if err := f.s.next(); err != nil {
				return total, err
			}
		}
		chunk := f.s.out[:min(int64(len(f.s.out)), f.end-f.s.pos)]
		n, err := w.Write(chunk)
		total += int64(n)
		f.s.out, f.s.pos = f.s.out[n:], f.s.pos+int64(n)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// failed is the reader of a file that cannot be had.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
