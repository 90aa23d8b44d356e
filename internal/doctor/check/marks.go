package check

import (
	"time"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// marks are the last of some events: where and when they were said. They tell whether one of them stands behind another
// event, as after does, without asking each: a log of a bad year has thousands of both.
type marks struct {
	lines map[string]int // the last line, by text log
	// times are of those with a comparable time: the latest, and the latest of other sources than that one's. An event
	// of the same text log is told by its line, never by its time.
	latest, other timed
	records       time.Time // of those that stand in no line
}

// timed is a time and the text log that it stands in.
type timed struct {
	at   time.Time
	path string
}

func (m *marks) add(e *evidence.Event) {
	if e.Source.Line > 0 {
		if m.lines == nil {
			m.lines = map[string]int{}
		}
		m.lines[e.Source.Path] = max(m.lines[e.Source.Path], lastLine(e))
	}
	if untimed(e) {
		return
	}
	t := timed{e.Latest(), e.Source.Path}
	if e.Source.Line == 0 {
		if t.at.After(m.records) {
			m.records = t.at
		}
		return
	}
	switch {
	case t.path == m.latest.path:
		if t.at.After(m.latest.at) {
			m.latest = t
		}
	case t.at.After(m.latest.at):
		m.latest, m.other = t, m.latest
	case t.at.After(m.other.at):
		m.other = t
	}
}

// after reports that one of them stands behind the last of e's alike events.
func (m *marks) after(e *evidence.Event) bool {
	if m == nil {
		return false
	}
	if e.Source.Line > 0 && m.lines[e.Source.Path] > lastLine(e) {
		return true
	}
	if untimed(e) {
		return false
	}
	t := m.latest
	if e.Source.Line > 0 && t.path == e.Source.Path {
		t = m.other
	}
	return t.at.After(e.Latest()) || m.records.After(e.Latest())
}

// byName are marks by a name.
type byName map[string]*marks

func (b byName) add(name string, e *evidence.Event) {
	if b[name] == nil {
		b[name] = &marks{}
	}
	b[name].add(e)
}

// byUpdate are marks by the update that the events are about.
type byUpdate struct {
	index  update.Index[*marks]
	single map[update.Ref]*marks
}

func (b *byUpdate) add(u update.Ref, e *evidence.Event) {
	m := b.single[u]
	if m == nil {
		if b.single == nil {
			b.single = map[update.Ref]*marks{}
		}
		m = &marks{}
		b.single[u] = m
		b.index.Add(u, m)
	}
	m.add(e)
}

// after reports that one that is about the update stands behind e.
func (b *byUpdate) after(u update.Ref, e *evidence.Event) bool {
	for m := range b.index.Same(u) {
		if m.after(e) {
			return true
		}
	}
	return false
}

// outcomes are the good ends of what servicing did.
type outcomes struct {
	sessions byName   // by log and session
	packages byUpdate // of those that name a package
	any      marks    // the same, whatever the package
	installs byUpdate // of attempts
}

// viewKey names what is made once of an exam.
type viewKey string

// goodEnds gives the good ends of all that was tried.
func goodEnds(x *doctor.Exam) *outcomes { return doctor.View(x, viewKey("good ends"), makeOutcomes) }

func makeOutcomes(x *doctor.Exam) *outcomes {
	o := outcomes{sessions: byName{}}
	for end := range x.Evidence.Of(evidence.ServicingEnd) {
		if end.Code != hresult.OK {
			continue
		}
		if end.Session != "" {
			o.sessions.add(sessionKey(end), end)
		}
		if end.Field(evidence.Name) != "" {
			o.packages.add(end.Update, end)
			o.any.add(end)
		}
	}
	for i := range x.History {
		if h := &x.History[i]; h.Result == update.Succeeded {
			for _, p := range h.Proof {
				o.installs.add(h.Update, p)
			}
		}
	}
	return &o
}

// sessionKey tells the sessions of all logs apart.
func sessionKey(e *evidence.Event) string { return e.Session + "\x00" + e.Source.Path }

// settled reports that what an event tells of was put right later: its session ended well, its update was installed, or,
// where that is not known, any package was.
func (o *outcomes) settled(e *evidence.Event) bool {
	if e.Session != "" && o.sessions[sessionKey(e)].after(e) {
		return true
	}
	if e.Update.IsZero() {
		return o.any.after(e)
	}
	return o.packages.after(e.Update, e) || o.installs.after(e.Update, e)
}

// wholeRepairs are the checks of the component store that repaired all that they found.
func wholeRepairs(set *evidence.Set) *marks {
	var m marks
	for s := range set.Of(evidence.StoreScan) {
		detected, repaired := size(s.Field(evidence.Detected)), size(s.Field(evidence.Repaired))
		if s.Code == hresult.OK && repaired >= detected && s.Field(evidence.Result) != "" {
			m.add(s)
		}
	}
	return &m
}

// mended are the repairs of one kind, by what they name.
func mended(set *evidence.Set, kind evidence.Kind, field string) byName {
	b := byName{}
	for r := range set.Of(kind) {
		b.add(r.Field(field), r)
	}
	return b
}
