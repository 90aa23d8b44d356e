// Package session takes a plan through on one Windows: it climbs the rungs, each a transaction of its own, until one has
// helped, and looks after what repairs have left: what a crash left open, what can be undone, what is kept.
//
// It decides nothing about folders and services itself: package repair says what may be done, package run does it. Its
// invariant is that nothing is changed while a journal in the folder is open or cannot be understood, and that every
// step is looked at afresh, refusals included, right before it.
package session

import (
	"context"
	"errors"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/update"
)

// Vault keeps the update history. Save writes down what is known of it, before anything moves.
type Vault interface {
	Save(ctx context.Context) error
}

// Prover finds out whether a repair has helped.
type Prover interface {
	Prove(ctx context.Context, updates []update.Ref) proof.Proof
}

// Jobs are Windows Update's own transfer jobs (repair.Job.Own). There are no others to a session.
type Jobs interface {
	// List gives those that are in the queue.
	List(ctx context.Context) ([]repair.Job, error)
	// Cancel cancels one, and sees that it is gone, with what it has fetched. One that is not in the queue any more is no
	// error.
	Cancel(ctx context.Context, job repair.Job) error
}

// Copies are the folders that repairs have kept.
type Copies interface {
	// Size adds up the files in a kept folder; repair.Unknown when not all of it can be seen.
	Size(path string) repair.Bytes
	// Remove deletes a kept folder and all in it. It follows no link.
	Remove(path string) error
}

// Session is one Windows that is repaired. All but Vault, Prover, Jobs and Observe must be there.
type Session struct {
	Machine  run.Machine
	Journals journal.FS // for everything but Status it must be held: see journal.Lock
	Self     journal.Self
	Copies   Copies
	// Look sees the facts that a plan with the given targets hangs on, anew at each call.
	Look func(ctx context.Context, targets []repair.Target) (*repair.Scene, error)
	// Sound tells why not even what a crash has left may be ended now; nil where nothing can stand against it.
	Sound func(ctx context.Context) error
	// Vault is nil where there is no history to keep.
	Vault Vault
	// Prover is nil where nobody can prove anything: a Windows that does not run.
	Prover Prover
	// Jobs is nil where nobody can be asked for transfer jobs: a Windows that does not run.
	Jobs Jobs
	// Observe is told what happens as it happens; nil: nobody wants to know.
	Observe func(Event)
}

// Event is something that happens.
type Event struct {
	What    What
	Rung    repair.Rung
	Journal string            // name of the journal that it is about
	Act     repair.Reversible // of Acting
	Outcome run.Outcome       // of Ended
	Text    string            // for people, may be empty
}

// What happens.
type What string

// What can happen.
const (
	Recovering What = "recovering" // an earlier repair was never ended
	Saving     What = "saving"     // the history goes into the vault
	Beginning  What = "beginning"  // a transaction
	Acting     What = "acting"
	Cancelling What = "cancelling" // a transfer job, Text is its name
	Ended      What = "ended"      // a transaction
	Proving    What = "proving"
	Proved     What = "proved"
)

// Errors that callers branch on.
var (
	// ErrNothing says that there is nothing that could be undone or deleted.
	ErrNothing = errors.New("there is nothing")
	// ErrChanged says that what was shown is not what is there any more. Nothing was done.
	ErrChanged = errors.New("what is there has changed since the plan was shown")
	// ErrMachine says that it is not known which Windows it is, so that its journals could not be told from others.
	ErrMachine = errors.New("the installation has no MachineGuid; without it a journal could not be told from that of another Windows")
)

// Refused says why nothing was done.
type Refused struct{ Refusals []repair.Refusal }

func (r *Refused) Error() string { return r.Refusals[0].Detail }

func (s *Session) tell(e Event) {
	if s.Observe != nil {
		s.Observe(e)
	}
}

// machine is the machine, with somebody who is told of its acts.
func (s *Session) machine(name string, rung repair.Rung) run.Machine {
	m := s.Machine
	m.Watch = func(a repair.Reversible) { s.tell(Event{What: Acting, Rung: rung, Journal: name, Act: a}) }
	return m
}

// save puts the history into the vault. A history that cannot be saved must not be moved away.
func (s *Session) save(ctx context.Context) error {
	if s.Vault == nil {
		return nil
	}
	s.tell(Event{What: Saving})
	return s.Vault.Save(ctx)
}

// updates are those that the findings are about.
func updates(findings []doctor.Finding) []update.Ref {
	var out []update.Ref
	for i := range findings {
		u := findings[i].Update
		known := u.IsZero() || findings[i].Severity != doctor.Error
		for _, o := range out {
			known = known || o.Same(u)
		}
		if !known {
			out = append(out, u)
		}
	}
	return out
}
