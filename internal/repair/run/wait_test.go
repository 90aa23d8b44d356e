package run_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/sim"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// patient is a machine whose next start can be waited for.
func patient(w *sim.World) run.Machine {
	m := machine(w)
	m.Restart = w.Restart()
	return m
}

// scanner holds folders open for ever, and is none of the services that redx stops.
func scanner(opens ...string) sim.Service {
	return sim.Service{Name: "Scanner", Running: true, Opens: opens, Finds: true}
}

// heldComputer is one on which a scanner holds the first folder that the acts move, or only the last.
func heldComputer(h journal.Header, first bool) *sim.World {
	w := computer(h)
	moves := movesOf(h)
	held := moves[len(moves)-1].Target.Path(h.Root)
	if first {
		held = moves[0].Target.Path(h.Root)
	}
	w.Disk.Make(held + `\scanned`)
	w.Add(scanner(held+`\scanned`), 2)
	return w
}

func movesOf(h journal.Header) []repair.MoveAway {
	var all []repair.MoveAway
	for _, a := range h.Acts {
		if m, ok := a.(repair.MoveAway); ok {
			all = append(all, m)
		}
	}
	return all
}

func through(w *sim.World, h journal.Header) (run.Outcome, error) {
	log, err := run.Begin(patient(w), w.Journals, "j", h)
	if err != nil {
		return "", err
	}
	return run.Do(context.Background(), patient(w), log)
}

// waited tells what is wrong with a computer on which a transaction waits.
func (p photo) waited(w *sim.World, cut bool) error {
	switch {
	case !w.IsGuarded():
		return errors.New("it waits, and redx does not start with Windows")
	case len(w.AtRestart()) == 0:
		return errors.New("it waits for nothing")
	}
	err := p.services(w, cut)
	if err != nil && err.Error() == "redx still starts with Windows" {
		return nil
	}
	return err
}

// waiting takes a transaction through a crash, its recovery, and the start of Windows that it waits for. Crashes are
// counted on behind that start.
func (c crash) waiting(w *sim.World, h journal.Header) (died bool, err error) {
	was := take(w)
	cut, second := false, c.second
	w.CrashAt(c.at)
	outcome, err := through(w, h)
	left := c.at - w.Ticks()
	for starts := 0; w.Dead() || outcome == run.Waiting; starts++ {
		if starts > 4 {
			return died, errors.New("it waits for ever")
		}
		if w.Dead() {
			died, left, cut = true, 0, cut || !c.kill
			c.die(w)
			w.CrashAt(second)
			second = 0
			outcome, err = recovered(patient(w), w, c.mode)
			continue
		}
		if err := was.waited(w, cut); err != nil {
			return died, err
		}
		cut = true
		w.PowerCut(sim.LoseNone, nil)
		w.CrashAt(left)
		outcome, err = recovered(patient(w), w, run.Resume)
	}
	w.CrashAt(0)
	if err != nil && outcome != run.RolledBack {
		return died, fmt.Errorf("%s: %w", outcome, err)
	}
	want := map[run.Outcome]string{run.Committed: "after", run.RolledBack: "before"}[outcome]
	if got := was.state(w, h); got != want {
		return died, fmt.Errorf("outcome %q, and the folders are %s", outcome, got)
	}
	if on := w.AtRestart(); len(on) > 0 {
		return died, fmt.Errorf("outcome %q, and %v is still on record", outcome, on)
	}
	return died, was.services(w, cut)
}

// TestCrashWhileWaiting crashes every shape that has to wait for Windows at every I/O, before its start and behind it.
func TestCrashWhileWaiting(t *testing.T) {
	for name, h := range shapes {
		if _, live := h.Acts[0].(repair.Guard); !live {
			continue
		}
		for _, first := range []bool{true, false} {
			if first && len(movesOf(h)) == 1 {
				continue // the first is the last
			}
			t.Run(fmt.Sprintf("%s, first %v", name, first), func(t *testing.T) {
				t.Parallel()
				everyCrash(t, func(c crash) bool {
					died, err := c.waiting(heldComputer(h, first), h)
					if err != nil {
						t.Fatalf("%+v: %v", c, err)
					}
					return died
				})
			})
		}
	}
}

// TestUndoWaits undoes a repair whose folder, made anew, is held.
func TestUndoWaits(t *testing.T) {
	for _, name := range []string{"two update folders", "software distribution", "catroot2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyCrash(t, func(c crash) bool {
				h := shapes[name]
				w := computer(h)
				was := take(w)
				if outcome, err := do(w, "done", h); outcome != run.Committed {
					t.Fatalf("%s: %v", outcome, err)
				}
				var last string
				for _, m := range movesOf(h) {
					last = m.Target.Path(h.Root) + `\anew`
					w.Disk.Make(last)
				}
				w.Add(scanner(last), 2)
				undo := undoing(t, w, h)
				died, err := c.waiting(w, undo)
				if err != nil {
					t.Fatalf("%+v: %v", c, err)
				}
				if committed(t, w) {
					if got := was.state(w, journal.Header{}); got != "before" {
						t.Fatalf("%+v: undone, the folders are %s", c, got)
					}
				}
				return died
			})
		})
	}
}

