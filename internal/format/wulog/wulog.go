// Package wulog reads WindowsUpdate.log, the log of the Windows Update agent, in its two layouts: the tab separated
// one that Windows 8.1 and before write themselves, and the one that Get-WindowsUpdateLog decodes out of the traces of
// Windows 10 and later. What stands in a line is read by functions on its text alone, as the traces themselves (package
// etl) give the same pairs of component and text. It does not judge.
//
// Invariant: every line of the source comes out of the Scanner once, in order, with its number.
package wulog

import (
	"bytes"
	"io"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/format/textline"
)

// Layout is how a line is written.
type Layout uint8

// The layouts. A line that continues another has none.
const (
	NoLayout Layout = iota
	Legacy          // 2013-07-01<tab>08:12:33:123<tab> 912<tab>1a4c<tab>Agent<tab>text
	Decoded         // 2024/04/11 12:48:04.8755474 1980  8444  Agent           text
)

// Entry is one line. Its byte slices are valid until the next call of Scan.
type Entry struct {
	Line   int
	Layout Layout
	// Time is the machine's wall clock, in the form of UTC because its zone is not known. HasTime says that it stands
	// in this line; without it, Time is that of the line before, or zero. (Lines that could not be decoded bear the
	// year 1601; they have no time.)
	Time         time.Time
	HasTime      bool
	PID, TID     uint32
	Component    []byte // "Agent", "DownloadManager", "DnldMgr", "Handler", ...
	Text         []byte // without white space around it
	Continuation bool
	Cut          bool // longer than textline.MaxLine, the end is lost
}

// Scanner reads one entry after another, without allocating. See NewScanner.
type Scanner struct {
	lines *textline.Reader
	entry Entry
	last  time.Time
}

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *Scanner { return &Scanner{lines: textline.NewReader(r)} }

// Scan advances to the next line and reports whether there is one.
func (s *Scanner) Scan() bool {
	if !s.lines.Next() {
		return false
	}
	s.entry = Entry{Line: s.lines.No(), Cut: s.lines.Cut()}
	e := &s.entry
	line := bytes.TrimRight(s.lines.Bytes(), " \t\x00")
	if !e.parse(line) {
		*e = Entry{Line: e.Line, Cut: e.Cut, Time: s.last, Text: bytes.TrimSpace(line), Continuation: true}
		return true
	}
	if e.Time.Year() < 1990 {
		e.Time, e.HasTime = time.Time{}, false
	}
	s.last = e.Time
	return true
}

// Entry is the current line.
func (s *Scanner) Entry() *Entry { return &s.entry }

// Err is the source's error, nil at a plain end.
func (s *Scanner) Err() error { return s.lines.Err() }

// parse reads a whole line of either layout.
func (e *Entry) parse(b []byte) bool {
	if len(b) < 24 || b[4] != '-' && b[4] != '/' || b[7] != b[4] {
		return false
	}
	if b[10] != '\t' && b[10] != ' ' {
		return false
	}
	base := 10
	e.Layout = Decoded
	if b[10] == '\t' || b[19] == ':' { // blanks stand for its tabs where it was pasted
		e.Layout, base = Legacy, 16
	}
	rest, ok := e.parseTime(b)
	if !ok {
		return false
	}
	if e.PID, rest, ok = number(rest, 10); !ok {
		return false
	}
	if e.TID, rest, ok = number(rest, base); !ok {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t")
	n := bytes.IndexAny(rest, " \t")
	if n < 0 {
		n = len(rest)
	}
	e.Component, e.Text = rest[:n], bytes.TrimSpace(rest[n:])
	return n > 0
}

// parseTime reads date and time, to the millisecond (legacy) or to 100 ns, and gives what is behind.
func (e *Entry) parseTime(b []byte) (rest []byte, ok bool) {
	if b[13] != ':' || b[16] != ':' || b[19] != ':' && b[19] != '.' {
		return nil, false
	}
	var part [6]int
	for i, at := range [...][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		if part[i], ok = digits(b[at[0]:at[1]]); !ok {
			return nil, false
		}
	}
	n, nano := 20, 0
	for unit := int(1e8); n < len(b) && b[n] >= '0' && b[n] <= '9'; n++ {
		nano += int(b[n]-'0') * unit
		unit /= 10
	}
	if n == 20 || n > 29 || part[3] > 23 || part[4] > 59 || part[5] > 59 {
		return nil, false
	}
	t := time.Date(part[0], time.Month(part[1]), part[2], part[3], part[4], part[5], nano, time.UTC)
	if int(t.Month()) != part[1] || t.Day() != part[2] {
		return nil, false
	}
	e.Time, e.HasTime = t, true
	return b[n:], true
}

func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// number reads a number that blanks or tabs surround.
func number(b []byte, base int) (v uint32, rest []byte, ok bool) {
	b = bytes.TrimLeft(b, " \t")
	n := 0
	for n < len(b) && n < 10 && b[n] != ' ' && b[n] != '\t' {
		n++
	}
	u, err := strconv.ParseUint(string(b[:n]), base, 32)
	return uint32(u), b[n:], err == nil
}

// Sniff reports whether the head of a file, a few KB of it in any of textline's encodings, is a WindowsUpdate.log of
// either layout, or lines pasted out of one.
func Sniff(head []byte) bool {
	s := NewScanner(bytes.NewReader(head))
	for s.Scan() && s.Entry().Line <= 200 {
		if e := s.Entry(); e.Layout != NoLayout {
			return true
		}
	}
	return false
}
