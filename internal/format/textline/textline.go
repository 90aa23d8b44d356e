// Package textline reads the lines of a Windows text log in constant memory, whatever its encoding (UTF-8 with or
// without BOM, UTF-16LE with or without BOM, the ANSI code page 1252) and line ending (LF, CRLF, bare CR). Lines come
// out as UTF-8. It knows nothing of what a line says.
package textline

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/redx-update/redx/internal/winbin"
)

const (
	bufSize = 256 << 10
	// MaxLine is the longest line in bytes that is given whole; of a longer one the rest is dropped and Cut is set.
	MaxLine = 64 << 10
)

// Reader gives one line after another. The zero value is not usable; see NewReader.
type Reader struct {
	src   io.Reader
	buf   []byte
	start int // first unread byte of buf
	end   int // first free byte of buf
	wide  bool
	begun bool
	eof   bool
	err   error

	line []byte
	no   int
	cut  bool
	// skipping is set while the rest of an overlong line is dropped.
	skipping bool
	scratch  []byte
}

// NewReader reads lines from src; it does not close it.
func NewReader(src io.Reader) *Reader { return &Reader{src: src, buf: make([]byte, bufSize)} }

// Next advances to the next line and reports whether there is one.
func (r *Reader) Next() bool {
	if !r.begun {
		r.begun = true
		r.fill()
		r.sniff()
	}
	for {
		raw, ok := r.cutLine()
		if !ok {
			return false
		}
		if r.skipping {
			r.skipping = r.cut
			continue
		}
		r.no++
		r.skipping = r.cut
		r.line = r.decode(raw)
		return true
	}
}

// Bytes is the current line without its ending, in UTF-8; it is valid until the next call of Next.
func (r *Reader) Bytes() []byte { return r.line }

// No is the 1-based number of the current line.
func (r *Reader) No() int { return r.no }

// Cut reports that the current line was longer than MaxLine and lacks its end.
func (r *Reader) Cut() bool { return r.cut }

// Err is the error of the source, nil at a plain end.
func (r *Reader) Err() error { return r.err }

func (r *Reader) fill() {
	if r.eof {
		return
	}
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.end -= r.start
		r.start = 0
	}
	for tries := 0; r.end < len(r.buf) && tries < 100; tries++ {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if err != nil {
			r.eof = true
			if !errors.Is(err, io.EOF) {
				r.err = err
			}
			return
		}
		if n > 0 && r.end-r.start > MaxLine*2 {
			return
		}
	}
}

// sniff takes off a byte order mark and decides on UTF-16LE.
func (r *Reader) sniff() {
	b := r.buf[r.start:r.end]
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		r.start += 3
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		r.start += 2
		r.wide = true
	default:
		r.wide = looksWide(b)
	}
}

// looksWide takes text for UTF-16LE when nearly every second byte of its head is zero.
func looksWide(b []byte) bool {
	b = b[:min(len(b), 512)]
	zero := 0
	for i := 1; i < len(b); i += 2 {
		if b[i] == 0 {
			zero++
		}
	}
	return len(b) >= 8 && zero*10 >= len(b)/2*8
}

// cutLine takes the next line off the buffer, without its ending. At MaxLine it cuts.
func (r *Reader) cutLine() ([]byte, bool) {
	if r.end-r.start < MaxLine*2+4 {
		r.fill()
	}
	b := r.buf[r.start:r.end]
	if len(b) == 0 || (r.wide && len(b) == 1) {
		return nil, false
	}
	limit, width := MaxLine, 1
	if r.wide {
		limit, width = MaxLine*2, 2
	}
	i, n := r.ending(b[:min(len(b), limit+width)])
	r.cut = i < 0 && len(b) > limit
	switch {
	case r.cut:
		i, n = limit, 0
	case i < 0:
		i, n = len(b), 0
	}
	r.start += i + n
	return b[:i], true
}

// ending finds the first line ending in b: its offset, or -1, and its length in bytes.
func (r *Reader) ending(b []byte) (at, length int) {
	if r.wide {
		return wideEnding(b)
	}
	lf := bytes.IndexByte(b, '\n')
	head := b
	if lf >= 0 {
		head = b[:lf]
	}
	cr := bytes.IndexByte(head, '\r')
	switch {
	case cr < 0 && lf < 0:
		return -1, 0
	case cr < 0:
		return lf, 1
	case cr+1 < len(b) && b[cr+1] == '\n':
		return cr, 2
	default:
		return cr, 1
	}
}

func wideEnding(b []byte) (at, length int) {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i+1] != 0 || (b[i] != '\n' && b[i] != '\r') {
			continue
		}
		if b[i] == '\r' && i+3 < len(b) && b[i+2] == '\n' && b[i+3] == 0 {
			return i, 4
		}
		return i, 2
	}
	return -1, 0
}

func (r *Reader) decode(raw []byte) []byte {
	switch {
	case r.wide:
		r.scratch = append(r.scratch[:0], winbin.UTF16(raw)...)
		return r.scratch
	case utf8.Valid(raw) || r.cut:
		return raw
	}
	r.scratch = r.scratch[:0]
	for _, c := range raw {
		r.scratch = utf8.AppendRune(r.scratch, charmap.Windows1252.DecodeByte(c))
	}
	return r.scratch
}
