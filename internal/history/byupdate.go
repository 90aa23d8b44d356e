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
	for _, e := range entries {
		found := false
		for i := range groups {
			if groups[i].Update.Same(e.Update) {
				groups[i].Update = groups[i].Update.Merge(e.Update)
				groups[i].Entries = append(groups[i].Entries, e)
				found = true
				break
			}
		}
		if !found && !e.Update.IsZero() {
			groups = append(groups, Attempts{Update: e.Update, Entries: []Entry{e}})
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
