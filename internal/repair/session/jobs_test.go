package session_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/sim"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/update"
)

func job(n int, name, owner string) repair.Job {
	return repair.Job{ID: guid.MustParse(fmt.Sprintf("0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a%02d", n)), Name: name, Owner: owner}
}

// others are jobs that only look like Windows Update's, or not even that.
var others = []repair.Job{
	job(90, "WU Client Download", "S-1-5-21-1-2-3-1001"), job(91, "Font Download", "S-1-5-18"), job(92, "WU Client Download", ""),
}

// queued puts jobs of Windows Update's among others.
func queued(w *sim.World) (own []repair.Job) {
	own = []repair.Job{job(1, "WU Client Download", "S-1-5-18"), job(2, "WU Client Download", "S-1-5-18")}
	w.Queue.Enqueue(others[0], own[0], others[1], own[1], others[2])
	return own
}

func damagedQueue() doctor.Finding {
	return doctor.Finding{
		ID: "q", Check: "bits-queue-damaged", Severity: doctor.Error, Confidence: doctor.Proven, Title: "the queue is damaged",
		Update: update.Ref{KB: "KB5034122"},
	}
}

// lastWish is a plan that ends with what cannot be undone.
func lastWish(t *testing.T, s *session.Session, all ...doctor.Finding) session.Wish {
	t.Helper()
	w := session.Wish{Findings: append(all, damagedQueue()), Options: repair.Options{AllowIrreversible: true}}
	scene, err := s.Look(t.Context(), repair.Targets(w.Findings, windows))
	if err != nil {
		t.Fatal(err)
	}
	if w.Shown, err = repair.Make(w.Findings, scene, w.Options); err != nil || len(w.Shown.Last) != 1 {
		t.Fatalf("%+v, %v", w.Shown, err)
	}
	return w
}

// withQueue is a session that can cancel jobs.
func withQueue(w *sim.World, verdicts ...proof.Verdict) *session.Session {
	s := newSession(w, verdicts...)
	s.Jobs = w.Queue
	return s
}

func TestWhatCannotBeUndoneComesLast(t *testing.T) {
	const failed = proof.Failed
	for _, tt := range []struct {
		verdicts []proof.Verdict
		steps    int // the cancelling included
		want     session.State
	}{
		{[]proof.Verdict{proof.Proven}, 1, session.Proven},
		{[]proof.Verdict{proof.Unproven}, 1, session.Unproven},
		{[]proof.Verdict{failed, failed, failed, proof.Proven}, 4, session.Proven},
		{[]proof.Verdict{failed, failed, failed, proof.Unproven}, 4, session.Unproven},
		{[]proof.Verdict{failed, failed, failed, failed}, 4, session.Failing},
	} {
		w := computer(true)
		own, was := queued(w), w.Disk.IDs()
		s := withQueue(w, tt.verdicts...)
		res, err := s.Repair(t.Context(), lastWish(t, s, findings()...))
		if err != nil || res.State != tt.want || len(res.Steps) != tt.steps {
			t.Fatalf("%v: %+v, %v", tt.verdicts, res, err)
		}
		left, gone := w.Queue.All(), tt.steps == 4
		if gone != !slices.ContainsFunc(left, repair.Job.Own) {
			t.Errorf("%v: left are %v", tt.verdicts, left)
		}
		if d := cmp.Diff(others, slices.DeleteFunc(left, repair.Job.Own)); d != "" {
			t.Errorf("%v: other programs' jobs (-want +got):\n%s", tt.verdicts, d)
		}
		if last := res.Steps[tt.steps-1]; gone && !cmp.Equal(own, last.Jobs) {
			t.Errorf("%v: told of %v", tt.verdicts, last.Jobs)
		}
		// What was cancelled is no part of the undoing; the folders are.
		if res, err := s.Undo(t.Context()); err != nil || res.State != session.Undone {
			t.Fatalf("%v: undo: %+v, %v", tt.verdicts, res, err)
		}
		for id, path := range was {
			if now := w.Disk.IDs()[id]; now != path {
				t.Errorf("%v: %s is now %s", tt.verdicts, path, now)
			}
		}
		if gone && slices.ContainsFunc(w.Queue.All(), repair.Job.Own) {
			t.Errorf("%v: undoing has brought jobs back", tt.verdicts)
		}
	}
}

// TestOnlyJobs has nothing but the queue to mend: the history is saved, the plan made once more, the update asked for.
func TestOnlyJobs(t *testing.T) {
	w := computer(true)
	queued(w)
	s := withQueue(w, proof.Proven)
	v := &vault{}
	s.Vault = v
	res, err := s.Repair(t.Context(), lastWish(t, s))
	if err != nil || res.State != session.Proven || v.saved != 1 {
		t.Fatalf("%+v, %v, saved %d times", res, err, v.saved)
	}
	if p := s.Prover.(*scripted); len(p.about) != 1 || p.about[0].KB != "KB5034122" { //nolint:errcheck // it is
		t.Errorf("asked for %v", p.about)
	}
	st, err := s.Status()
	if err != nil || st.State != "done" || len(st.Steps) != 1 || !st.Steps[0].Verified || len(st.Steps[0].Checks) != 2 {
		t.Fatalf("%+v, %v", st, err)
	}
	if one := st.Steps[0]; one.Rung != repair.TransferJobs || one.Kind != journal.Cancel || one.Verdict != "proven" ||
		!strings.Contains(one.Checks[0].What, "cannot be undone") {
		t.Errorf("%+v", one)
	}
	if _, err := s.Undo(t.Context()); !errors.Is(err, session.ErrNothing) {
		t.Errorf("undone: %v", err)
	}
}

