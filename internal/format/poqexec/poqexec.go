// Package poqexec reads poqexec.log, in which the servicing stack notes the file operations that it carries out while
// Windows starts. It splits lines; it judges nothing. Layout as people have published it; no real sample was at hand:
//
//	1da44330b8e1a20: 12c;Move File: Source = \SystemRoot\WinSxS\Temp\a, Destination = \SystemRoot\System32\b
//	1da44330b8e1a20: c0000034;...
//
// The first number is a FILETIME in hexadecimal (UTC), the second a counter or an NTSTATUS.
package poqexec

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/winbin"
)

// Entry is one line. Text is valid until the next call of Scan.
type Entry struct {
	Line int
	Time time.Time // UTC; zero where the line has none
	Text []byte    // the rest of the line
	Code hresult.Code
}

// Scanner reads one entry after another.
type Scanner struct {
	lines *textline.Reader
	entry Entry
}

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *Scanner { return &Scanner{lines: textline.NewReader(r)} }

// Scan advances to the next line and reports whether there is one.
func (s *Scanner) Scan() bool {
	if !s.lines.Next() {
		return false
	}
	s.entry = parse(s.lines.Bytes())
	s.entry.Line = s.lines.No()
	return true
}

// Entry is the current line.
func (s *Scanner) Entry() *Entry { return &s.entry }

// Err is the source's error, nil at a plain end.
func (s *Scanner) Err() error { return s.lines.Err() }

var (
	stamp  = regexp.MustCompile(`^(?:0x)?([0-9a-fA-F]{15,16}): ?`)
	status = regexp.MustCompile(`(?i)\b(?:0x)?(c[0-9a-f]{7})\b`)
)

func parse(line []byte) Entry {
	e := Entry{Text: bytes.TrimSpace(line)}
	m := stamp.FindSubmatch(e.Text)
	if m == nil {
		return e
	}
	if ticks, err := strconv.ParseUint(string(m[1]), 16, 64); err == nil {
		e.Time = winbin.Filetime(ticks)
	}
	e.Text = e.Text[len(m[0]):]
	if c := status.FindSubmatch(e.Text); c != nil {
		if n, err := strconv.ParseUint(string(c[1]), 16, 32); err == nil {
			e.Code = hresult.Code(n)
		}
	}
	return e
}

// Sniff reports whether the head of a file, in any of textline's encodings, is a poqexec.log: its first line begins
// with a FILETIME of this century in hexadecimal.
func Sniff(head []byte) bool {
	s := NewScanner(bytes.NewReader(head))
	for n := 0; n < 20 && s.Scan(); n++ {
		if len(s.entry.Text) > 0 || !s.entry.Time.IsZero() {
			y := s.entry.Time.Year()
			return y >= 2000 && y < 2100
		}
	}
	return false
}
