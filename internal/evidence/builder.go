package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Bounds of a Set, so that a log of any size is held in constant memory.
const (
	maxPerKind = 20000
	maxText    = 2000
)

// Builder collects events and makes a Set of them. Safe for use by several goroutines.
type Builder struct {
	mu      sync.Mutex
	events  []Event
	seen    map[string]int
	perKind map[Kind]int
	dropped map[Kind]int
	codes   map[hresult.Code]*CodeCount
	unread  []Unread
	notes   []string
	machine Machine
}

// NewBuilder starts an empty collection.
func NewBuilder() *Builder {
	return &Builder{
		seen: map[string]int{}, perKind: map[Kind]int{}, dropped: map[Kind]int{},
		codes: map[hresult.Code]*CodeCount{},
	}
}

// Add takes one event. An event that says the same as an earlier one of the same source (all but place and time) is
// counted there; attempts are never folded, since each of them counts.
func (b *Builder) Add(e Event) {
	if len(e.Text) > maxText {
		e.Text = strings.ToValidUTF8(e.Text[:maxText], "") + " ..."
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Kind != Attempt && b.fold(&e) {
		return
	}
	if b.perKind[e.Kind] >= maxPerKind {
		b.dropped[e.Kind]++
		return
	}
	b.perKind[e.Kind]++
	e.Alike = max(e.Alike, 1)
	b.events = append(b.events, e)
}

func (b *Builder) fold(e *Event) bool {
	k := foldKey(e)
	i, ok := b.seen[k]
	if !ok {
		if b.perKind[e.Kind] < maxPerKind {
			b.seen[k] = len(b.events)
		}
		return false
	}
	old := &b.events[i]
	old.Alike += max(e.Alike, 1)
	old.Last, old.LastSource = e.Time, e.Source
	return true
}

func foldKey(e *Event) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\x00%s\x00%x\x00%s\x00%s\x00%s\x00%s", e.Kind, e.Source.Path, uint32(e.Code),
		e.Update.ID.GUID, e.Update.KB, e.Update.Title, e.Session)
	for _, k := range slices.Sorted(maps.Keys(e.Fields)) {
		s.WriteString("\x00" + k + "\x00" + e.Fields[k])
	}
	return s.String()
}

// Code counts a failure code that stands in a source, whether or not it means anything there.
func (b *Builder) Code(c hresult.Code, at Source, text []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.codes[c]; n != nil {
		n.Count++
		// Sources are read side by side: the first place must not depend on which was quicker.
		if compareSources(at, n.Source) < 0 {
			n.Source, n.Text = at, string(text[:min(len(text), maxText)])
		}
	} else if len(b.codes) < maxPerKind {
		b.codes[c] = &CodeCount{Code: c, Count: 1, Source: at, Text: string(text[:min(len(text), maxText)])}
	}
}

// Unread notes something that was left out.
func (b *Builder) Unread(path string, reason error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := Unread{Path: path, Reason: reason.Error()}
	if len(b.unread) < maxPerKind && !slices.Contains(b.unread, u) {
		b.unread = append(b.unread, u)
	}
}

// Note keeps what was assumed.
func (b *Builder) Note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.notes, text) {
		b.notes = append(b.notes, text)
	}
}

// SetMachine says what the installation is.
func (b *Builder) SetMachine(m Machine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.machine = m
}

// Events gives what was collected so far, for a second look at the installation; it is a copy.
func (b *Builder) Events(kinds ...Kind) []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Event
	for _, e := range b.events {
		if slices.Contains(kinds, e.Kind) {
			out = append(out, e)
		}
	}
	return out
}

// Localise turns local times into UTC by the machine's zone: toUTC gives the UTC time of a wall-clock time, false
// when it cannot. Times that stay local stay marked.
func (b *Builder) Localise(toUTC func(time.Time) (time.Time, bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.events {
		e := &b.events[i]
		if !e.Local || e.Time.IsZero() {
			continue
		}
		t, ok := toUTC(e.Time)
		if !ok {
			continue
		}
		e.Time, e.Local = t, false
		if !e.Last.IsZero() {
			e.Last, _ = toUTC(e.Last)
		}
	}
}

// Set ends the collection.
func (b *Builder) Set() *Set {
	b.mu.Lock()
	defer b.mu.Unlock()
	nameUpdates(b.events)
	s := &Set{Machine: b.machine, events: b.events, unread: b.unread, notes: b.notes, byKind: map[Kind][]int{}}
	slices.SortStableFunc(s.events, compareEvents)
	for i, e := range s.events {
		s.byKind[e.Kind] = append(s.byKind[e.Kind], i)
	}
	for _, k := range slices.Sorted(maps.Keys(b.dropped)) {
		s.notes = append(s.notes, fmt.Sprintf("%d more events of kind %s were left out", b.dropped[k], k))
	}
	for _, c := range b.codes {
		s.codes = append(s.codes, *c)
	}
	slices.SortFunc(s.codes, func(a, b CodeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	slices.SortFunc(s.unread, func(a, b Unread) int { return cmp.Compare(a.Path, b.Path) })
	b.events = nil
	return s
}

// nameUpdates gives each event's update the title and KB that any other source knows for its GUID, so that a log
// which names an update by its identity alone is as readable as one that names it in full.
func nameUpdates(events []Event) {
	known := map[guid.GUID]update.Ref{}
	for i := range events {
		if u := events[i].Update; !u.ID.GUID.IsZero() {
			known[u.ID.GUID] = known[u.ID.GUID].Merge(update.Ref{KB: u.KB, Title: u.Title})
		}
	}
	for i := range events {
		if u := &events[i].Update; !u.ID.GUID.IsZero() {
			*u = u.Merge(known[u.ID.GUID])
		}
	}
}

// compareEvents orders by time where both times are UTC, else by source. Mixing the two would not be transitive, so
// events whose time cannot be compared go first, source by source.
func compareEvents(a, b Event) int {
	ca, cb := hasUTC(a), hasUTC(b)
	if ca != cb {
		if cb {
			return -1
		}
		return 1
	}
	if ca {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
	}
	return cmp.Or(compareSources(a.Source, b.Source), cmp.Compare(a.Kind, b.Kind))
}

func compareSources(a, b Source) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Record, b.Record))
}

func hasUTC(e Event) bool { return !e.Local && !e.Time.IsZero() }
