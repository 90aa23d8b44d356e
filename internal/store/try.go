package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Try is one attempt at an update as a computer's events tell it, from the download to the restart.
type Try struct {
	Update    update.ID
	Operation update.Operation
	// Result is empty while it is under way, as far as is known.
	Result   update.Result
	Standing Standing // empty before anything has ended
	Phase    string   // the last that is known of, in the words of Attempt
	Code     hresult.Code
	Began    time.Time
	Last     time.Time
	Events   []Event // oldest first
}

// step is where in an attempt an event stands: 0 for one that is no part of any.
type step int

const (
	noStep step = iota
	download
	install
	restart
	commit
)

// steps has the events that begin or accompany something, beside those of attempts.
func steps(id int) (s step, begins bool, phase string) {
	switch id {
	case 167, 168:
		return download, true, "download"
	case 165, 166, 169, 170:
		return download, false, "download"
	case 181:
		return install, true, "install"
	case 521:
		return commit, true, "commit"
	case 546:
		return commit, true, "revert"
	}
	return noStep, false, ""
}

func stepOf(phase string) step {
	switch phase {
	case "download":
		return download
	case "install", "uninstall":
		return install
	case "restart":
		return restart
	default:
		return commit
	}
}

// sameEnd is how close two events can be that tell of one end: an agent that is told to install by hand and has it
// scheduled says it twice.
const sameEnd = 10 * time.Minute

// Tries joins a computer's events to attempts, one for each, the latest first.
func Tries(events []Event) []Try {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b Event) int {
		// Those of a clock that is ahead came in one moment; that clock knows their order all the same.
		return cmp.Or(a.When().Compare(b.When()), a.Time.Compare(b.Time), cmp.Compare(rank(a.EventID), rank(b.EventID)))
	})
	var all []*Try
	current := map[guid.GUID]*Try{}
	for i := range sorted {
		e := &sorted[i]
		a, ends := e.Attempt()
		s, begins, phase := steps(e.EventID)
		if !ends && s == noStep || e.Update.GUID.IsZero() {
			continue
		}
		if !ends {
			a = Attempt{Operation: operation(phase), Phase: phase}
		}
		t := current[e.Update.GUID]
		if t == nil || !t.continues(e, a, begins, ends) {
			t = &Try{Update: e.Update, Operation: a.Operation, Began: e.When()}
			all, current[e.Update.GUID] = append(all, t), t
		}
		t.add(e, a, ends)
	}
	return latestFirst(all)
}

// rank orders events of one moment: what begins comes before what ends, a download before an installation.
func rank(id int) int {
	if s, _, _ := steps(id); s != noStep {
		return 2 * int(s)
	}
	if a, ok := attempts(id); ok {
		return 2*int(stepOf(a.Phase)) + 1
	}
	return 0
}

func operation(phase string) update.Operation {
	if phase == "revert" {
		return update.Uninstall
	}
	return update.Install
}

// continues reports whether an event goes on with the attempt, or is of the next.
func (t *Try) continues(e *Event, a Attempt, begins, ends bool) bool {
	if a.Operation != t.Operation {
		return false
	}
	reached, next := stepOf(t.Phase), stepOf(a.Phase)
	switch {
	case ends && a.Result == t.Result && a.Standing == t.Standing && e.Code == t.Code && e.When().Sub(t.Last) < sameEnd:
		return true
	case t.Result == update.Failed || t.Result == update.Cancelled || t.Standing == Installed || t.Standing == NotNeeded:
		return t.Standing == Installed && next == commit
	case begins:
		// A download that is queued and then starts is one.
		return next > reached || next == download && t.Result == "" && t.Events[len(t.Events)-1].EventID == 168
	case t.Standing == RestartDue:
		return ends
	}
	return next >= reached
}

// add takes an event in. A download that is done leaves the attempt under way: it was not for its own sake.
func (t *Try) add(e *Event, a Attempt, ends bool) {
	t.Events, t.Phase, t.Last, t.Update.Revision = append(t.Events, *e), a.Phase, e.When(), e.Update.Revision
	if !ends {
		return
	}
	t.Standing, t.Code, t.Result = a.Standing, e.Code, a.Result
	if a.Standing == Downloaded {
		t.Result = ""
	}
}

func latestFirst(all []*Try) []Try {
	out := make([]Try, 0, len(all))
	for _, t := range slices.Backward(all) {
		out = append(out, *t)
	}
	slices.SortStableFunc(out, func(a, b Try) int { return b.Last.Compare(a.Last) })
	return out
}
