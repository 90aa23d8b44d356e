package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
)

// Outcome is how a transaction ended.
type Outcome string

// The outcomes.
const (
	Committed  Outcome = "done"
	RolledBack Outcome = "rolled-back" // as if it had never begun; the error says why
	// Waiting: Windows renames what is held when it starts next; Recover carries on then. Until then services are as
	// they were, and redx starts with Windows.
	Waiting Outcome = "waits-for-restart"
	Open    Outcome = "open" // neither: the next redx, or the next start of Windows, goes on from the journal
	// Partly: what cannot be undone was done in part and goes no further. No transaction of this package ends so.
	Partly Outcome = "done-in-part"
)

// Mode is what becomes of a transaction that died before it was decided.
type Mode int

// The modes.
const (
	TakeBack Mode = iota
	Resume
)

// transaction is one that is under way.
type transaction struct {
	Machine
	log *journal.Writer
	// waiting: an act was left to the next start of Windows, and so are those behind it.
	waiting bool
	// started: Windows has started since acts were left to it. No folder is left to it a second time.
	started bool
}

// Begin writes the journal of a transaction that the machine is ready for: how its services are is in it from the
// first line on, so that it is known whatever happens. Nothing else is changed yet.
func Begin(m Machine, fsys journal.FS, name string, h journal.Header) (*journal.Writer, error) {
	for _, a := range h.Acts {
		var service string
		switch a := a.(type) {
		case repair.Hold:
			service = a.Service
		case repair.Halt:
			service = a.Service
		default:
			continue
		}
		if h.Was(service) != (journal.Service{Name: service}) {
			continue
		}
		s, err := m.Services.Service(service)
		if err != nil {
			return nil, err
		}
		if s.Running && s.Start == disabled {
			return nil, fmt.Errorf("service %s runs though it is disabled: it could not be started again", service)
		}
		if s.Present {
			h.Before = append(h.Before, journal.Service{Name: service, Start: s.Start, Running: s.Running, Delayed: s.Delayed})
		}
	}
	return journal.Create(fsys, name, h)
}

// Do takes a fresh journal's transaction through. When it cannot be done whole, all of it is taken back.
func Do(ctx context.Context, m Machine, log *journal.Writer) (Outcome, error) {
	t := transaction{Machine: m, log: log}
	return t.decide(t.forward(ctx))
}

// Recover ends what a crash has left: what was decided is finished; what was not is resumed or taken back.
func Recover(ctx context.Context, m Machine, log *journal.Writer, mode Mode) (Outcome, error) {
	t := transaction{Machine: m, log: log}
	p, err := t.progress()
	if err != nil {
		return Open, err
	}
	switch {
	case p.Ended && p.Decision == journal.Commit:
		return Committed, nil
	case p.Ended:
		return RolledBack, nil
	case !t.able():
		return Open, ErrElsewhere
	case p.Decision == journal.Commit:
		return t.finish()
	case p.Decision == journal.Rollback || mode == TakeBack:
		return t.back(nil)
	case slices.Contains(p.Waits, true):
		return t.afterWaiting(ctx, p)
	}
	return t.again(ctx)
}

// able tells whether the machine has what the transaction was begun with.
func (t *transaction) able() bool {
	return t.Services != nil || !slices.ContainsFunc(t.log.Acts, repair.Reversible.Passing)
}

func (t *transaction) again(ctx context.Context) (Outcome, error) {
	if err := t.quiet(); err != nil {
		return t.back(err)
	}
	return t.decide(t.forward(ctx))
}

func (t *transaction) progress() (journal.Progress, error) { return t.log.Progress(t.log.Entries) }

// decide commits what was done whole, and takes back what was not.
func (t *transaction) decide(err error) (Outcome, error) {
	if err == nil {
		err = t.sync()
	}
	if err == nil && t.waiting {
		return t.pause()
	}
	if err != nil {
		return t.back(err)
	}
	if err := t.log.Append(journal.Entry{Event: journal.Commit}); err != nil {
		return t.undecided(err)
	}
	return t.finish()
}

// undecided ends where nobody knows whether the decision stands in the journal. Taken back now, the repair would be done to
// whoever reads it there: so it waits for the next redx, which sees what stands, and services are as they were.
func (t *transaction) undecided(why error) (Outcome, error) {
	return Open, errors.Join(why, t.release(silence))
}

// forward does every act, also those that the journal has as done: what was not safe on the disk is lost in a crash.
func (t *transaction) forward(ctx context.Context) error {
	for n, a := range t.log.Acts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if t.Watch != nil {
			t.Watch(a)
		}
		if err := t.do(n, a); err != nil {
			return fmt.Errorf("%v: %w", a, err)
		}
	}
	return nil
}

func (t *transaction) do(n int, a repair.Reversible) error {
	p, err := t.progress()
	if err != nil {
		return err
	}
	if n >= p.Begun {
		if p.Folder[n], err = t.prior(a); err != nil {
			return err
		}
		if err := t.log.Append(journal.Entry{Event: journal.Intent, Act: n, Folder: p.Folder[n]}); err != nil {
			return err
		}
	}
	if t.waiting && p.Folder[n] != "" && !p.Done[n] {
		return t.wait(n, a)
	}
	note, err := t.apply(a, p.Folder[n])
	if errors.Is(err, ErrHeld) && t.mayWait() {
		return t.wait(n, a)
	}
	if err != nil || p.Done[n] {
		return err
	}
	return t.log.Append(journal.Entry{Event: journal.Done, Act: n, Note: note})
}

func (t *transaction) sync() error {
	err := t.Files.Sync()
	if t.Services != nil {
		err = errors.Join(err, t.Services.Sync())
	}
	return err
}

// finish gives back what only carried the repair.
func (t *transaction) finish() (Outcome, error) {
	if err := t.release(noting); err != nil {
		return Open, err
	}
	if err := t.end(); err != nil {
		return Open, err
	}
	return Committed, nil
}

// back takes everything back, for the reason given. It goes on when the journal cannot be written any more: what it
// does, a later recovery sees.
func (t *transaction) back(why error) (Outcome, error) {
	p, err := t.progress()
	if err != nil {
		return Open, errors.Join(why, err)
	}
	if p.Decision == "" {
		err = t.log.Append(journal.Entry{Event: journal.Rollback})
	}
	// The services run again whatever became of the rest.
	if err = errors.Join(err, t.forget(p), t.takeBackMoves(p), t.release(noting)); err != nil {
		return Open, errors.Join(why, err)
	}
	if err := t.end(); err != nil {
		return Open, errors.Join(why, err)
	}
	return RolledBack, why
}

// end is reached when everything is as it shall be and safe on the disk; what starts redx with Windows goes last.
func (t *transaction) end() error {
	if err := t.unguard(); err != nil {
		return err
	}
	if err := t.sync(); err != nil {
		return err
	}
	return t.log.Append(journal.Entry{Event: journal.End})
}

// undone notes what was given back, once.
func (t *transaction) undone(p journal.Progress, n int) error {
	if p.Undone[n] || n >= p.Begun {
		return nil
	}
	return t.log.Append(journal.Entry{Event: journal.Undone, Act: n})
}