// TestTakenBackBeforeTheStart takes back what waits: nothing may be renamed as Windows starts.
func TestTakenBackBeforeTheStart(t *testing.T) {
	h := shapes["two update folders"]
	w := heldComputer(h, false)
	was := take(w)
	if outcome, err := through(w, h); outcome != run.Waiting || err != nil {
		t.Fatalf("%s: %v", outcome, err)
	}
	if outcome, err := recovered(patient(w), w, run.TakeBack); outcome != run.RolledBack || err != nil {
		t.Fatalf("%s: %v", outcome, err)
	}
	w.PowerCut(sim.LoseAll, rand.New(rand.NewPCG(1, 1)))
	if got := was.state(w, h); got != "before" || w.IsGuarded() {
		t.Errorf("the folders are %s, guarded %v", got, w.IsGuarded())
	}
}

// TestResumedBeforeTheStart tries again at once: the folder is held no more, or waits as before.
func TestResumedBeforeTheStart(t *testing.T) {
	for _, free := range []bool{true, false} {
		h := shapes["software distribution"]
		w := heldComputer(h, true)
		was := take(w)
		if outcome, err := through(w, h); outcome != run.Waiting || err != nil {
			t.Fatalf("%s: %v", outcome, err)
		}
		want := run.Waiting
		if free {
			w.Services["scanner"].Running, want = false, run.Committed
		}
		if outcome, err := recovered(patient(w), w, run.Resume); outcome != want || err != nil {
			t.Fatalf("free %v: %s: %v", free, outcome, err)
		}
		if on := len(w.AtRestart()); free && (on > 0 || was.state(w, h) != "after") || !free && on != 1 {
			t.Errorf("free %v: %d renames on record, the folders are %s", free, on, was.state(w, h))
		}
	}
}

// TestTheStartCouldNot plants the copy's name meanwhile: Windows cannot rename either, and all is taken back.
func TestTheStartCouldNot(t *testing.T) {
	h := shapes["software distribution"]
	w := heldComputer(h, true)
	if outcome, err := through(w, h); outcome != run.Waiting || err != nil {
		t.Fatalf("%s: %v", outcome, err)
	}
	w.Disk.Make(`C:\Windows\sdtemp.2\planted`)
	was := take(w)
	w.PowerCut(sim.LoseNone, nil)
	outcome, err := recovered(patient(w), w, run.Resume)
	if outcome != run.RolledBack || err == nil {
		t.Fatalf("%s: %v", outcome, err)
	}
	if got := was.state(w, h); got != "before" || w.IsGuarded() || len(w.AtRestart()) > 0 {
		t.Errorf("the folders are %s, guarded %v, %v on record", got, w.IsGuarded(), w.AtRestart())
	}
}

// forgetful says that it has a rename on record, and has not.
type forgetful struct{ run.Restart }

func (forgetful) Registered(string, string) (bool, error) { return false, nil }

func TestARenameThatIsNotOnRecordIsTakenBack(t *testing.T) {
	h := shapes["two update folders"]
	w := heldComputer(h, false)
	was := take(w)
	m := patient(w)
	m.Restart = forgetful{m.Restart}
	m.Holders = func(string) []string { return []string{"scanner.exe (7)"} }
	log, err := run.Begin(m, w.Journals, "j", h)
	if err != nil {
		t.Fatal(err)
	}
	if outcome, err := run.Do(t.Context(), m, log); outcome != run.RolledBack || !strings.Contains(err.Error(), "not on record") {
		t.Fatalf("%s: %v", outcome, err)
	}
	if err := was.services(w, false); err != nil || was.state(w, h) != "before" || len(w.AtRestart()) > 0 {
		t.Errorf("%v, the folders are %s, on record %v", err, was.state(w, h), w.AtRestart())
	}
}

func TestHoldersAreNamed(t *testing.T) {
	h := shapes["software distribution"]
	w := heldComputer(h, true)
	m := machine(w)
	m.Holders = func(path string) []string { return []string{"scanner.exe (7) in " + path} }
	log, err := run.Begin(m, w.Journals, "j", h)
	if err != nil {
		t.Fatal(err)
	}
	_, err = run.Do(t.Context(), m, log)
	if !errors.Is(err, run.ErrHeld) || !strings.Contains(err.Error(), "scanner.exe (7) in "+sd) {
		t.Errorf("got %v", err)
	}
}

// TestElsewhere finds a live repair's journal where there are no services: nothing is done with it.
func TestElsewhere(t *testing.T) {
	h := shapes["software distribution"]
	w := heldComputer(h, true)
	if outcome, err := through(w, h); outcome != run.Waiting || err != nil {
		t.Fatalf("%s: %v", outcome, err)
	}
	was := take(w)
	for _, mode := range []run.Mode{run.TakeBack, run.Resume} {
		outcome, err := recovered(run.Machine{Files: w.Disk}, w, mode)
		if outcome != run.Open || !errors.Is(err, run.ErrElsewhere) || was.state(w, h) != "before" {
			t.Errorf("%s: %v, the folders are %s", outcome, err, was.state(w, h))
		}
	}
}
