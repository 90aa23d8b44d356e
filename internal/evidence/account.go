package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Account is what one place says of one attempt. The vault keeps accounts of other places, so one account can be met
// twice: where it stands and where it is kept. Here it is one.
type Account struct {
	*Event          // from the place itself, or from the vault when the place no longer has it
	Origin Source   // where it stood first; the Event's own Source unless the vault has kept it
	Ident  string   // what tells it from others; opaque, made of what never changes of it
	Nth    int      // from 1 on: of the accounts with this Ident, since one place may say the same twice
	Kept   []*Event // the same account in vaults, beside Event
	kept   bool     // Event itself stands in a vault
}

// KeptFields are the fields by which an event says that the vault has it from another place, beside those of an
// attempt.
func KeptFields(origin Source, nth int) map[string]string {
	f := map[string]string{Origin: origin.Path, Nth: strconv.Itoa(nth)}
	if origin.Line > 0 {
		f[OriginLine] = strconv.Itoa(origin.Line)
	}
	if origin.Record > 0 {
		f[OriginRecord] = strconv.FormatUint(origin.Record, 10)
	}
	return f
}

// Origin is where the vault has an event from, false for an event that stands in its own place.
func (e *Event) Origin() (Source, bool) {
	path := e.Field(Origin)
	if path == "" {
		return e.Source, false
	}
	s := Source{Path: path}
	if n, err := strconv.Atoi(e.Field(OriginLine)); err == nil && n > 0 {
		s.Line = n
	}
	if n, err := strconv.ParseUint(e.Field(OriginRecord), 10, 64); err == nil {
		s.Record = n
	}
	return s, true
}

// Accounts gives the attempts of a Set, each account once, in the order that they would have if all of them still stood
// where they stood first. What the vault has kept gives the same accounts as the place that it was kept from.
func (s *Set) Accounts() []Account {
	all := make([]Account, 0, len(s.byKind[Attempt]))
	anyKept := false
	for e := range s.Of(Attempt) {
		origin, kept := e.Origin()
		a := Account{Event: e, Origin: origin, Ident: ident(e, origin.Path), kept: kept}
		if kept {
			a.Nth, anyKept = max(1, atoi(e.Field(Nth))), true
		}
		all = append(all, a)
	}
	if !slices.IsSortedFunc(all, compareAccounts) {
		slices.SortStableFunc(all, compareAccounts)
	}
	number(all)
	if !anyKept {
		return all // which most computers have: nothing to fold
	}
	return foldMoved(foldKept(all))
}

// number counts the accounts that say the same in one place.
func number(all []Account) {
	count := make(map[string]int, len(all))
	for i := range all {
		if a := &all[i]; a.Nth == 0 {
			count[a.Ident]++
			a.Nth = count[a.Ident]
		}
	}
}

// foldKept puts what was kept to the account that it was kept from.
func foldKept(all []Account) []Account {
	at := map[string]int{}
	for i := range all {
		if !all[i].kept {
			at[all[i].key()] = i
		}
	}
	return fold(all, func(i int) int {
		if !all[i].kept {
			return i
		}
		first, known := at[all[i].key()]
		if !known {
			at[all[i].key()], first = i, i
		}
		return first
	})
}

// foldMoved puts what was kept and is not where it was to an account that says the same elsewhere and that was not
// kept yet: a log was rolled over. Only accounts without a comparable time need that, since the others are found again
// by their time. The account goes on under the name by which it was kept.
func foldMoved(all []Account) []Account {
	elsewhere := map[string][]int{}
	for i := range all {
		if a := &all[i]; !hasUTC(a.Event) && !a.kept && a.Kept == nil {
			says := ident(a.Event, "")
			elsewhere[says] = append(elsewhere[says], i)
		}
	}
	return fold(all, func(i int) int {
		a := &all[i]
		says := ident(a.Event, "")
		if hasUTC(a.Event) || !a.kept || len(elsewhere[says]) == 0 {
			return i
		}
		to := elsewhere[says][0]
		elsewhere[says] = elsewhere[says][1:]
		all[to].Origin, all[to].Ident, all[to].Nth = a.Origin, a.Ident, a.Nth
		return to
	})
}

// fold puts each account to the one that into names, by index; to itself when it stays.
func fold(all []Account, into func(i int) int) []Account {
	gone := make([]bool, len(all))
	for i := range all {
		if to := into(i); to != i {
			all[to].Kept = append(append(all[to].Kept, all[i].Event), all[i].Kept...)
			gone[i] = true
		}
	}
	var out []Account
	for i := range all {
		if !gone[i] {
			out = append(out, all[i])
		}
	}
	return out
}

func (a *Account) key() string { return fmt.Sprintf("%d %s", a.Nth, a.Ident) }

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// ident is what does not change of an account while logs are rolled over and other sources come and go: the place but
// not the line, and of an update only its best name, since other sources may add a title.
func ident(e *Event, path string) string {
	name := strings.ToLower(e.Update.Title)
	switch {
	case !e.Update.ID.GUID.IsZero():
		name = e.Update.ID.GUID.String()
	case e.Update.KB != "":
		name = string(e.Update.KB)
	}
	return strings.Join([]string{
		strings.ToLower(path), FormatTime(e.Time, e.Local), name, e.Field(Operation), e.Field(Phase), e.Field(Result),
		e.Code.Hex(),
	}, "\x00")
}

func compareAccounts(a, b Account) int { return comparePlaced(a.Event, b.Event, a.Origin, b.Origin) }
