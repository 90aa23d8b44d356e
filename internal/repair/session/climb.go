package session

import (
	"context"
	"errors"
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/update"
)

// State is how a repair stands.
type State string

// The states.
const (
	Proven     State = "proven"            // the update came again, whole
	Unproven   State = "unproven"          // done, and nobody has seen that it helped
	Failing    State = "failing"           // all that was planned was done, and the error is still there
	RolledBack State = "rolled-back"       // as if it had never begun
	Undone     State = "undone"            // it was taken back because that was asked for
	Waiting    State = "waits-for-restart" // Windows renames what is held when it starts next
	Open       State = "open"              // neither done nor taken back
	Partly     State = "done-in-part"      // of what cannot be undone, some was done, and it goes no further
)

// Result is how a repair went.
type Result struct {
	State     State
	Recovered []Recovered // what earlier repairs had left
	Steps     []Done
}

// Done is one step that was tried.
type Done struct {
	Rung    repair.Rung
	Journal string
	Moves   []repair.Move
	Jobs    []repair.Job // that were cancelled
	Outcome run.Outcome
	Proof   *proof.Proof // nil when nobody could prove anything
}

// Wish is what is to be repaired: the findings and options that the plan was made of, and the plan that was shown.
type Wish struct {
	Findings []doctor.Finding
	Options  repair.Options
	Shown    *repair.Plan
}

// Repair climbs the steps of a plan until one is proven to have helped, or there are no more. The result says how far
// it came, beside an error too. Errors: *Refused, ErrChanged, and why a step was taken back or stays open.
func (s *Session) Repair(ctx context.Context, w Wish) (Result, error) {
	var res Result
	var err error
	if res.Recovered, err = s.Settle(ctx); err != nil {
		res.State = Open
		return res, err
	}
	if waiting(res.Recovered) {
		res.State = Waiting
		return res, nil
	}
	for n := range w.Shown.Steps {
		step, scene, err := s.afresh(ctx, w, n)
		if err == nil && step == nil {
			continue // what it would move is gone with an earlier step
		}
		if err == nil && len(res.Steps) == 0 {
			err = s.save(ctx)
		}
		if err != nil {
			return res, err
		}
		if more, err := s.step(ctx, &res, step, scene, w); err != nil || !more {
			return res, err
		}
	}
	return res, s.last(ctx, &res, w)
}

// afresh plans once more and gives the step with the rung of the n-th that was shown; nil when it has nothing to move
// any more. The first must be the very one that was shown and agreed to, and still the first.
func (s *Session) afresh(ctx context.Context, w Wish, n int) (*repair.Step, *repair.Scene, error) {
	shown := &w.Shown.Steps[n]
	targets := repair.Targets(w.Findings, w.Shown.Root)
	scene, err := s.Look(ctx, targets)
	if err != nil {
		return nil, nil, err
	}
	plan, err := repair.Make(w.Findings, scene, w.Options)
	if err != nil {
		return nil, nil, err
	}
	if len(plan.Refusals) > 0 {
		return nil, nil, &Refused{plan.Refusals}
	}
	i := slices.IndexFunc(plan.Steps, func(step repair.Step) bool { return step.Rung == shown.Rung })
	if n == 0 && (i != 0 || !slices.Equal(plan.Steps[i].Moves, shown.Moves)) {
		return nil, nil, ErrChanged
	}
	if i < 0 {
		return nil, scene, nil
	}
	return &plan.Steps[i], scene, nil
}

// step takes one step and has it proved. It tells whether the next one is to be tried.
func (s *Session) step(ctx context.Context, res *Result, step *repair.Step, scene *repair.Scene, w Wish) (more bool, err error) {
	h := journal.Header{Machine: s.Self.Machine, Root: scene.Root, Kind: journal.Repair, Rung: step.Rung}
	if h.Acts = step.Sequence(scene.Dependents); s.Machine.Services == nil {
		h.Acts = movesOnly(h.Acts)
	}
	if len(res.Steps) > 0 {
		h.Follows = res.Steps[len(res.Steps)-1].Journal
	}
	done := Done{Rung: step.Rung, Moves: step.Moves}
	done.Journal, done.Outcome, err = s.transact(h, func(m run.Machine, log *journal.Writer) (run.Outcome, error) {
		return run.Do(ctx, m, log)
	})
	res.Steps = append(res.Steps, done)
	if done.Outcome == run.Committed {
		more, perr := s.prove(ctx, res, updates(behind(step, w.Findings)))
		return more, errors.Join(err, perr)
	}
	res.State = StateOf(done.Outcome)
	return false, err
}

// StateOf is the state of a repair whose only transaction ended so, and was not proved.
func StateOf(o run.Outcome) State {
	switch o {
	case run.Committed:
		return Unproven
	case run.Waiting:
		return Waiting
	case run.Partly:
		return Partly
	case run.RolledBack, "": // not even its journal could be begun
		return RolledBack
	default:
		return Open
	}
}

func movesOnly(acts []repair.Reversible) []repair.Reversible {
	return slices.DeleteFunc(slices.Clone(acts), repair.Reversible.Passing)
}

// behind are the findings that a step was planned for; the article's procedure is for all. An update that fails for
// another cause says nothing about the step.
func behind(step *repair.Step, findings []doctor.Finding) []doctor.Finding {
	if len(step.BecauseOf) == 0 {
		return findings
	}
	return named(step.BecauseOf, findings)
}

func named(ids []string, findings []doctor.Finding) []doctor.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f doctor.Finding) bool { return !slices.Contains(ids, f.ID) })
}

// prove asks whether the last step has helped the updates, and puts the answer into its journal.
func (s *Session) prove(ctx context.Context, res *Result, about []update.Ref) (more bool, err error) {
	if s.Prover == nil {
		res.State = Unproven
		return false, nil
	}
	last := &res.Steps[len(res.Steps)-1]
	s.tell(Event{What: Proving, Rung: last.Rung, Journal: last.Journal})
	p := s.Prover.Prove(ctx, about)
	last.Proof = &p
	s.tell(Event{What: Proved, Rung: last.Rung, Journal: last.Journal, Text: p.String()})
	res.State = map[proof.Verdict]State{proof.Proven: Proven, proof.Unproven: Unproven, proof.Failed: Failing}[p.Verdict]
	err = s.note(last.Journal, journal.Entry{Event: journal.Judged, Verdict: string(p.Verdict), Note: clip(p.String())})
	return p.Verdict == proof.Failed && ctx.Err() == nil, errors.Join(err, ctx.Err())
}

// clip bounds what is put into a journal of what an agent has said.
func clip(s string) string {
	const most = 1000
	if len(s) > most {
		return s[:most]
	}
	return s
}
