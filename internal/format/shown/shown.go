// Package shown reads what Windows shows to people who then copy it: what DISM, sfc and PowerShell's cmdlets print, the
// role wizard's message, what net and sc answer, Windows Update's dialogs and its list of updates, the screen of a start that is stuck, keys of
// packages out of the registry. It knows shapes, not sentences, where a language can be another. It is no reader of
// logs, and it judges nothing.
//
// Invariant: a record stands for a line that says by its own shape who has failed; a code in prose is none.
package shown

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/hresult"
)

// Kind says what a Record is.
type Kind uint8

// The kinds of a Record.
const (
	ToolFailed    Kind = iota + 1 // DISM, a cmdlet or the role wizard ended with Code
	UpdateFailed                  // the list of updates: Title failed with Code
	AgentFailed                   // a dialog of Windows Update, or a line of Delivery Optimization's log, has Code
	StartFailed                   // an operation at a start of Windows ended with Code, Path is what it was at
	RepairPending                 // sfc waits for an earlier repair
	PackageState                  // the package Name is in State, which is negative
	ServiceFailed                 // the service Name was not started, or is not to be, with Code
)

// Record is one thing that was shown.
type Record struct {
	Kind     Kind
	Line     int // 1-based
	Text     string
	Code     hresult.Code
	Title    string
	Download bool // UpdateFailed: it was not even downloaded
	Path     string
	Name     string
	State    int
}

const (
	maxLines   = 4000
	maxText    = 2 << 10 // bytes of a line that are looked at
	maxRecords = 100
)

// Records reads a text to its end, at most maxLines of it. An error is the source's.
func Records(r io.Reader) ([]Record, error) {
	lines := textline.NewReader(r)
	var s state
	for lines.Next() && lines.No() <= maxLines && len(s.out) < maxRecords {
		b := lines.Bytes()
		s.line(lines.No(), strings.TrimSpace(unmarked.Replace(string(b[:min(len(b), maxText)]))))
	}
	return s.records(), lines.Err()
}

// unmarked takes out the marks of direction that Windows sets around dates, and makes blanks of the wider ones.
var unmarked = strings.NewReplacer("\u200e", "", "\u200f", "", "\u00a0", " ", "\u202f", " ")

// Sniff reports whether the head of a file, in any of textline's encodings, has a record.
func Sniff(head []byte) bool {
	found, _ := Records(bytes.NewReader(head))
	return len(found) > 0
}

// state is what earlier lines have said.
type state struct {
	out      []Record
	dism     bool     // DISM is named somewhere, or
	versions int      // it has told its own version and that of the image
	errors   []Record // lines that are DISM's error if it is
	cmdlet   block
	title    heading
	done     map[string]bool // titles of which the list says that they were installed
	agent    int             // line that named Windows Update last, 0 for none
	key      string
	// delivered counts the entries of Delivery Optimization's log that tell of no error.
	delivered int
	// service is the one that a command starts or shows, and that the next lines are about.
	service string
}

// block is the cmdlet whose error goes on in the next lines.
type block struct {
	name string
	left int
}

// heading is a title of an update and where it stood.
type heading struct {
	text string
	left int // lines in which its result may come
}

func (s *state) line(no int, text string) {
	lower := strings.ToLower(text)
	if s.dism = s.dism || strings.Contains(lower, "dism"); version.MatchString(text) {
		s.versions++
		s.dism = s.dism || s.versions > 1
	}
	if text == "" {
		s.cmdlet = block{}
		return
	}
	if strings.Contains(lower, "windows update") {
		s.agent = no
	}
	for _, read := range []func(*Record) bool{s.handler, s.start, s.registry, s.ofService, s.tool, s.inList, s.dialog} {
		rec := Record{Line: no, Text: text}
		if read(&rec) {
			s.out = append(s.out, rec)
			break
		}
	}
	s.entitled(text)
}

// records gives what was found, in the order of lines.
func (s *state) records() []Record {
	s.out = slices.DeleteFunc(s.out, func(r Record) bool { return r.Kind == UpdateFailed && s.done[r.Title] })
	const whole = 20 // such entries make a log of a whole computer, in which some downloads stand still and go on
	if s.delivered > whole {
		s.out = slices.DeleteFunc(s.out, func(r Record) bool { return delivery.MatchString(r.Text) })
	}
	if !s.dism {
		return s.out
	}
	var out []Record
	errors := s.errors
	for _, r := range s.out {
		for len(errors) > 0 && errors[0].Line < r.Line {
			out, errors = append(out, errors[0]), errors[1:]
		}
		out = append(out, r)
	}
	return append(out, errors...)
}

// number reads hex digits as a result code; failures alone count.
func number(digits string) (hresult.Code, bool) {
	n, err := strconv.ParseUint(digits, 16, 32)
	c := hresult.Code(n)
	return c, err == nil && c.Failed()
}
