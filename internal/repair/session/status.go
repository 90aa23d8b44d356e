package session

import (
	"errors"
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// Standing is how one transaction stands, and whether what is seen is what its journal says.
type Standing struct {
	Journal  string
	Kind     journal.Kind
	Rung     repair.Rung
	State    string // "open", "waits-for-restart", "done", "done-in-part", "undone", "rolled-back" or "purged"
	Verdict  string // of package proof; empty while nobody judged it
	Verified bool
	Checks   []Check
}

// Check is one thing that was looked at: step 5 of KB 910336, "make sure that you did it", is for code to do.
type Check struct {
	What string
	OK   bool
	Seen string // what is there instead, when it is not
}

// Status is how all repairs of a Windows stand, the oldest first.
type Status struct {
	State string // that of the latest; "none" when there is none
	Steps []Standing
	Kept  []Kept
}

// Status looks, and changes nothing. What could be read is given beside an error.
func (s *Session) Status() (Status, error) {
	all, err := s.records()
	st := Status{State: "none"}
	gone := undone(all)
	for i, r := range all {
		one := Standing{Journal: r.Name, Kind: r.Kind, Rung: r.Rung, State: state(r, gone), Verdict: r.Verdict}
		one.Checks = slices.Concat(s.folders(r, one.State, i == len(all)-1), s.services(r), cancelled(r))
		one.Verified = !slices.ContainsFunc(one.Checks, func(c Check) bool { return !c.OK })
		st.Steps, st.State = append(st.Steps, one), one.State
	}
	kept, kerr := s.kept(all)
	st.Kept = kept
	return st, errors.Join(err, kerr)
}

func state(r record, gone map[string]bool) string {
	switch {
	case r.open() && slices.Contains(r.Waits, true) && r.Decision == "":
		return "waits-for-restart"
	case r.open():
		return "open"
	case r.Kind == journal.Cancel && !r.done() && len(r.Jobs) > 0:
		return string(run.Partly)
	case !r.done():
		return "rolled-back"
	case r.Kind == journal.Undo, gone[r.Name]:
		return "undone"
	case r.Purging:
		return "purged"
	}
	return "done"
}

// folders checks that each folder is where the state says. Where those are that have their own names again only the
// latest transaction can say: a later one may have moved them, or what they stand in.
func (s *Session) folders(r record, state string, latest bool) []Check {
	var out []Check
	for n, a := range r.Acts {
		m, away, ok := move(a)
		if !ok || r.Folder[n] == "" || r.open() || r.Purging {
			continue
		}
		switch path := m.Copy.Path(r.Root); {
		case state == "done", r.Kind == journal.Undo && away && r.done():
			out = append(out, s.standsAt(path, r.Folder[n]))
		case latest && away != r.done():
			out = append(out, s.standsAt(m.Target.Path(r.Root), r.Folder[n]))
		}
	}
	return out
}

func (s *Session) standsAt(path, id string) Check {
	c := Check{What: path + " is the folder that the journal names"}
	f, err := s.Machine.Files.Folder(path)
	switch {
	case err != nil:
		c.Seen = err.Error()
	case !f.Present:
		c.Seen = "nothing is there"
	case f.Reparse || !run.Same(f.ID, id):
		c.Seen = "something else is there"
	default:
		c.OK = true
	}
	return c
}

// services checks that each service starts again as it did. Whether it runs at this moment is Windows' to say.
func (s *Session) services(r record) []Check {
	if s.Machine.Services == nil || r.open() {
		return nil
	}
	var out []Check
	for _, was := range r.Before {
		c := Check{What: fmt.Sprintf("service %s has start type %d again", was.Name, was.Start), OK: true}
		is, err := s.Machine.Services.Service(was.Name)
		switch {
		case err != nil:
			c.OK, c.Seen = false, err.Error()
		case is.Present && is.Start != was.Start:
			c.OK, c.Seen = false, fmt.Sprintf("it has %d", is.Start)
		case is.Present && was.Delayed && !is.Delayed:
			c.OK, c.Seen = false, "it has, but is not started later than others any more"
		}
		out = append(out, c)
	}
	return out
}
