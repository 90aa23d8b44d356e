// Package dismlog reads DISM.log, the log of the deployment image servicing tool and its API. It takes lines apart and
// judges none: providers that are not there (0x8007007e) and images that are no mount point stand in healthy logs.
//
// Invariant: every line of the source comes out of the Scanner once, in order, with its number.
package dismlog

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/format/wdslog"
	"github.com/redx-update/redx/internal/hresult"
)

// Entry is one line. Its byte slices are valid until the next call of Scan.
type Entry struct {
	Line int
	// Time is the machine's wall clock, in the form of UTC because its zone is not known. HasTime says that it stands
	// in this line; without it, Time is that of the line before, or zero.
	Time      time.Time
	HasTime   bool
	Level     wdslog.Level
	Component string // "DISM", or empty
	// Provider is what DISM puts before the process: "API", "DISM Package Manager", "DISM Provider Store"; often empty.
	Provider []byte
	PID, TID uint32 // 0 when the line has none
	// Text is the message without the function; Function is behind its last dash: "CDISMProviderStore::Final_OnConnect".
	Text         []byte
	Function     []byte
	Continuation bool // a line without time and level
	Cut          bool // longer than textline.MaxLine, the end is lost
}

// Scanner reads one entry after another. See NewScanner.
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
	h := s.heads.Parse(s.lines.Bytes())
	s.entry = Entry{
		Line: s.lines.No(), Time: h.Time, HasTime: h.HasTime, Level: h.Level, Component: h.Component,
		Text: h.Text, Continuation: h.Continuation(), Cut: s.lines.Cut(),
	}
	switch {
	case h.HasTime:
		s.last = h.Time
	case h.Continuation():
		s.entry.Time = s.last
		s.entry.splitWIM()
	}
	if h.Component == "DISM" {
		s.entry.splitDISM()
	}
	return true
}

// Entry is the current line.
func (s *Scanner) Entry() *Entry { return &s.entry }

// Err is the source's error, nil at a plain end.
func (s *Scanner) Err() error { return s.lines.Err() }

// splitDISM takes "Provider: PID=1 TID=2 text - Function" apart; all of it may be missing.
func (e *Entry) splitDISM() {
	at := bytes.Index(e.Text, []byte("PID="))
	if at == 0 || at >= 2 && bytes.HasSuffix(e.Text[:at], []byte(": ")) {
		pid, rest, ok1 := number(e.Text[at+len("PID="):])
		after, found := bytes.CutPrefix(rest, []byte(" TID="))
		tid, rest, ok2 := number(after)
		if ok1 && ok2 && found {
			e.Provider = bytes.TrimSuffix(e.Text[:at], []byte(": "))
			e.PID, e.TID = pid, tid
			e.Text = bytes.TrimLeft(rest, " ")
		}
	}
	if i := bytes.LastIndex(e.Text, []byte(" - ")); i >= 0 && isFunction(e.Text[i+3:]) {
		e.Text, e.Function = bytes.TrimRight(e.Text[:i], " "), e.Text[i+3:]
	}
}

// splitWIM takes the process off the lines of the WIM library: "[3144] [0x8007007b] FIOReadFileIntoBuffer:(1452): x".
func (e *Entry) splitWIM() {
	rest, ok := bytes.CutPrefix(e.Text, []byte("["))
	if !ok {
		return
	}
	pid, rest, ok := number(rest)
	if text, found := bytes.CutPrefix(rest, []byte("] [0x")); ok && found {
		e.PID = pid
		e.Text = e.Text[len(e.Text)-len(text)-len("[0x"):]
	}
}

// isFunction accepts "CDISMProviderStore::Internal_GetProvider(hr:0x8007007e)".
func isFunction(b []byte) bool {
	name, _, _ := bytes.Cut(b, []byte("("))
	for _, c := range name {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > ':') && c != '_' && c != '~' {
			return false
		}
	}
	return len(name) > 0
}

func number(b []byte) (v uint32, rest []byte, ok bool) {
	n := 0
	for n < len(b) && n < 10 && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	u, err := strconv.ParseUint(string(b[:n]), 10, 32)
	return uint32(u), b[n:], err == nil
}

// Code finds the result code of an entry, never that of success: "(hr:0x80070003)" behind the function, "[0x8007007b]" before the text, or
// any other failure code in it; in setup's lines "GLE = 0x3[gle=0x00000003]" and "Return status: 80070003".
func (e *Entry) Code() (hresult.Code, bool) {
	if code, _, ok := cbslog.HResult(string(e.Function)); ok && code != 0 {
		return code, true
	}
	text := string(e.Text)
	if _, rest, found := strings.Cut(text, "Return status: "); found && len(rest) == 8 {
		v, err := strconv.ParseUint(rest, 16, 32)
		return hresult.Code(v), err == nil && v != 0
	}
	code, _, ok := cbslog.HResult(text)
	if ok && code > 0 && code <= 0xffff {
		code |= 0x80070000
	}
	return code, ok && code != 0
}

// Sniff reports whether the head of a file, in any of textline's encodings, is a DISM.log: the first line with a
// component is one of DISM.
func Sniff(head []byte) bool {
	s := NewScanner(bytes.NewReader(head))
	for s.Scan() && s.Entry().Line <= 200 {
		if c := s.Entry().Component; c != "" {
			return c == "DISM"
		}
		if at := bytes.Index(s.Entry().Text, []byte("PID=")); at > 0 && bytes.HasPrefix(s.Entry().Text, []byte("DISM ")) {
			return true // pasted without time and level
		}
	}
	return false
}
