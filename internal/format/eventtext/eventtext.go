// Package eventtext reads records of event logs that somebody has pasted as text: what Event Viewer copies, what
// PowerShell's Get-WinEvent prints as a list, the same as XML, and bare descriptions. It gives them in the form of package
// evtx, as far as the text has what a record has; the fields of a description are known by their shape (a code, a path, a title
// behind the last colon), since its words are those of the reader's language. It judges nothing.
//
// Invariant: every record bears the line it begins at, and no text is kept beyond the bounds below.
package eventtext

import (
	"bytes"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/textline"
)

const (
	maxText   = 16 << 10 // bytes of one record that are kept
	sniffed   = 200      // lines that decide what a file is
	maxNumber = 1 << 16
)

// Record is one pasted record. Its number is its place in the text; it has a time only where that is in UTC.
type Record struct {
	Line int // 1-based, of its first line
	evtx.Record
}

// Scanner reads one record after another. See NewScanner.
type Scanner struct {
	lines *textline.Reader
	block block
	join  joiner
	table string // the provider that was named last
	ready []Record
	made  uint64
	ended bool
}

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *Scanner { return &Scanner{lines: textline.NewReader(r)} }

// Scan advances to the next record and reports whether there is one.
func (s *Scanner) Scan() bool {
	if len(s.ready) > 0 {
		s.ready = s.ready[1:]
	}
	for len(s.ready) == 0 && !s.ended {
		if s.lines.Next() {
			s.line(s.lines.No(), s.lines.Bytes())
			continue
		}
		s.ended = true
		s.flush()
	}
	return len(s.ready) > 0
}

// Record is the current one.
func (s *Scanner) Record() *Record { return &s.ready[0] }

// Err is the source's error, nil at a plain end.
func (s *Scanner) Err() error { return s.lines.Err() }

func (s *Scanner) line(no int, b []byte) {
	text := strings.TrimSpace(string(b[:min(len(b), maxText)]))
	name, value, labelled := label(text)
	if !labelled {
		name, value, labelled = s.block.unnamed(text)
	}
	if labelled && name == labelSource {
		s.table = providerOf(value)
	}
	whole, inOne := inRow(no, text, s.table)
	switch {
	case s.block.xml || startsXML(text):
		s.xmlLine(no, text)
	case inOne:
		s.flush()
		s.block = whole
	case labelled && s.block.begins(name):
		s.flush()
		s.block.set(no, name, value)
	case labelled:
		s.block.set(no, name, value)
	case s.block.describing() && known(s.block.provider, s.block.id):
		s.block.more(text)
	default:
		s.bare(no, text)
	}
}

// xmlLine gathers an event up to its end; what stands behind that on the same line is another.
func (s *Scanner) xmlLine(no int, text string) {
	for {
		if !s.block.xml {
			i := strings.Index(text, "<Event ")
			if i < 0 {
				return
			}
			s.flush()
			s.block, text = block{xml: true, line: no}, text[i:]
		}
		head, rest, ends := strings.Cut(text, "</Event>")
		s.block.more(head)
		if !ends {
			return
		}
		s.block.more("</Event>")
		s.flush()
		text = rest
	}
}

// bare takes a line that is the description of an event all by itself.
func (s *Scanner) bare(no int, text string) {
	if provider, id, whole, line := s.join.add(no, text); provider != "" {
		s.flush()
		s.block = block{line: line, provider: provider, id: id}
		s.block.more(whole)
		s.flush()
	}
}

// flush makes the record of what was gathered.
func (s *Scanner) flush() {
	b := s.block
	s.block = block{}
	rec, ok := b.record()
	if !ok || s.made >= maxNumber {
		return
	}
	s.made++
	rec.Number = s.made
	s.ready = append(s.ready, rec)
}

// Sniff reports whether the head of a file, in any of textline's encodings, has a pasted record that package winevents knows.
func Sniff(head []byte) bool {
	lines := textline.NewReader(bytes.NewReader(head))
	var b block
	var join joiner
	table := ""
	for lines.Next() && lines.No() <= sniffed {
		text := strings.TrimSpace(string(lines.Bytes()[:min(len(lines.Bytes()), maxText)]))
		if _, inOne := inRow(lines.No(), text, table); inOne || startsXML(text) {
			return true
		}
		name, value, ok := label(text)
		if !ok {
			name, value, ok = b.unnamed(text)
		}
		if ok {
			if name == labelSource {
				table = providerOf(value)
			}
			if b.begins(name) {
				b = block{}
			}
			b.set(lines.No(), name, value)
		} else if provider, _, _, _ := join.add(lines.No(), text); provider != "" {
			return true
		}
		if known(b.provider, b.id) {
			return true
		}
	}
	return false
}
