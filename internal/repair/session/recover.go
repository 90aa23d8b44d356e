package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// Recovered is what became of a transaction that was never ended.
type Recovered struct {
	Journal string
	Kind    journal.Kind
	Rung    repair.Rung
	Outcome run.Outcome
	Why     error // why it was taken back, when it was to be resumed
}

// Resume goes on with what was never ended, and tells what became of it. Nothing to resume is no error.
func (s *Session) Resume(ctx context.Context) ([]Recovered, error) {
	return s.recover(ctx, func(record) run.Mode { return run.Resume })
}

// Settle ends what was never ended before something else is done: a repair is taken back, the undoing of one goes on,
// and what waits for a restart goes on waiting. Nothing to settle is no error.
func (s *Session) Settle(ctx context.Context) ([]Recovered, error) {
	return s.recover(ctx, func(r record) run.Mode {
		for _, waits := range r.Waits {
			if waits {
				return run.Resume
			}
		}
		if r.Kind == journal.Undo {
			return run.Resume
		}
		return run.TakeBack
	})
}

func (s *Session) recover(ctx context.Context, mode func(record) run.Mode) ([]Recovered, error) {
	all, err := s.records()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r record) bool { return !r.open() })
	if len(all) > 0 && s.Sound != nil {
		if err := s.Sound(ctx); err != nil {
			return nil, err
		}
	}
	var out []Recovered
	for _, r := range all {
		s.tell(Event{What: Recovering, Rung: r.Rung, Journal: r.Name, Text: string(r.Kind)})
		one, err := s.recoverOne(ctx, r, mode(r))
		out = append(out, one)
		s.tell(Event{What: Ended, Rung: r.Rung, Journal: r.Name, Outcome: one.Outcome})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// recoverOne gives an error only when the transaction is neither done nor taken back and does not wait.
func (s *Session) recoverOne(ctx context.Context, r record, mode run.Mode) (Recovered, error) {
	one := Recovered{Journal: r.Name, Kind: r.Kind, Rung: r.Rung, Outcome: run.Open}
	log, err := journal.Continue(s.Journals, r.Journal)
	if err != nil {
		return one, err
	}
	if r.Kind == journal.Cancel {
		one.Outcome, err = s.recoverJobs(ctx, log, mode)
	} else {
		one.Outcome, err = run.Recover(ctx, s.machine(r.Name, r.Rung), log, mode)
	}
	err = errors.Join(err, log.Close())
	if one.Outcome == run.Open {
		return one, fmt.Errorf("the repair of journal %s is still open: %w", r.Name, err)
	}
	one.Why = err
	return one, nil
}

// waiting tells whether one of them waits for Windows to start.
func waiting(all []Recovered) bool {
	for _, r := range all {
		if r.Outcome == run.Waiting {
			return true
		}
	}
	return false
}
