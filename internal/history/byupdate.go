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
	var groups []Attempts
	var index update.Index[int]
	for _, e := range entries {
		if e.Update.IsZero() {
			continue
		}
		// Of groups that turn out to be of one update, the newest has its entries from then on.
		at := len(groups)
		for i := range index.Same(e.Update) {
			if i < at && groups[i].Update.Same(e.Update) {
				at = i
			}
		}
		if at == len(groups) {
			groups = append(groups, Attempts{})
		}
		g := &groups[at]
		g.Entries = append(g.Entries, e)
		if u := g.Update.Merge(e.Update); u != g.Update {
			g.Update = u
			index.Add(u, at)
		}
	}
	return groups
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
