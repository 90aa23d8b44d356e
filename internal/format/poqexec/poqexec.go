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

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *textline.Scanner[Entry] { return textline.NewScanner(r, parse) }

var (
	stamp  = regexp.MustCompile(`^(?:0x)?([0-9a-fA-F]{15,16}): ?`)
	status = regexp.MustCompile(`(?i)\b(?:0x)?(c[0-9a-f]{7})\b`)
)

func parse(no int, line []byte) Entry {
	e := Entry{Line: no, Text: bytes.TrimSpace(line)}
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

// Sniff reports whether the head of a file, in any of textline's encodings, is a poqexec.log: its first line, or the
// second, begins with a FILETIME of this century in hexadecimal.
func Sniff(head []byte) bool {
	s := NewScanner(bytes.NewReader(head))
	for n := 0; n < 20 && s.Scan(); n++ {
		if n == 0 && s.Entry().Time.IsZero() {
			continue // it may be cut
		}
		if len(s.Entry().Text) > 0 || !s.Entry().Time.IsZero() {
			y := s.Entry().Time.Year()
			return y >= 2000 && y < 2100
		}
	}
	return false
}
