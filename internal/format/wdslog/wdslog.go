// Package wdslog reads the head of a line that Windows' setup logger writes: CBS.log, DISM.log, setupact.log and
// setuperr.log share it.
//
//	2023-05-17 08:25:12, Info                  CBS    text
//	2019-03-29 00:32:48, Error      [0x0606ae] IBS    text
//	2022-10-12 13:26:21, Info                         text without a component
//	Info CBS text pasted by someone, without its time
//
// It judges no text. A line without time and level continues the one before it.
package wdslog

import (
	"bytes"
	"time"
)

// Level is what the logger says of a line.
type Level uint8

// The levels; None where a line has none.
const (
	None Level = iota
	Info
	Warning
	Error
	Perf
)

var levelNames = [...]string{"", "Info", "Warning", "Error", "Perf"}

func (l Level) String() string { return levelNames[l] }

// Head is one line taken apart. Text lies in the line that was parsed.
type Head struct {
	// Time is the machine's wall clock, in the form of UTC because its zone is not known; zero without HasTime.
	Time      time.Time
	HasTime   bool
	Level     Level
	ID        []byte // "0606ae" of [0x0606ae], without brackets and prefix; setup logs only
	Component string // "CBS", "CSI", "DISM", "MOUPG", ...; empty where the line has none
	Text      []byte // without white space around it
}

// Continuation reports a line without time and level: it goes on with the one before it.
func (h *Head) Continuation() bool { return !h.HasTime && h.Level == None }

const (
	stampLen = len("2006-01-02 15:04:05")
	// levelWidth and componentWidth are the logger's columns, the identifier being part of the first.
	levelWidth     = 22
	componentWidth = 7
	// headLen is the whole head in these columns: time, ", ", level and component.
	headLen  = stampLen + len(", ") + levelWidth + componentWidth
	maxNames = 64
)

// Parser takes heads apart. It remembers the last time stamp, the last level and component in full columns, and the
// names of components, so that a line mostly costs two comparisons and no allocation. The zero value is ready.
type Parser struct {
	stamp     [stampLen]byte
	time      time.Time
	columns   [headLen - stampLen]byte // ", Info                  CBS    "
	level     Level
	component string
	names     map[string]string
}

// Parse takes a line apart. It never fails: what is no head is text.
func (p *Parser) Parse(line []byte) (h Head) {
	rest := trimRight(trimLeft(line))
	if p.known(rest) {
		h.Time, h.HasTime, h.Level, h.Component = p.time, true, p.level, p.component
		h.Text = rest[headLen:]
		return h
	}
	whole := rest
	h.Text = rest
	if len(rest) > stampLen && rest[stampLen] == ',' && rest[4] == '-' {
		if h.Time, h.HasTime = p.parseTime(rest[:stampLen]); h.HasTime {
			rest = trimLeft(rest[stampLen+1:])
			h.Text = rest
		}
	}
	level, size := levelOf(rest)
	if level == None {
		return h
	}
	name, id, text := splitComponent(rest, size)
	if !h.HasTime && len(name) == 0 {
		return h // prose that begins with "Error" or "Info"
	}
	h.Level, h.ID, h.Component, h.Text = level, id, p.intern(name), text
	if h.HasTime && id == nil && len(text) > 0 && len(whole)-len(text) == headLen {
		copy(p.columns[:], whole[stampLen:headLen])
		p.level, p.component = level, h.Component
	}
	return h
}

// known reports a line whose head equals the last one's.
func (p *Parser) known(b []byte) bool {
	return len(b) > headLen && string(b[:stampLen]) == string(p.stamp[:]) && p.stamp[4] == '-' &&
		string(b[stampLen:headLen]) == string(p.columns[:]) && b[headLen] != ' ' && b[headLen] != '\t'
}

// levelOf reads the level at the start of b, and its length.
func levelOf(b []byte) (Level, int) {
	for l := Info; l <= Perf; l++ {
		n := len(levelNames[l])
		if len(b) >= n && string(b[:n]) == levelNames[l] && (len(b) == n || b[n] == ' ' || b[n] == '\t') {
			return l, n
		}
	}
	return None, 0
}

// splitComponent takes identifier and component off what follows a level of size bytes. In the logger's own columns
// the component's place decides; in excerpts with few spaces it is a word in capitals.
func splitComponent(b []byte, size int) (name, id, text []byte) {
	rest := trimLeft(b[size:])
	if i := bytes.IndexByte(rest, ']'); i >= 4 && string(rest[:3]) == "[0x" && i <= 12 {
		id, rest = rest[3:i], trimLeft(rest[i+1:])
	}
	column := len(b) - len(rest)
	if column >= levelWidth+componentWidth {
		return nil, id, rest
	}
	n := 0
	for n < len(rest) && n <= 8 && rest[n] != ' ' && rest[n] != '\t' {
		n++
	}
	if n < 2 || n > 8 || (column != levelWidth && !capitals(rest[:n])) {
		return nil, id, rest
	}
	return rest[:n], id, trimLeft(rest[n:])
}

func capitals(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return b[0] >= 'A'
}

func trimLeft(b []byte) []byte {
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return b[i:]
}

func trimRight(b []byte) []byte {
	n := len(b)
	for n > 0 && (b[n-1] == ' ' || b[n-1] == '\t' || b[n-1] == 0) {
		n--
	}
	return b[:n]
}

func (p *Parser) intern(b []byte) string {
	switch string(b) {
	case "":
		return ""
	case "CBS":
		return "CBS"
	case "CSI":
		return "CSI"
	case "DISM":
		return "DISM"
	}
	if s, ok := p.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if p.names == nil {
		p.names = make(map[string]string)
	}
	if len(p.names) < maxNames {
		p.names[s] = s
	}
	return s
}

// parseTime reads "2006-01-02 15:04:05". Lines of the same second are common, so the last one is remembered.
func (p *Parser) parseTime(b []byte) (time.Time, bool) {
	if string(b) == string(p.stamp[:]) {
		return p.time, true
	}
	if b[7] != '-' || b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	hour, ok4 := digits(b[11:13])
	minute, ok5 := digits(b[14:16])
	second, ok6 := digits(b[17:19])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || year < 1601 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Year() != year || int(t.Month()) != month || t.Day() != day {
		return time.Time{}, false
	}
	copy(p.stamp[:], b)
	p.time = t
	return t, true
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
