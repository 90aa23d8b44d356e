package evidence

import (
	"maps"
	"slices"
)

// Part gives what stands in the sources that keep wants, every text of it rewritten: events, codes and the names of
// sources; the machine, what was not read and what was assumed stay whole. Kind is empty for codes. Texts come
// in the same order for the same Set.
func (s *Set) Part(keep func(path string, kind Kind) bool, rewrite func(string) string) *Set {
	out := &Set{Machine: s.Machine}
	out.Machine.SystemRoot = rewrite(s.Machine.SystemRoot)
	for i := range s.events {
		if e := &s.events[i]; keep(e.Source.Path, e.Kind) {
			out.events = append(out.events, rewritten(e, rewrite))
		}
	}
	for _, c := range s.counts {
		if keep(c.Source.Path, "") {
			c.Source.Path, c.Text = rewrite(c.Source.Path), rewrite(c.Text)
			out.counts = append(out.counts, c)
		}
	}
	out.codes = sumCodes(out.counts)
	for _, u := range s.unread {
		out.unread = append(out.unread, Unread{Path: rewrite(u.Path), Reason: rewrite(u.Reason)})
	}
	for _, n := range s.notes {
		out.notes = append(out.notes, rewrite(n))
	}
	for _, path := range s.sources {
		out.sources = append(out.sources, rewrite(path))
	}
	out.index()
	return out
}

func rewritten(e *Event, rewrite func(string) string) Event {
	out := *e
	out.Source.Path, out.LastSource.Path = rewrite(e.Source.Path), rewrite(e.LastSource.Path)
	out.Session, out.Text, out.Update.Title = rewrite(e.Session), rewrite(e.Text), rewrite(e.Update.Title)
	if e.Fields != nil {
		out.Fields = make(map[string]string, len(e.Fields))
		for _, k := range slices.Sorted(maps.Keys(e.Fields)) {
			out.Fields[k] = rewrite(e.Fields[k])
		}
	}
	return out
}
