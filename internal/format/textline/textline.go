// Package textline reads the lines of a Windows text log in constant memory, whatever its encoding (UTF-8 with or
// without BOM, UTF-16 with BOM, UTF-16LE without, the ANSI code page 1252) and line ending (LF, CRLF, bare CR, mixed).
// Lines come out as UTF-8. It knows nothing of what a line says.
//
// Invariant: every byte of the source belongs to exactly one line, and lines are counted as an editor counts them:
// each LF, CRLF and bare CR ends one, and so does the end of the source when bytes stand before it.
package textline

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const (
	bufSize = 256 << 10
	// MaxLine is the longest line in bytes of UTF-8 that is given whole (in ANSI, of the source); of a longer one the
	// rest is dropped and Cut is set.
	MaxLine = 64 << 10
	// maxEmptyReads is how often a source may give nothing, without an error, before it is given up.
	maxEmptyReads = 100
)

// Reader gives one line after another. The zero value is not usable; see NewReader.
type Reader struct {
	src        io.Reader
	buf        []byte
	start, end int  // the unread bytes of buf
	lf, cr     int  // the next LF and CR at or after start; end when there is none in buf
	half       bool // the last ending was a CR with nothing behind it in buf
	begun      bool
	eof        bool
	err        error

	line    []byte
	no      int
	cut     bool
	scratch []byte
}

// NewReader reads lines from src; it does not close it.
func NewReader(src io.Reader) *Reader {
	size := bufSize
	if head, ok := src.(*bytes.Reader); ok { // every format looks at the head of every file
		size = min(bufSize, head.Len()+1)
	}
	return &Reader{src: src, buf: make([]byte, size)}
}

// Next advances to the next line and reports whether there is one.
func (r *Reader) Next() bool {
	if !r.begun {
		r.begun = true
		r.sniff()
	}
	raw, ended, ok := r.take()
	if !ok {
		r.line, r.cut = nil, false
		return false
	}
	r.no++
	r.cut = len(raw) > MaxLine
	if !r.cut {
		r.line = r.decode(raw)
		return true
	}
	// Dropping the rest overwrites the buffer that the line lies in.
	r.scratch = append(r.scratch[:0], r.decode(shorten(raw[:MaxLine]))...)
	r.line = r.scratch
	for !ended && ok {
		_, ended, ok = r.take()
	}
	return true
}

// Bytes is the current line without its ending, in UTF-8; it is valid until the next call of Next.
func (r *Reader) Bytes() []byte { return r.line }

// No is the 1-based number of the current line.
func (r *Reader) No() int { return r.no }

// Cut reports that the current line was longer than MaxLine and lacks its end.
func (r *Reader) Cut() bool { return r.cut }

// Err is the error of the source, nil at a plain end. What was read before it has been given as lines.
func (r *Reader) Err() error { return r.err }

// sniff takes off a byte order mark and puts a decoder before a UTF-16 source.
func (r *Reader) sniff() {
	for r.end < 512 && !r.eof {
		r.fill()
	}
	order, mark, wide := unicode.LittleEndian, 0, false
	switch b := r.buf[:r.end]; {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		mark = 3
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		mark, wide = 2, true
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		order, mark, wide = unicode.BigEndian, 2, true
	default:
		wide = looksWide(b)
	}
	r.start = mark
	if wide {
		head := bytes.NewReader(bytes.Clone(r.buf[mark:r.end]))
		r.buf = make([]byte, bufSize)
		r.src = unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Reader(io.MultiReader(head, r.rest()))
		r.start, r.end, r.eof, r.err = 0, 0, false, nil
	}
	r.lf, r.cr = r.start, r.start
}

// rest is what follows the head that sniff has read: the source, or the error it ended with.
func (r *Reader) rest() io.Reader {
	if r.eof {
		return ended{r.err}
	}
	return r.src
}

type ended struct{ err error }

func (e ended) Read([]byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	return 0, io.EOF
}

// looksWide takes text for UTF-16LE when nearly every second byte of its head is zero and the others are not.
func looksWide(b []byte) bool {
	b = b[:min(len(b), 512)&^1]
	low, high := 0, 0
	for i := 0; i < len(b); i += 2 {
		if b[i] == 0 {
			low++
		}
		if b[i+1] == 0 {
			high++
		}
	}
	pairs := len(b) / 2
	return pairs >= 4 && high*10 >= pairs*8 && low*10 <= pairs
}

// fill moves the unread bytes to the front of the buffer and reads more behind them.
func (r *Reader) fill() {
	r.lf, r.cr, r.end = r.lf-r.start, r.cr-r.start, copy(r.buf, r.buf[r.start:r.end])
	r.start = 0
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if err != nil {
			r.eof = true
			if !errors.Is(err, io.EOF) {
				r.err = err
			}
		}
		if n > 0 || r.eof {
			if r.half && n > 0 {
				r.half = false
				if r.buf[r.start] == '\n' {
					r.start++
				}
			}
			return
		}
	}
	r.eof, r.err = true, io.ErrNoProgress
}

// find gives the place of the next c, or end. Bytes once searched in vain are not searched again, or a file with
// only bare CR would cost the whole buffer per line.
func (r *Reader) find(c byte, from int) int {
	from = max(from, r.start)
	if from == r.end || r.buf[from] == c {
		return from
	}
	if i := bytes.IndexByte(r.buf[from:r.end], c); i >= 0 {
		return from + i
	}
	return r.end
}

// take takes the next line off the buffer, without its ending. It gives a line that has not ended when the source
// has, or when the line is longer than MaxLine; ok is false when there is nothing.
func (r *Reader) take() (raw []byte, ended, ok bool) {
	for {
		r.lf, r.cr = r.find('\n', r.lf), r.find('\r', r.cr)
		at := min(r.lf, r.cr)
		if at < r.end {
			raw = r.buf[r.start:at]
			r.skipEnding(at)
			return raw, true, true
		}
		if r.eof || r.end-r.start > MaxLine {
			raw = r.buf[r.start:r.end]
			r.start = r.end
			return raw, false, len(raw) > 0
		}
		r.fill()
	}
}

// skipEnding goes behind the line ending at at. A CR that is the buffer's last byte may be half of a CRLF.
func (r *Reader) skipEnding(at int) {
	r.start = at + 1
	switch {
	case r.buf[at] != '\r':
	case r.start == r.end:
		r.half = true
	case r.buf[r.start] == '\n':
		r.start++
	}
}

// shorten takes off the last rune when the cut went through it.
func shorten(b []byte) []byte {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax); i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				return b
			}
			return b[:i]
		}
	}
	return b
}

// decode gives raw itself when it is UTF-8. A line that is not is taken for ANSI alone, so that one damaged byte in
// a UTF-8 file spoils no more than its line.
func (r *Reader) decode(raw []byte) []byte {
	if utf8.Valid(raw) {
		return raw
	}
	r.scratch = r.scratch[:0]
	for _, c := range raw {
		r.scratch = utf8.AppendRune(r.scratch, charmap.Windows1252.DecodeByte(c))
	}
	return r.scratch
}
