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

// Bounds of a Set, so that logs of any size are held in constant memory. Files are read side by side, so a bound must
// not let the quicker one crowd out the other: what is kept of a source depends on that source alone, until all
// together reach maxEvents.
const (
	maxPerSource = 20000 // events of one kind in one source
	maxEvents    = 200000
	maxText      = 2000  // bytes of a text
	maxField     = 33000 // bytes of a field; Windows paths are shorter
	maxFields    = 50
	maxUnread    = 2000
	maxCodes     = 20000
	maxSources   = 20000
)

// Builder collects events and makes a Set of them. Safe for use by several goroutines.
type Builder struct {
	mu        sync.Mutex
	events    []Event
	seen      map[string]int
	perSource map[sourceKind]int
	dropped   map[Kind]int
	codes     map[codeIn]*CodeCount
	unread    []Unread
	known     map[Unread]bool // what is in unread
	notes     []string
	sources   map[string]bool
	machine   Machine
	whole     bool
	excerpt   bool
	masked    bool
}

type sourceKind struct {
	path string
	kind Kind
}

// codeIn is a code in one source.
type codeIn struct {
	code hresult.Code
	path string
}

// NewBuilder starts an empty collection.
func NewBuilder() *Builder {
	return &Builder{
		seen: map[string]int{}, perSource: map[sourceKind]int{}, dropped: map[Kind]int{},
		codes: map[codeIn]*CodeCount{}, known: map[Unread]bool{},
		sources: map[string]bool{},
	}
}

// Add takes one event. An event that says the same as an earlier one of the same source (all but place and time) is
// counted there; attempts are never folded, since each of them counts.
func (b *Builder) Add(e Event) { b.add(e, e.Kind != Attempt) }

func (b *Builder) add(e Event, fold bool) {
	tidy(&e)
	b.mu.Lock()
	defer b.mu.Unlock()
	key := ""
	if fold {
		key = foldKey(&e)
		if i, ok := b.seen[key]; ok {
			b.events[i].repeat(&e)
			return
		}
	}
	from := sourceKind{e.Source.Path, e.Kind}
	if b.perSource[from] >= maxPerSource || len(b.events) >= maxEvents {
		b.dropped[e.Kind]++
		return
	}
	b.perSource[from]++
	if fold {
		b.seen[key] = len(b.events)
	}
	b.events = append(b.events, e)
}

// repeat counts another event that says the same.
func (e *Event) repeat(again *Event) {
	e.Alike += again.Alike
	e.LastSource = again.Source
	if again.LastSource != (Source{}) {
		e.LastSource = again.LastSource
	}
	if t := again.Latest(); !t.IsZero() {
		e.Last = t
	}
}

// tidy bounds an event and makes its texts valid, so that it is the same once it was saved and loaded.
func tidy(e *Event) {
	e.Alike = max(e.Alike, 1)
	e.Time, e.Last = orNone(e.Time), orNone(e.Last)
	e.Text = clip(e.Text, maxText)
	e.Update.Title = clip(e.Update.Title, maxText)
	e.Update.KB = update.KB(clip(string(e.Update.KB), maxText))
	e.Session = clip(e.Session, maxText)
	e.Source.Path = clip(e.Source.Path, maxField)
	e.LastSource.Path = clip(e.LastSource.Path, maxField)
	if len(e.Fields) == 0 {
		e.Fields = nil
		return
	}
	fields := make(map[string]string, len(e.Fields))
	for _, k := range slices.Sorted(maps.Keys(e.Fields)) {
		if len(fields) < maxFields {
			fields[clip(k, maxText)] = clip(e.Fields[k], maxField)
		}
	}
	e.Fields = fields
}

// orNone gives the zero time for one that cannot be written down and read again, such as a damaged file may bear.
func orNone(t time.Time) time.Time {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return time.Time{}
	}
	return t
}

// clip bounds a text; what is cut stays as it is when it is clipped again.
func clip(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	const more = " ..."
	return strings.ToValidUTF8(s[:most-len(more)], "") + more
}

func foldKey(e *Event) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\x00%s\x00%t\x00%x\x00%s.%d\x00%s\x00%s\x00%s", e.Kind, e.Source.Path, e.Local, uint32(e.Code),
		e.Update.ID.GUID, e.Update.ID.Revision, e.Update.KB, e.Update.Title, e.Session)
	for _, k := range slices.Sorted(maps.Keys(e.Fields)) {
		s.WriteString("\x00" + k + "\x00" + e.Fields[k])
	}
	return s.String()
}

// Code counts a failure code that stands in a source, whether or not it means anything there.
func (b *Builder) Code(c hresult.Code, at Source, text []byte) {
	if !b.again(c, at) {
		b.count(CodeCount{Code: c, Count: 1, Source: at, Text: string(text[:min(len(text), 2*maxText)])})
	}
}

// again counts a code that its source has said before this place already: logs repeat few codes many thousand times, so
// nothing is allocated for these.
func (b *Builder) again(c hresult.Code, at Source) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.codes[codeIn{c, at.Path}]
	if n == nil || compareSources(at, n.Source) < 0 {
		return false
	}
	n.Count++
	return true
}

