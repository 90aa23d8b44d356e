package session_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/sim"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
)

// life is what happens to one computer: verbs of redx in any order, each with a crash or none.
type life struct {
	*testing.T
	w      *sim.World
	s      *session.Session
	vault  *vault
	ids    map[string]string
	states map[string]run.Service
	purged bool // copies were deleted
}

// drawLife makes a computer, with somebody who never agrees to let a folder go or not, and an agent that says anything.
func drawLife(t *testing.T, rt *rapid.T) *life {
	w := computer(rapid.Bool().Draw(rt, "live"))
	queued(w)
	if len(w.Services) > 0 && rapid.Bool().Draw(rt, "a scanner") {
		held := `C:\Windows\SoftwareDistribution\Download\` + hash + `\x`
		w.Add(sim.Service{Name: "Scanner", Running: true, Finds: true, Opens: []string{held}}, 2)
	}
	verdict := rapid.SampledFrom([]proof.Verdict{proof.Proven, proof.Unproven, proof.Failed})
	var verdicts []proof.Verdict
	if len(w.Services) > 0 {
		verdicts = rapid.SliceOfN(verdict, 80, 80).Draw(rt, "verdicts")
	}
	l := &life{T: t, w: w, s: withQueue(w, verdicts...), vault: &vault{}, ids: w.Disk.IDs(), states: w.States()}
	l.s.Vault = l.vault
	return l
}

// do does one verb. Before anything moves or is deleted, the history must have been saved.
func (l *life) do(rt *rapid.T, verb string) {
	saved := l.vault.saved
	l.s.Observe = func(e session.Event) {
		if e.What == session.Beginning && l.vault.saved == saved {
			rt.Fatalf("%s: %s begins, and the history was not saved", verb, e.Rung)
		}
	}
	ctx := context.Background()
	switch verb {
	case "repair":
		l.repair(ctx, rt)
	case "undo":
		_, _ = l.s.Undo(ctx)
	case "purge":
		l.purge(ctx, rt, rapid.Bool().Draw(rt, "unproven"))
	case "resume":
		_, _ = l.s.Resume(ctx)
	case "restart":
		l.w.PowerCut(sim.LoseNone, nil)
	}
}

func (l *life) repair(ctx context.Context, rt *rapid.T) {
	wish := session.Wish{
		Findings: append(findings(), damagedQueue()),
		Options:  repair.Options{AllowIrreversible: rapid.Bool().Draw(rt, "last"), Article: rapid.Bool().Draw(rt, "article")},
	}
	scene, err := l.s.Look(ctx, repair.Targets(wish.Findings, windows))
	if err == nil {
		wish.Shown, err = repair.Make(wish.Findings, scene, wish.Options)
	}
	if err == nil && !wish.Shown.Empty() {
		_, _ = l.s.Repair(ctx, wish)
	}
}

func (l *life) purge(ctx context.Context, rt *rapid.T, unproven bool) {
	was, saved := l.w.Disk.IDs(), l.vault.saved
	_, _ = l.s.Purge(ctx, unproven)
	if now := l.w.Disk.IDs(); len(now) < len(was) {
		l.purged = true
		if l.vault.saved == saved {
			rt.Fatal("copies were deleted, and the history in them was not saved")
		}
	}
}

// settle ends what is open, with the starts of Windows that it waits for.
func (l *life) settle(rt *rapid.T) {
	l.s.Observe = nil
	for range 4 {
		if _, err := l.s.Resume(context.Background()); err != nil {
			rt.Fatalf("at the end: %v", err)
		}
		st, err := l.s.Status()
		if err != nil {
			rt.Fatalf("at the end: %v", err)
		}
		if !slices.ContainsFunc(st.Steps, func(one session.Standing) bool { return one.State == "waits-for-restart" }) {
			return
		}
		l.w.PowerCut(sim.LoseNone, nil)
	}
	rt.Fatal("it waits for ever")
}

// whole tells what must hold whatever has happened.
func (l *life) whole(rt *rapid.T) {
	st, err := l.s.Status()
	if err != nil || slices.ContainsFunc(st.Steps, func(one session.Standing) bool { return one.State == "open" }) {
		rt.Fatalf("%+v, %v", st, err)
	}
	for name, was := range l.states {
		if is := l.w.States()[name]; is.Start != was.Start || l.w.IsGuarded() {
			rt.Fatalf("%s is %+v, was %+v; guarded %v", name, is, was, l.w.IsGuarded())
		}
	}
	if d := cmp.Diff(others, slices.DeleteFunc(l.w.Queue.All(), repair.Job.Own)); d != "" {
		rt.Fatalf("other programs' jobs (-want +got):\n%s", d)
	}
	now := l.w.Disk.IDs()
	for id, path := range l.ids {
		if now[id] == "" && !l.purged {
			rt.Fatalf("%s is gone, and nobody deleted it", path)
		}
	}
	if l.w.Disk.ID(`C:\Windows\SDTemp\older`) == "" {
		rt.Fatal("somebody else's SDTemp is gone")
	}
}

// undoAll takes back repair after repair, and wants everything where it was.
func (l *life) undoAll(rt *rapid.T) {
	for range 40 {
		_, err := l.s.Undo(context.Background())
		if errors.Is(err, session.ErrNothing) {
			break
		}
		if err != nil {
			rt.Fatalf("undo: %v", err)
		}
		l.settle(rt)
	}
	now := l.w.Disk.IDs()
	for id, path := range l.ids {
		if now[id] != path {
			rt.Fatalf("all is undone, and %s is at %q", path, now[id])
		}
	}
}

// TestRandomLives lets verbs and crashes follow each other in any order.
func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := drawLife(t, rt)
		for range rapid.IntRange(1, 8).Draw(rt, "verbs") {
			verb := rapid.SampledFrom([]string{"repair", "repair", "undo", "purge", "resume", "restart"}).Draw(rt, "verb")
			l.w.CrashAt(rapid.SampledFrom([]int{0, rapid.IntRange(1, 400).Draw(rt, "tick")}).Draw(rt, "crash"))
			l.do(rt, verb)
			if l.w.Dead() {
				loss := sim.Loss(rapid.IntRange(0, 2).Draw(rt, "loss"))
				l.w.PowerCut(loss, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 3)))
			}
			l.w.Revive()
		}
		l.settle(rt)
		l.whole(rt)
		// A copy that was about to be deleted is never undone from, whether it is still there or not.
		if st, err := l.s.Status(); err == nil && !slices.ContainsFunc(st.Steps, func(one session.Standing) bool { return one.State == "purged" }) {
			l.undoAll(rt)
			l.whole(rt)
		}
	})
}
