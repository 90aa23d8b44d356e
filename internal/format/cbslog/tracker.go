package cbslog

import (
	"bytes"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format/wdslog"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

// Kind says which of an Event's parts are set.
type Kind uint8

// The kinds of an Event.
const (
	Other           Kind = iota // nothing but what every event has
	Failure                     // a line of level Warning or Error, or with a failure code
	SessionBegin                // Session
	SessionEnd                  // Session, Reboot
	Stack                       // the servicing stack was loaded: Stack, Text
	MissingFile                 // File
	MissingManifest             // "Store corruption, manifest missing for package": Package
	Corrupt                     // Corruption
	RepairFailed                // "Repair failed: ...", of the Corrupt before it
	Summed                      // Summary
	Driver                      // Driver
	DamagedMember               // Member
	UniversalTime               // UTC, at Time on the machine's clock
	UpdateOpened                // Update, Package: which package Windows Update opened for which update
)

// Session is a session of the servicing stack.
type Session struct {
	ID     string
	Client string // empty when its beginning was not seen
}

// Event is an entry that tells something, taken apart, with the state of the log at that place.
type Event struct {
	Kind      Kind
	Line      int
	Time      time.Time // as in Entry
	HasTime   bool
	Level     wdslog.Level
	Component string
	Text      string
	Cut       bool

	Session Session // the session it stands in; zero outside of one
	Stack   string  // version of the servicing stack that writes, "10.0.19041.5547"; empty before it is named

	Code    hresult.Code // the line's code; HasCode says that there is one
	Symbol  string       // its name in the log, often empty
	HasCode bool

	File       servicing.File
	Package    servicing.Package
	Corruption Corruption
	Summary    *Summary
	Driver     DriverResult
	Member     MemberFile
	Update     update.ID
	UTC        time.Time
	Reboot     bool
}

// maxSessions bounds the sessions held open at a time; Windows has a handful.
const maxSessions = 64

// Tracker turns entries into events: it follows sessions and summaries, and picks the lines that tell something. The
// zero value is ready. An entry is never matched by its code alone.
type Tracker struct {
	open    []Session // the newest last
	stack   string
	opened  update.ID // named by Windows Update, its package comes with the next line
	told    opening   // the last one given, as the log repeats them
	summary *Summary
	head    Event // where the summary began
	out     []Event
}

type opening struct {
	session string
	id      update.ID
}

// Session is the session that the last entry stood in.
func (t *Tracker) Session() Session {
	if len(t.open) == 0 {
		return Session{}
	}
	return t.open[len(t.open)-1]
}

// Add takes the next entry and gives what it tells, mostly nothing. The slice is valid until the next call.
func (t *Tracker) Add(e *Entry) []Event {
	t.out = t.out[:0]
	if t.summary != nil && !t.summary.add(e.Line, string(e.Text)) {
		t.closeSummary()
	}
	if kind := classify(e); kind != Other || t.opened != (update.ID{}) {
		t.tell(e, kind)
	}
	return t.out
}

// Flush gives the summary that the log ended in, if it did.
func (t *Tracker) Flush() []Event {
	t.out = t.out[:0]
	if t.summary != nil {
		t.closeSummary()
	}
	return t.out
}

// Event gives an entry as an Event of kind Other, for a caller that looks for texts of its own. Call it after Add.
func (t *Tracker) Event(e *Entry) Event {
	ev := Event{
		Line: e.Line, Time: e.Time, HasTime: e.HasTime, Level: e.Level, Component: e.Component,
		Text: string(e.Text), Cut: e.Cut, Session: t.Session(), Stack: t.stack,
	}
	ev.Code, ev.Symbol, ev.HasCode = HResult(ev.Text)
	return ev
}

func (t *Tracker) closeSummary() {
	t.head.Kind, t.head.Summary = Summed, t.summary
	t.head.Code, t.head.HasCode = t.summary.Result, t.summary.HasResult
	t.out = append(t.out, t.head)
	t.summary = nil
}

// reset is a kind of classify's own: the stack starts or stops, all sessions are gone.
const reset Kind = 255

// classify looks at an entry's text without allocating; what it takes for Failure may turn out to be nothing.
func classify(e *Entry) Kind {
	b := e.Text
	if len(b) == 0 {
		return Other
	}
	if k := classifyStart(b); k != Other {
		return k
	}
	switch {
	case e.Component == SFC && bytes.Contains(b, []byte("ember file [")):
		return DamagedMember
	case e.Level == wdslog.Warning || e.Level == wdslog.Error || mayFail(b):
		return Failure
	case e.Component == CSI && bytes.Contains(b, []byte("(F) ")):
		return Failure
	}
	return Other
}

// classifyStart knows the first words of telling lines.
func classifyStart(b []byte) Kind {
	starts := func(prefix string) bool { return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix }
	switch b[0] {
	case '(':
		if starts("(p)") || starts("(f)") || starts("(fix)") {
			return Corrupt
		}
	case 'S':
		switch {
		case starts("Session: "):
			return SessionBegin
		case starts("Starting TrustedInstaller initialization."):
			return reset
		case starts("Store corruption, manifest missing for package"):
			return MissingManifest
		case starts("Summary:"):
			return Summed
		}
	case 'E':
		if starts("Exec: ") {
			return SessionBegin
		}
	case 'L':
		if starts("Loaded Servicing Stack v") {
			return Stack
		}
	case 'F':
		if starts("Failed to find file: ") {
			return MissingFile
		}
	case 'R':
		if starts("Repair failed: ") {
			return RepairFailed
		}
	case 'O':
		if starts("Operation: Detect") || starts("Operation result: 0x") {
			return Summed
		}
	case 'D', 'I':
		if starts("Doqe: Recording result: ") || starts("INSTALL index: ") {
			return Driver
		}
	case 'U':
		if starts("Universal Time is: ") {
			return UniversalTime
		}
	case 'W':
		if starts("WU creates the package") {
			return UpdateOpened
		}
	case 'C':
		if starts("CbsCoreFinalize: SessionManagerFinalize") {
			return reset
		}
	}
	return Other
}

// mayFail reports a number with the severity bit. It looks for the "x", which is rarer than the "0".
func mayFail(b []byte) bool {
	for from := 1; from < len(b)-8; {
		i := bytes.IndexByte(b[from:], 'x')
		if i < 0 || from+i+8 >= len(b) {
			return false
		}
		from += i + 1
		if c := b[from]; b[from-2] == '0' && (c >= '8' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			return true
		}
	}
	return false
}

// tell makes the event of an entry, of a kind that its first words promise.
func (t *Tracker) tell(e *Entry, kind Kind) {
	if kind == reset || kind == Stack {
		t.open = t.open[:0]
	}
	ended := false
	var line SessionLine
	if kind == SessionBegin {
		if line, ended = ParseSession(string(e.Text)); ended {
			t.enter(line)
		}
		ended = ended && line.Ends
	}
	ev := t.Event(e)
	ev.Kind = kind
	if ended {
		ev.Reboot = line.Reboot
		t.open = t.open[:len(t.open)-1]
	}
	if !t.pair(&ev) && t.fill(&ev, line) {
		t.out = append(t.out, ev)
	}
}

// enter makes a session the current one.
func (t *Tracker) enter(line SessionLine) {
	s := Session{ID: strings.Clone(line.ID), Client: strings.Clone(line.Client)}
	for i, o := range t.open {
		if o.ID == s.ID {
			s = o
			t.open = append(t.open[:i], t.open[i+1:]...)
			break
		}
	}
	if len(t.open) == maxSessions {
		t.open = append(t.open[:0], t.open[1:]...)
	}
	t.open = append(t.open, s)
}

// pair finishes "WU creates the package" with the package that the line behind it names.
func (t *Tracker) pair(ev *Event) bool {
	if ev.Kind == UpdateOpened {
		t.opened, _ = ParseUpdate(ev.Text)
		return true
	}
	now := opening{ev.Session.ID, t.opened}
	t.opened = update.ID{}
	if now.id == (update.ID{}) || now == t.told || ev.Kind != Other {
		return ev.Kind == Other
	}
	var ok bool
	if ev.Package, ok = servicing.FindPackage(ev.Text); ok {
		ev.Kind, ev.Update, t.told = UpdateOpened, now.id, now
		t.out = append(t.out, *ev)
	}
	return true
}

// fill sets the parts of an event by its kind; false when it tells nothing after all.
func (t *Tracker) fill(ev *Event, line SessionLine) bool {
	var ok bool
	switch ev.Kind {
	case reset:
		return false
	case SessionBegin:
		switch {
		case line.Ends:
			ev.Kind = SessionEnd
			return true
		case line.Begins:
			return true
		}
	case Stack:
		t.stack, _, _ = ParseStack(ev.Text)
		ev.Stack = t.stack
		return true
	case MissingFile:
		ev.File, ok = ParseMissingFile(ev.Text)
	case MissingManifest:
		ev.Package, ok = servicing.FindPackage(ev.Text)
	case Corrupt:
		ev.Corruption, ok = ParseCorruption(ev.Text)
	case RepairFailed:
		return true
	case Summed:
		if t.summary != nil {
			return false // a line of it
		}
		s := &Summary{First: ev.Line, Last: ev.Line, Detected: -1, Repaired: -1}
		if s.add(ev.Line, ev.Text) {
			t.summary, t.head = s, *ev
			return false
		}
	case Driver:
		ev.Driver, ok = ParseDriver(ev.Text)
		ev.Code, ev.HasCode = ev.Driver.Code, ok
		ok = ok && ev.Code != 0
	case DamagedMember:
		ev.Member, ok = ParseMemberFile(ev.Text)
	case UniversalTime:
		ev.UTC, ok = ParseUniversalTime(ev.Text)
	}
	if ok {
		return true
	}
	ev.Kind = Failure
	return ev.Level == wdslog.Warning || ev.Level == wdslog.Error || ev.HasCode && ev.Code.Failed()
}
