// Package cbslog reads CBS.log, the log of Windows' component based servicing, and the CbsPersist logs it is rolled
// into: lines (Scanner), what stands in a line (the Parse functions), and what a run of lines means (Tracker, Events).
// It does not judge: 0x80070002 stands in healthy logs too.
//
// Invariant: every line of the source comes out of the Scanner once, in order, with its number.
package cbslog

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/format/wdslog"
)

// Components that redx branches on. SFC is the part of CSI that verifies for "sfc /scannow"; its lines carry [SR].
const (
	CBS = "CBS"
	CSI = "CSI"
	SFC = "CSI [SR]"
)

// Entry is one line. Its Text is valid until the next call of Scan.
type Entry struct {
	Line int
	// Time is the machine's wall clock, in the form of UTC because its zone is not known. HasTime says that it stands
	// in this line; without it, Time is that of the entry that a continuation goes on with, or zero.
	Time    time.Time
	HasTime bool
	Level   wdslog.Level
	// Component is "CBS", "CSI", "CSI [SR]", "DPX", "SXS", ...; empty where the line has none.
	Component string
	// Seq is the sequence number that CSI puts first ("000000fb"), HasSeq that there is one; UTC is the universal time
	// behind it ("00000001@2022/9/15:05:18:07.054"), mostly zero.
	Seq    uint32
	HasSeq bool
	UTC    time.Time
	// Text is the rest, in UTF-8, without white space around it.
	Text []byte
	// Continuation marks a line without time and level: it goes on with the entry before it, or is an excerpt.
	Continuation bool
	// Cut marks a line longer than textline.MaxLine, whose end was dropped.
	Cut bool
}

// Scanner reads one entry after another, without allocating. See NewScanner.
type Scanner struct {
	lines *textline.Reader
	heads wdslog.Parser
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
	e := &s.entry
	h := s.heads.Parse(s.lines.Bytes())
	*e = Entry{
		Line: s.lines.No(), Time: h.Time, HasTime: h.HasTime, Level: h.Level, Component: h.Component,
		Text: h.Text, Continuation: h.Continuation(), Cut: s.lines.Cut(),
	}
	if e.Continuation && len(e.Text) > len("CSI ") && string(e.Text[:4]) == "CSI " { // pasted without time and level
		if text := bytes.TrimLeft(e.Text[4:], " \t"); startsHex(text) {
			e.Component, e.Text, e.Continuation = CSI, text, false
		}
	}
	switch {
	case h.HasTime:
		s.last = h.Time
	case e.Continuation:
		e.Time = s.last
	default:
		s.last = time.Time{}
	}
	if e.Component == CSI {
		e.splitCSI()
	}
	return true
}

// Entry is the current line.
func (s *Scanner) Entry() *Entry { return &s.entry }

// Err is the source's error, nil at a plain end.
func (s *Scanner) Err() error { return s.lines.Err() }

// splitCSI takes sequence number, universal time and [SR] off a CSI line's text.
func (e *Entry) splitCSI() {
	seq, ok := hex32(e.Text)
	if !ok || len(e.Text) > 8 && e.Text[8] != ' ' && e.Text[8] != '@' {
		return
	}
	e.Seq, e.HasSeq = seq, true
	rest := e.Text[8:]
	if len(rest) > 0 && rest[0] == '@' {
		stamp, text, _ := bytes.Cut(rest[1:], []byte(" "))
		e.UTC, _ = time.Parse("2006/1/2:15:04:05.000", string(stamp))
		rest = text
	}
	rest = bytes.TrimLeft(rest, " \t")
	if text, ok := bytes.CutPrefix(rest, []byte("[SR] ")); ok {
		e.Component, rest = SFC, text
	}
	e.Text = rest
}

func startsHex(b []byte) bool {
	_, ok := hex32(b)
	return ok
}

// hex32 reads the eight hex digits at the start of b.
func hex32(b []byte) (v uint32, ok bool) {
	if len(b) < 8 {
		return 0, false
	}
	for _, c := range b[:8] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		v = v<<4 | uint32(d)
	}
	return v, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// sniffLines is how many lines at the head of a file decide what it is.
const sniffLines = 200

// Sniff reports whether the head of a file, a few KB of it in any of textline's encodings, is a CBS.log: the first
// line that tells is one of the servicing components, not of DISM or setup, or it is a servicing line that was pasted
// without its head.
func Sniff(head []byte) bool {
	s := NewScanner(bytes.NewReader(head))
	for s.Scan() && s.Entry().Line <= sniffLines {
		e := s.Entry()
		switch e.Component {
		case CBS, CSI, SFC, "DPX", "SXS":
			return true
		case "":
		default:
			return false
		}
		if !e.HasTime && isServicingText(string(e.Text)) {
			return true
		}
	}
	return false
}

// isServicingText knows the lines that people paste without their head.
func isServicingText(text string) bool {
	if c, ok := ParseCorruption(text); ok && c.Status == "" {
		return true
	}
	said := strings.TrimPrefix(text, "(F) ")
	for _, prefix := range pasted {
		if strings.HasPrefix(said, prefix) {
			return true
		}
	}
	for _, mark := range marks {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// marks stand in lines of servicing alone: how it writes the code of a failure.
var marks = [...]string{"[HRESULT = 0x", "(F) STATUS_", "(F) HRESULT_FROM_WIN32(", "error SYNTAX 0X", "# from Windows::"}

var pasted = [...]string{
	"Checking System Update Readiness.", "Operation: Detect ", "Operation result: 0x", "Failed to find file: ",
	"Store corruption, manifest missing", "Doqe: ", "Loaded Servicing Stack v",
	"INSTALL index: ", "Startup: ", "Pending transaction content ", "error SYNTAX ",
	"Failed to collect payload and there is nothing ", "Failed reading Identity for driver ", "Appl: Evaluating package ",
	"DriverUpdateInstallUpdates failed", "Loading user account SID", "Exec: ", "Failed in StartService for ", "Matching binary: ",
	"Manifest hash ", "InstallTaskOnline: ", "Store corruption detected in function ", "A pending repair transaction ",
}
