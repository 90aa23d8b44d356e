// Package history is the update history of a machine, merged from every place where Windows keeps it: one entry for
// one attempt, with all the places that tell of it. It decides what is one attempt; it reads no files.
package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/update"
)

// Entry is one attempt, with the places that tell of it in the order in which they were met.
type Entry struct {
	update.Entry
	Phase   string // evidence.PhaseDownload for an attempt that ended in its download, else evidence.PhaseInstall
	Sources []evidence.Source
	// Proof are the events behind the entry, one for each place that was read. Where the vault alone still has an
	// account, Sources name the place that it was kept from as well.
	Proof []*evidence.Event
}

// How far apart two accounts of one attempt may stand. Sources that know the update's GUID write when the attempt
// ends; the servicing sources know only the KB and write when the package is done, which can be after a restart.
const (
	sameMoment = 5 * time.Minute
	sameDay    = 24 * time.Hour
)

// Merge makes the history of all attempts in a Set, newest first; entries without a comparable time come last, in
// the order of their sources, and are merged with nothing. A successful download is no entry; a failed one is, as in Windows' own list.
func Merge(set *evidence.Set) []Entry {
	exact, loose := split(set)
	var entries, undated []*Entry // entries in the order of time
	put := func(accounts []*evidence.Account, within time.Duration) {
		for _, e := range accounts {
			if e.Time.IsZero() || e.Local {
				undated = append(undated, toEntry(e))
			} else if i := find(entries, e, within); i >= 0 {
				join(entries[i], e)
			} else {
				entries = slices.Insert(entries, from(entries, e.Time.Add(1)), toEntry(e))
			}
		}
	}
	put(exact, sameMoment)
	put(loose, sameDay)
	entries = append(entries, undated...)
	slices.SortStableFunc(entries, newestFirst)
	out := make([]Entry, len(entries))
	for i, e := range entries {
		out[i] = *e
	}
	return out
}

// from gives the index of the first entry that is not before t.
func from(entries []*Entry, t time.Time) int {
	i, _ := slices.BinarySearchFunc(entries, t, func(e *Entry, t time.Time) int { return e.Time.Compare(t) })
	return i
}

// split parts the attempts by how well they name their update: those with a GUID first, since they found entries
// that the others only join.
func split(set *evidence.Set) (exact, loose []*evidence.Account) {
	accounts := set.Accounts()
	for i := range accounts {
		e := &accounts[i]
		switch {
		case e.Field(evidence.Phase) == evidence.PhaseDownload && e.Field(evidence.Result) == string(update.Succeeded):
		case e.Update.ID.GUID.IsZero():
			loose = append(loose, e)
		default:
			exact = append(exact, e)
		}
	}
	return exact, loose
}

// find gives the nearest entry that tells of the same attempt, or -1.
func find(entries []*Entry, e *evidence.Account, within time.Duration) int {
	best, distance := -1, within+1
	last := e.Time.Add(within)
	for i := from(entries, e.Time.Add(-within)); i < len(entries) && !entries[i].Time.After(last); i++ {
		if d := entries[i].Time.Sub(e.Time).Abs(); d < distance && sameAttempt(entries[i], e) {
			best, distance = i, d
		}
	}
	return best
}

func sameAttempt(en *Entry, e *evidence.Account) bool {
	if !en.Update.Same(e.Update) || en.Result != resultOf(e.Event) {
		return false
	}
	op := update.Operation(e.Field(evidence.Operation))
	if op != en.Operation && op != update.UnknownOperation && en.Operation != update.UnknownOperation {
		return false
	}
	// Two attempts in one source are two attempts, however near: each source tells of an attempt once.
	return !slices.ContainsFunc(en.Proof, func(p *evidence.Event) bool { return sameTeller(p, e) })
}

// sameTeller reports that two events come from the same source and phase. What the vault has kept is told by the source
// that it was kept from.
func sameTeller(p *evidence.Event, e *evidence.Account) bool {
	from, _ := p.Origin()
	return from.Path == e.Origin.Path && p.Field(evidence.Phase) == e.Field(evidence.Phase)
}

func join(en *Entry, e *evidence.Account) {
	en.Update = en.Update.Merge(e.Update)
	if en.Operation == update.UnknownOperation {
		en.Operation = update.Operation(e.Field(evidence.Operation))
	}
	if !en.Code.Failed() && e.Code.Failed() {
		en.Code = e.Code
	}
	if e.Field(evidence.Phase) == evidence.PhaseInstall {
		en.Phase = evidence.PhaseInstall
	}
	en.tell(e)
}

// tell adds the places of an account.
func (en *Entry) tell(e *evidence.Account) {
	en.Sources = append(en.Sources, e.Source)
	if e.Source != e.Origin {
		en.Sources = append(en.Sources, e.Origin)
	}
	en.Proof = append(en.Proof, e.Event)
	for _, k := range e.Kept {
		en.Sources = append(en.Sources, k.Source)
		en.Proof = append(en.Proof, k)
	}
}

func toEntry(e *evidence.Account) *Entry {
	en := &Entry{
		Entry: update.Entry{
			Time: e.Time, Local: e.Local, Update: e.Update, Code: e.Code, Result: resultOf(e.Event),
			Operation: update.Operation(e.Field(evidence.Operation)),
		},
		Phase: e.Field(evidence.Phase),
	}
	en.tell(e)
	return en
}

func resultOf(e *evidence.Event) update.Result { return update.Result(e.Field(evidence.Result)) }

func newestFirst(a, b *Entry) int {
	if a.Local != b.Local || a.Time.IsZero() != b.Time.IsZero() {
		return cmp.Compare(rank(a), rank(b))
	}
	return b.Time.Compare(a.Time)
}

func rank(e *Entry) int {
	switch {
	case e.Time.IsZero():
		return 2
	case e.Local:
		return 1
	default:
		return 0
	}
}

// Filter says which entries are wanted; its zero value wants all.
type Filter struct {
	Failed bool
	Update string // a KB number, a GUID, or part of a title
	Since  time.Time
}

// Apply gives the entries that the filter wants. An entry whose time is unknown is kept by Since, since leaving it
// out would hide it.
func (f Filter) Apply(entries []Entry) []Entry {
	var out []Entry
	for _, e := range entries {
		if f.Failed && e.Result != update.Failed {
			continue
		}
		if !f.Since.IsZero() && !e.Time.IsZero() && e.Time.Before(f.Since) {
			continue
		}
		if f.Update != "" && !e.Update.Matches(f.Update) {
			continue
		}
		out = append(out, e)
	}
	return out
}
