package scan

import (
	"cmp"
	"slices"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/catalog"
)

// State is how an update stands on a computer.
type State uint8

// The states. Unknown means that a rule could not be evaluated.
const (
	NotApplicable State = iota
	Needed
	Installed
	Unknown
)

// Item is an update that something is to be done with.
type Item struct {
	*metadata.Revision
	// Parts are the revisions whose files are to be installed or taken off, in their order: the update itself, or those of
	// its bundle that are needed here.
	Parts []*metadata.Revision
}

// Undecided is an update whose state hangs on a rule that could not be evaluated.
type Undecided struct {
	*metadata.Revision
	Rule, Why string
}

// Result is what a scan has found. Updates that are there only for others are counted nowhere.
type Result struct {
	// Uninstall and Install are in the order in which they are to be done.
	Uninstall, Install []Item
	Undecided          []Undecided
	// Installed and NotApplicable count updates.
	Installed, NotApplicable int
	// States tell of every update that the location deploys, by the server's number.
	States map[int32]State
}

// Evaluate looks at the computer now.
func (s *Set) Evaluate(f applicability.Facts) *Result {
	e := s.begin(f)
	r := &Result{States: map[int32]State{}}
	for _, i := range s.items {
		if !i.deployed() {
			continue
		}
		if s.newest[i.Core.ID.GUID] == i || i.Core.ID.GUID.IsZero() {
			e.decide(r, i)
		}
	}
	order(r.Uninstall)
	order(r.Install)
	return r
}

// deployed reports an update that is deployed for itself, and not as a part or a condition of others.
func (i *item) deployed() bool {
	switch i.Deployment.Action {
	case metadata.Install, metadata.OptionalInstall, metadata.Uninstall, metadata.PreDeploymentCheck:
		return i.Core.Type == catalog.Software || i.Core.Type == catalog.Driver || i.problem != ""
	}
	return false
}

// ranked reports a driver that the server has found to be the best for devices of this computer, which it has told the server
// of in this very visit. It ranks by more than a computer knows, so that its word holds against the driver's own rules.
func (i *item) ranked() bool {
	return i.Core.Type == catalog.Driver && len(i.Hardware) > 0 && i.problem == ""
}

func (e *evaluation) decide(r *Result, i *item) {
	state, open := e.state(i)
	r.States[i.ID] = state
	switch state {
	case Unknown:
		r.Undecided = append(r.Undecided, Undecided{i.Revision, open.Rule, open.Why})
	case Installed:
		r.Installed++
		if i.Deployment.Action == metadata.Uninstall {
			r.Uninstall = append(r.Uninstall, Item{i.Revision, parts(i, e.toUninstall)})
		}
	case Needed:
		if i.Deployment.Action == metadata.Install {
			r.Install = append(r.Install, Item{i.Revision, parts(i, e.toInstall)})
		}
	default:
		r.NotApplicable++
	}
}

func (e *evaluation) state(i *item) (State, applicability.Answer) {
	switch have := e.installed(i); {
	case have.Truth == applicability.True:
		return Installed, have
	case i.ranked() && e.required(i).Truth == applicability.True:
		return Needed, have
	case have.Truth == applicability.Unknown:
		return Unknown, have
	}
	switch need := e.needed(i); need.Truth {
	case applicability.Unknown:
		return Unknown, need
	case applicability.False:
		return NotApplicable, need
	}
	for _, newer := range i.replacements {
		if e.replaces(newer) {
			return NotApplicable, applicability.Answer{}
		}
	}
	return Needed, applicability.Answer{}
}

// replaces reports an update that makes the older one superfluous: it is installed, or will be in this turn.
func (e *evaluation) replaces(newer *item) bool {
	switch newer.Deployment.Action {
	case metadata.Uninstall:
		return false
	case metadata.Install:
		if e.needed(newer).Truth == applicability.True {
			return true
		}
	}
	return e.installed(newer).Truth == applicability.True
}

// chosen gives of a group the member that is to be acted on; nil when none is.
type chosen func(group []*item) *item

// toInstall chooses the first member that can be installed, if none is there yet.
func (e *evaluation) toInstall(group []*item) *item {
	if anyOf(group, e.installed).Truth == applicability.True {
		return nil
	}
	return first(group, e.needed)
}

// toUninstall chooses the member that is there.
func (e *evaluation) toUninstall(group []*item) *item { return first(group, e.installed) }

func first(group []*item, holds func(*item) applicability.Answer) *item {
	for _, m := range group {
		if holds(m).Truth == applicability.True {
			return m
		}
	}
	return nil
}

// parts lists the revisions that have files to act on: of a bundle the members first.
func parts(i *item, choose chosen) []*metadata.Revision {
	var all []*metadata.Revision
	seen := map[*item]bool{}
	var walk func(i *item)
	walk = func(i *item) {
		if seen[i] {
			return // already there, or a bundle that is in itself
		}
		seen[i] = true
		for _, group := range i.members {
			if m := choose(group); m != nil {
				walk(m)
			}
		}
		all = append(all, i.Revision)
	}
	walk(i)
	return all
}

// order puts the most urgent first: the earliest deadline, then what the server has had for longer, which is what others may
// build on.
func order(all []Item) {
	slices.SortFunc(all, func(a, b Item) int {
		x, y := a.Deployment.Deadline, b.Deployment.Deadline
		if x.IsZero() != y.IsZero() {
			if x.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(x.Compare(y), cmp.Compare(a.ID, b.ID))
	})
}