func (b *Builder) count(c CodeCount) {
	c.Text = clip(c.Text, maxText)
	c.Source.Path = clip(c.Source.Path, maxField)
	b.mu.Lock()
	defer b.mu.Unlock()
	in := codeIn{c.Code, c.Source.Path}
	n := b.codes[in]
	switch {
	case n == nil && len(b.codes) >= maxCodes:
	case n == nil:
		b.codes[in] = &c
	default:
		n.Count += c.Count
		// Sources are read side by side: the first place must not depend on which was quicker.
		if compareSources(c.Source, n.Source) < 0 {
			n.Source, n.Text = c.Source, c.Text
		}
	}
}

// Unread notes something that was left out.
func (b *Builder) Unread(path string, reason error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := Unread{Path: clip(path, maxText), Reason: clip(reason.Error(), maxText)}
	if len(b.unread) < maxUnread && !b.known[u] {
		b.known[u] = true
		b.unread = append(b.unread, u)
	}
}

// Source notes that something was recognised and read, whether or not anything stood in it.
func (b *Builder) Source(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sources) < maxSources {
		b.sources[clip(path, maxText)] = true
	}
}

// Note keeps what was assumed.
func (b *Builder) Note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if text = clip(text, maxText); len(b.notes) < maxUnread && !slices.Contains(b.notes, text) {
		b.notes = append(b.notes, text)
	}
}

// SetMachine says what the installation is.
func (b *Builder) SetMachine(m Machine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.Build, m.Product, m.SystemRoot = clip(m.Build, maxText), clip(m.Product, maxText), clip(m.SystemRoot, maxText)
	b.machine = m
}

// SetWhole says that all of an installation that redx reads is in the bundle, whatever SetMachine says of the machine.
// Masked says that names in it were replaced.
func (b *Builder) SetWhole(masked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.whole, b.masked = true, masked
}

// SetExcerpt says that a few lines of one log are all there is.
func (b *Builder) SetExcerpt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.excerpt = true
}

// Events gives what was collected so far, for a second look at the installation; it is a copy, in the order of a Set.
func (b *Builder) Events(kinds ...Kind) []Event {
	return b.Those(func(e *Event) bool { return slices.Contains(kinds, e.Kind) })
}

// Those gives of what Events gives the events that want accepts.
func (b *Builder) Those(want func(*Event) bool) []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Event
	for i := range b.events {
		if e := &b.events[i]; want(e) {
			out = append(out, *e)
		}
	}
	slices.SortStableFunc(out, compareEvents)
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
		last, lastOK := e.Last, true
		if !last.IsZero() {
			last, lastOK = toUTC(last)
		}
		if ok && lastOK {
			e.Time, e.Last, e.Local = orNone(t), orNone(last), false
		}
	}
}

// Set ends the collection.
func (b *Builder) Set() *Set {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &Set{Machine: b.machine, events: b.events, unread: b.unread, notes: b.notes}
	s.Machine.Whole, s.Machine.Masked, s.Machine.Excerpt = b.whole, b.masked, b.excerpt
	s.sources = slices.Sorted(maps.Keys(b.sources))
	slices.SortStableFunc(s.events, compareEvents)
	nameUpdates(s.events)
	s.index()
	for _, k := range slices.Sorted(maps.Keys(b.dropped)) {
		s.notes = append(s.notes, fmt.Sprintf("%d more events of kind %s were left out", b.dropped[k], k))
	}
	for _, c := range b.codes {
		s.counts = append(s.counts, *c)
	}
	slices.SortFunc(s.counts, func(a, b CodeCount) int {
		return cmp.Or(compareSources(a.Source, b.Source), cmp.Compare(a.Code, b.Code))
	})
	s.codes = sumCodes(s.counts)
	slices.SortStableFunc(s.unread, func(a, b Unread) int { return cmp.Compare(a.Path, b.Path) })
	b.events = nil
	return s
}

// sumCodes adds up the counts of all sources, the most frequent first. The place of a code is its first in the order of
// sources, which does not depend on which source was read first.
func sumCodes(counts []CodeCount) []CodeCount {
	byCode := map[hresult.Code]CodeCount{}
	for _, c := range counts {
		have, ok := byCode[c.Code]
		if ok && compareSources(have.Source, c.Source) < 0 {
			c.Source, c.Text = have.Source, have.Text
		}
		c.Count += have.Count
		byCode[c.Code] = c
	}
	return slices.SortedFunc(maps.Values(byCode), func(a, b CodeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
}

// index makes the look-ups of a Set.
func (s *Set) index() {
	s.byKind, s.paths, s.named = map[Kind][]int{}, map[named]int{}, map[named][]int{}
	for i := range s.events {
		e := &s.events[i]
		s.byKind[e.Kind] = append(s.byKind[e.Kind], i)
		if slices.Contains(namedKinds, e.Kind) {
			n := named{e.Kind, strings.ToLower(e.Field(Name))}
			s.named[n] = append(s.named[n], i)
		}
		if e.Kind == FileState || e.Kind == PutAside {
			at := named{e.Kind, strings.ToLower(e.Field(Path))}
			if _, again := s.paths[at]; !again {
				s.paths[at] = i
			}
		}
	}
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
func compareEvents(a, b Event) int { return comparePlaced(&a, &b, a.Source, b.Source) }

// comparePlaced does so for events that count as standing elsewhere.
func comparePlaced(a, b *Event, at, bt Source) int {
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
	return cmp.Or(compareSources(at, bt), cmp.Compare(a.Kind, b.Kind))
}

func compareSources(a, b Source) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Record, b.Record))
}

func hasUTC(e *Event) bool { return !e.Local && !e.Time.IsZero() }
