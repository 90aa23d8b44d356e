package history

import "github.com/redx-update/redx/internal/update"

// Attempts are the entries of one update's history, newest first.
type Attempts struct {
	Update  update.Ref
	Entries []Entry
}

// ByUpdate groups a history by update, in the order of each update's newest entry. Entries that name no update are
// left out.
func ByUpdate(entries []Entry) []Attempts {
	var f filing
	for i := range entries {
		if e := &entries[i]; !e.Update.IsZero() {
			f.add(e)
		}
	}
	return f.groups
}

// filing puts entries to the group of their update.
type filing struct {
	groups []Attempts
	index  update.Index[int]
	asked  map[update.Ref]int // where the same name went, as long as no group learns another
}

func (f *filing) add(e *Entry) {
	at, known := f.asked[e.Update]
	if !known {
		at = f.find(e.Update)
	}
	if at == len(f.groups) {
		f.groups = append(f.groups, Attempts{})
	}
	g := &f.groups[at]
	g.Entries = append(g.Entries, *e)
	if u := g.Update.Merge(e.Update); u != g.Update {
		g.Update = u
		f.index.Add(u, at)
		f.asked = map[update.Ref]int{}
	}
	f.asked[e.Update] = at
}

// find gives the group of an update, or the next one. Of groups that turn out to be of one update, the newest has its
// entries from then on.
func (f *filing) find(of update.Ref) int {
	at := len(f.groups)
	for i := range f.index.Same(of) {
		if i < at && f.groups[i].Update.Same(of) {
			at = i
		}
	}
	return at
}

// Standing gives the update's last attempt, and reports whether it failed and no later one succeeded. Where times
// cannot be compared, any success elsewhere counts as later, since a false alarm is worse than a second question.
func (a Attempts) Standing() (Entry, bool) {
	last := a.Entries[0]
	if last.Result != update.Failed {
		return last, false
	}
	for _, e := range a.Entries {
		timed := !e.Local && !last.Local && !e.Time.IsZero() && !last.Time.IsZero()
		if e.Result == update.Succeeded && !timed {
			return last, false
		}
	}
	return last, true
}
