// Package setupapi reads setupapi.dev.log, setupapi.offline.log and setupapi.upgrade.log: what Windows did with
// drivers, section by section. It splits lines; it judges nothing.
//
// Layout as documented for SetupAPI text logs and observed on a real setupapi.dev.log: a section begins with
// ">>>  [title]" and ">>>  Section start <time>", ends with "<<<  Section end <time>" and "<<<  [Exit status: ...]";
// lines between carry "!" (warning) or "!!!" (error) in front of a three-letter category. Public samples of the offline
// and upgrade logs were looked at on the side.
package setupapi

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/hresult"
)

// Level is the mark in front of a line.
type Level uint8

// The levels.
const (
	Plain   Level = iota
	Warning       // !
	Error         // !!!
)

// Entry is one line. Text is valid until the next call of Scan.
type Entry struct {
	Line int
	// Section is the title of the section that the line is in, without brackets; empty between sections.
	Section string
	// Time is the time of the section's start or, in its last lines, of its end: the machine's wall clock.
	Time     time.Time
	Level    Level
	Category string // "inf", "sto", "idb", "dvi", "cmd", ...; empty where the line has none
	Text     []byte
	// Exit is the text of "[Exit status: ...]", set in that line only: SUCCESS, or FAILURE(0x00000003).
	Exit string
}

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *textline.Scanner[Entry] {
	var p parser
	return textline.NewScanner(r, p.parse)
}

// parser carries the section from line to line.
type parser struct {
	entry Entry
	ended bool
}

func (p *parser) parse(no int, line []byte) Entry {
	if p.ended {
		*p = parser{}
	}
	e := &p.entry
	e.Line, e.Level, e.Category, e.Exit = no, Plain, "", ""
	text := bytes.TrimSpace(line)
	switch {
	case bytes.HasPrefix(text, []byte(">>>")):
		p.begin(bytes.TrimSpace(text[3:]))
	case bytes.HasPrefix(text, []byte("<<<")):
		p.end(bytes.TrimSpace(text[3:]))
	default:
		e.Level, e.Category, e.Text = splitBody(text)
	}
	return *e
}

func (p *parser) begin(text []byte) {
	p.entry.Text = text
	if title, ok := bracketed(text); ok {
		p.entry.Section, p.entry.Time = string(title), time.Time{}
	} else if rest, ok := bytes.CutPrefix(text, []byte("Section start ")); ok {
		p.entry.Time = parseTime(rest)
	}
}

func (p *parser) end(text []byte) {
	p.entry.Text = text
	if rest, ok := bytes.CutPrefix(text, []byte("Section end ")); ok {
		p.entry.Time = parseTime(rest)
	}
	if status, ok := bracketed(text); ok {
		p.entry.Exit = string(bytes.TrimPrefix(status, []byte("Exit status: ")))
		p.ended = true
	}
}

func bracketed(text []byte) ([]byte, bool) {
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return nil, false
	}
	return text[1 : len(text)-1], true
}

func parseTime(b []byte) time.Time {
	t, err := time.Parse("2006/01/02 15:04:05.999", string(bytes.TrimSpace(b)))
	if err != nil {
		return time.Time{}
	}
	return t
}

// splitBody takes mark and category off a line of a section.
func splitBody(text []byte) (level Level, category string, rest []byte) {
	switch {
	case bytes.HasPrefix(text, []byte("!!!")):
		level, text = Error, bytes.TrimSpace(text[3:])
	case bytes.HasPrefix(text, []byte("!")):
		level, text = Warning, bytes.TrimSpace(text[1:])
	}
	if i := bytes.IndexByte(text, ':'); i >= 2 && i <= 4 && (len(text) == i+1 || text[i+1] == ' ') {
		return level, string(text[:i]), bytes.TrimSpace(text[i+1:])
	}
	return level, "", text
}

var code = regexp.MustCompile(`\(([0-9a-fA-F]{8})\)|\((0x[0-9a-fA-F]{8})\)|Error (\d{1,10}):|Error (0x[0-9a-fA-F]{1,8}):`)

// ParseCode finds the code of a line: "(00000003)", "FAILURE(0x00000003)", "Error 2: ..." or "Error 0xe0000247: ...".
// A Win32 code becomes its HRESULT, so that 3 is 0x80070003.
func ParseCode(text []byte) (hresult.Code, bool) {
	for _, m := range code.FindAllSubmatch(text, -1) {
		base, digits := 16, m[1]
		if m[3] != nil {
			base, digits = 10, m[3]
		}
		for _, hex := range [][]byte{m[2], m[4]} {
			if hex != nil {
				digits = hex[2:]
			}
		}
		n, err := strconv.ParseUint(string(digits), base, 32)
		switch {
		case err != nil || n == 0:
			continue
		case n < 0x10000:
			n |= 0x80070000
		}
		return hresult.Code(n), true
	}
	return 0, false
}

// categories are those that lines without a mark have in front, too, in an excerpt out of a section.
var categories = map[string]bool{
	"inf": true, "sto": true, "idb": true, "dvi": true, "cmd": true, "ndv": true, "flq": true, "cpy": true, "pol": true,
	"sig": true, "ump": true, "utl": true, "set": true, "dvs": true, "bak": true, "stg": true,
}

// Sniff reports whether the head of a file, in any of textline's encodings, is one of these logs: a line that only they have comes
// first, or every line has one of their categories and one names an INF file.
func Sniff(head []byte) bool {
	lines := textline.NewReader(bytes.NewReader(head))
	plain := false
	for n := 0; n < 50 && lines.Next(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		switch {
		case len(text) == 0:
		case bytes.HasPrefix(text, []byte("[Device Install Log]")), bytes.HasPrefix(text, []byte("[SetupAPI Log]")),
			bytes.HasPrefix(text, []byte("[BeginLog]")), bytes.HasPrefix(text, []byte("[Boot Session: ")),
			bytes.HasPrefix(text, []byte(">>>  [")):
			return true
		default:
			level, category, _ := splitBody(text)
			if level != Plain {
				return len(category) == 3
			}
			if !categories[category] && n > 0 {
				return false // the first line of an excerpt may be cut
			}
			plain = plain || categories[category] && bytes.Contains(bytes.ToLower(text), []byte(".inf"))
		}
	}
	return plain
}
