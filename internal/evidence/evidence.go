// Package evidence is what was read from a Windows installation, in one form for all sources: events, each with the
// place where it stands. Checks see a Set and nothing else, so a diagnosis cannot write, and a Set that was saved
// gives the same findings as the machine it came from.
//
// An Event says what a line or record means (its Kind), never what follows from it; that is the doctor's.
package evidence

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Source is where an event stands. Exactly one of Line and Record is set, neither for a fact about a whole file or
// a registry key.
type Source struct {
	Path   string // Windows path in an installation, relative path in a bundle
	Line   int    // 1-based, text files
	Record uint64 // record number, event logs, databases and traces
}

// Event is one thing that a source says.
type Event struct {
	Kind    Kind
	Source  Source
	Time    time.Time // zero: unknown
	Local   bool      // Time is local to the machine and its zone is unknown
	Code    hresult.Code
	Update  update.Ref
	Session string // what belongs together in its source: a servicing session, a setup phase
	Fields  map[string]string
	Text    string // the line, or the record in one line
	// Alike counts how often the same was said; Time and Source are of the first, Last and LastSource of the last.
	Alike      int
	Last       time.Time
	LastSource Source
}

// Field is a named part of the event, "" when it has none of that name.
func (e *Event) Field(name string) string { return e.Fields[name] }

// Latest is the time of the last of the alike events.
func (e *Event) Latest() time.Time {
	if e.Last.After(e.Time) {
		return e.Last
	}
	return e.Time
}

// Unread is something that was there or should have been, and was not read (whole).
type Unread struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// CodeCount says how often a failure code stands in the sources, and where first.
type CodeCount struct {
	Code   hresult.Code
	Count  int
	Source Source
	Text   string
}

// Machine is what is known of the installation itself.
type Machine struct {
	Build      string // such as "10.0.19045.3996"; empty when unknown
	Computer   string // what it is called; empty when unknown, and in a bundle of logs
	Product    string
	SystemRoot string
	// Present says that files can be looked for: an installation, not a bundle of logs.
	Present bool
	// Whole says of a bundle of logs that redx itself has made it: what is not in it was not there.
	Whole bool
	// Masked says of such a bundle that names in it were replaced by words that are alike.
	Masked bool
	// Excerpt says that a few lines of one log are all there is: that nothing in them speaks against a line means little, and
	// that a line stands alone means nothing.
	Excerpt bool
}

// Set is all evidence of one installation, immutable once gathered. Events whose time is known in UTC are in the order
// of time; before them stand those whose time cannot be compared, source by source, each in its source's order.
type Set struct {
	Machine Machine
	events  []Event
	byKind  map[Kind][]int
	paths   map[named]int // the first FileState and PutAside event of each path in lower case
	named   map[named][]int
	codes   []CodeCount // of all sources
	counts  []CodeCount // source by source
	unread  []Unread
	notes   []string
	sources []string
}

// Of gives the events of the given kinds, in order; all events when no kind is named.
func (s *Set) Of(kinds ...Kind) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		if len(kinds) == 1 {
			for _, i := range s.byKind[kinds[0]] {
				if !yield(&s.events[i]) {
					return
				}
			}
			return
		}
		for i := range s.events {
			if (len(kinds) == 0 || slices.Contains(kinds, s.events[i].Kind)) && !yield(&s.events[i]) {
				return
			}
		}
	}
}

// Len counts the events.
func (s *Set) Len() int { return len(s.events) }

// Codes gives the failure codes seen anywhere in the sources, the most frequent first.
func (s *Set) Codes() []CodeCount { return s.codes }

// Unread gives what was left out, and why.
func (s *Set) Unread() []Unread { return s.unread }

// Notes gives what was assumed while reading.
func (s *Set) Notes() []string { return s.notes }

// Sources gives what was recognised and read, sorted: files, and hives as HKLM\SOFTWARE.
func (s *Set) Sources() []string { return s.sources }

// FileState looks a file up among those whose presence was looked at, without case.
func (s *Set) FileState(path string) (*Event, bool) { return s.at(FileState, path) }

// PutAsideAt gives the account of a repair that put this very file or folder aside, without case.
func (s *Set) PutAsideAt(path string) (*Event, bool) { return s.at(PutAside, path) }

func (s *Set) at(kind Kind, path string) (*Event, bool) {
	i, ok := s.paths[named{kind, strings.ToLower(path)}]
	if !ok {
		return nil, false
	}
	return &s.events[i], true
}

// named is a kind of event and the name of a thing in lower case.
type named struct {
	kind Kind
	name string
}

// namedKinds are the kinds of events that are looked up by the name of what they are about.
var namedKinds = []Kind{KeyState, ServiceFile, ServiceFailed, DriverPackage, DriverService, InstallerCache, PackageState, Profile}

// Named gives the events of a kind whose field Name is this one, without case, in order. The kind is one of those that
// describe things of the registry: keys, services, drivers, packages, profiles.
func (s *Set) Named(kind Kind, name string) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for _, i := range s.named[named{kind, strings.ToLower(name)}] {
			if !yield(&s.events[i]) {
				return
			}
		}
	}
}
