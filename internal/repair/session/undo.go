package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// Undo takes back the latest repair that is not undone yet: all its steps, the last first. What a crash had left of a
// repair is taken back as well, and is all then. ErrNothing when there is none.
func (s *Session) Undo(ctx context.Context) (Result, error) {
	res := Result{State: Open}
	var err error
	res.Recovered, err = s.recover(ctx, func(r record) run.Mode {
		if r.Kind == journal.Undo {
			return run.Resume
		}
		return run.TakeBack
	})
	if err != nil {
		return res, err
	}
	if waiting(res.Recovered) {
		res.State = Waiting
		return res, nil
	}
	if settled(res.Recovered) {
		res.State = Undone
		return res, nil
	}
	return res, s.undoLatest(ctx, &res)
}

// settled tells that recovering has undone the latest repair already.
func settled(all []Recovered) bool {
	if len(all) == 0 {
		return false
	}
	last := all[len(all)-1]
	return last.Kind == journal.Repair && last.Outcome == run.RolledBack ||
		last.Kind == journal.Undo && last.Outcome == run.Committed
}

func (s *Session) undoLatest(ctx context.Context, res *Result) error {
	all, err := s.records()
	if err != nil {
		return err
	}
	latest := undoable(all)
	if latest == nil {
		return fmt.Errorf("%w to undo", ErrNothing)
	}
	if err := s.save(ctx); err != nil {
		return err
	}
	gone := undone(all)
	for r := latest; r != nil; r = find(all, r.Follows) {
		if gone[r.Name] {
			break
		}
		if err := s.undo(ctx, res, r); err != nil || res.State == Waiting {
			return err
		}
	}
	res.State = Undone
	return nil
}

// undoable is the latest repair that was done, is not undone, and whose copies are still there.
func undoable(all []record) *record {
	gone := undone(all)
	for i := len(all) - 1; i >= 0; i-- {
		r := &all[i]
		if r.Kind == journal.Repair && r.done() && !gone[r.Name] && !r.Purging {
			return r
		}
	}
	return nil
}

func find(all []record, name string) *record {
	for i := range all {
		if name != "" && all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

func (s *Session) undo(ctx context.Context, res *Result, r *record) error {
	if r.Purging {
		return fmt.Errorf("undo %s: its copies were deleted", r.Name)
	}
	var moves []repair.Move
	var targets []repair.Target
	for _, a := range r.Acts {
		if m, _, ok := move(a); ok {
			moves, targets = append(moves, m), append(targets, m.Target)
		}
	}
	scene, err := s.Look(ctx, targets)
	if err != nil {
		return err
	}
	if refusals := repair.Refuse(scene, moves, 0); len(refusals) > 0 {
		return &Refused{refusals}
	}
	acts, err := repair.TakeBack(movesOnly(r.Acts), r.Root, s.Machine.Files.Names)
	if err != nil {
		return err
	}
	if s.Machine.Services != nil && !r.Root.Own {
		acts = append(repair.Quiet(r.Rung, scene.Dependents), acts...)
	}
	h := journal.Header{Machine: s.Self.Machine, Root: r.Root, Kind: journal.Undo, Undoes: r.Name, Rung: r.Rung, Acts: acts}
	done := Done{Rung: r.Rung, Moves: moves}
	done.Journal, done.Outcome, err = s.transact(h, func(m run.Machine, log *journal.Writer) (run.Outcome, error) {
		return run.Do(ctx, m, log)
	})
	res.Steps = append(res.Steps, done)
	switch {
	case done.Outcome == run.Waiting:
		res.State = Waiting
	case done.Outcome != run.Committed:
		res.State = StateOf(done.Outcome)
		return fmt.Errorf("undo %s: %w", r.Name, errors.Join(err, errNotUndone(done.Outcome)))
	}
	return err
}

func errNotUndone(o run.Outcome) error {
	if o == run.RolledBack {
		return errors.New("nothing was changed")
	}
	return errors.New("it stays open")
}