// TestNoJobIsCancelled lists what stops it before a job is touched.
func TestNoJobIsCancelled(t *testing.T) {
	for name, upset := range map[string]func(*session.Session, *session.Wish){
		"nobody can cancel": func(s *session.Session, _ *session.Wish) { s.Jobs = nil },
		"a restart is pending meanwhile": func(s *session.Session, _ *session.Wish) {
			look := s.Look
			s.Look = func(ctx context.Context, t []repair.Target) (*repair.Scene, error) {
				scene, err := look(ctx, t)
				scene.Pending = []string{"pending.xml"}
				return scene, err
			}
		},
		"the history cannot be saved": func(s *session.Session, _ *session.Wish) { s.Vault = &vault{err: errors.New("full")} },
		"it was not shown": func(_ *session.Session, w *session.Wish) {
			w.Shown.Last = []repair.Irreversible{repair.CancelJobs{}, repair.CancelJobs{}}
		},
	} {
		w := computer(true)
		queued(w)
		s := withQueue(w, proof.Proven)
		wanted := lastWish(t, s)
		upset(s, &wanted)
		if res, err := s.Repair(t.Context(), wanted); err == nil || len(res.Steps) > 0 || len(w.Queue.All()) != 5 {
			t.Errorf("%s: %+v, %v, left %v", name, res, err, w.Queue.All())
		}
		if all := names(t, w); len(all) > 0 {
			t.Errorf("%s: journals %q", name, all)
		}
	}
}

// TestAJobThatStays cannot be cancelled: it goes no further, and that is what status says.
func TestAJobThatStays(t *testing.T) {
	for n := range 2 {
		w := computer(true)
		own := queued(w)
		w.Queue.Refuses[own[n].ID.String()] = true
		s := withQueue(w, proof.Proven)
		res, err := s.Repair(t.Context(), lastWish(t, s))
		if err == nil || res.State != session.Partly || len(res.Steps) != 1 || len(res.Steps[0].Jobs) != n {
			t.Errorf("job %d: %+v, %v", n, res, err)
		}
		st, err := s.Status()
		if err != nil || st.State != "done-in-part" || st.Steps[0].Verified {
			t.Errorf("job %d: %+v, %v", n, st, err)
		}
		if again, err := s.Resume(t.Context()); err != nil || len(again) > 0 {
			t.Errorf("job %d: resumed %+v, %v", n, again, err)
		}
	}
}

// TestCrashAroundEachCancel kills it at every I/O, before and after each cancel, with and without a power cut. Resumed,
// all of Windows Update's jobs are gone; otherwise it goes no further. No other job is ever touched, no job goes that the
// journal does not name, and undoing what came before works.
func TestCrashAroundEachCancel(t *testing.T) {
	for _, loss := range []sim.Loss{sim.LoseAll, sim.LoseNone, sim.LoseSome} {
		for _, then := range []string{"resume", "undo", "settle", "elsewhere"} {
			t.Run(fmt.Sprintf("loss %d, then %s", loss, then), func(t *testing.T) {
				t.Parallel()
				for at := 1; cancelCrash(t, at, loss, then); at++ {
				}
			})
		}
	}
}

func cancelCrash(t *testing.T, at int, loss sim.Loss, then string) (died bool) {
	t.Helper()
	w := computer(true)
	own := queued(w)
	s := withQueue(w, proof.Unproven)
	wanted := lastWish(t, s)
	w.CrashAt(at)
	_, _ = s.Repair(t.Context(), wanted)
	if died = w.Dead(); died {
		w.PowerCut(loss, rand.New(rand.NewPCG(uint64(at), 7)))
	}
	w.Revive()
	begun := false // and not all that was cancelled was seen to be gone
	if st, err := s.Status(); err == nil && len(st.Steps) > 0 {
		begun = !st.Steps[0].Verified || len(st.Steps[0].Checks) < len(own)
		for _, gone := range missing(own, w.Queue.All()) {
			if !slices.ContainsFunc(st.Steps[0].Checks, func(c session.Check) bool { return strings.Contains(c.What, gone.ID.String()) }) {
				t.Fatalf("at %d: %s is gone, and no journal says so", at, gone.ID)
			}
		}
	}
	if then == "elsewhere" {
		s.Jobs = nil // a process that cannot ask for them, as the guard
	}
	ended := recoverBy(t, s, at, then)
	if d := cmp.Diff(others, slices.DeleteFunc(w.Queue.All(), repair.Job.Own)); d != "" {
		t.Fatalf("at %d: other programs' jobs (-want +got):\n%s", at, d)
	}
	st, err := s.Status()
	if err != nil || slices.ContainsFunc(st.Steps, func(one session.Standing) bool { return one.State == "open" }) {
		t.Fatalf("at %d: %+v, %v", at, st, err)
	}
	if then != "resume" || len(ended) == 0 {
		return died
	}
	if ended[0].Outcome != run.Committed || begun && len(missing(own, w.Queue.All())) != len(own) {
		t.Fatalf("at %d: resumed, it is %s, and left is %v", at, ended[0].Outcome, w.Queue.All())
	}
	return died
}

func recoverBy(t *testing.T, s *session.Session, at int, then string) (ended []session.Recovered) {
	t.Helper()
	var err error
	switch then {
	case "resume":
		ended, err = s.Resume(t.Context())
	case "undo":
		if _, err = s.Undo(t.Context()); errors.Is(err, session.ErrNothing) {
			err = nil
		}
	default:
		ended, err = s.Settle(t.Context())
	}
	if err != nil {
		t.Fatalf("at %d: %s: %v", at, then, err)
	}
	return ended
}

func missing(own, left []repair.Job) []repair.Job {
	return slices.DeleteFunc(slices.Clone(own), func(j repair.Job) bool { return slices.Contains(left, j) })
}
