package run_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/sim"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

const sd = `C:\Windows\SoftwareDistribution`

// TestWhatCannotBeDoneIsTakenBack holds that a repair which meets something it cannot do leaves all as it was.
func TestWhatCannotBeDoneIsTakenBack(t *testing.T) {
	tests := map[string]struct {
		upset func(*sim.World)
		want  string // part of the error
	}{
		"a service does not stop":       {func(w *sim.World) { w.Services["bits"].Running, w.Services["bits"].Stuck = true, true }, "does not stop"},
		"a process holds on for ever":   {func(w *sim.World) { w.Services["wuauserv"].Lingers = 1000 }, "holds the folder open"},
		"the copy's name was planted":   {func(w *sim.World) { w.Disk.Make(`C:\Windows\SDTEMP.2\evil`) }, "not overwritten"},
		"the folder became a junction":  {func(w *sim.World) { w.Disk.Link(sd) }, "link or junction"},
		"the Windows folder became one": {func(w *sim.World) { w.Disk.Link(`C:\Windows`) }, "link or junction"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := shapes["software distribution"]
			w := computer(h)
			log, err := run.Begin(machine(w), w.Journals, "j", h)
			if err != nil {
				t.Fatal(err)
			}
			tt.upset(w)
			was := take(w)
			outcome, err := run.Do(t.Context(), machine(w), log)
			if outcome != run.RolledBack || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%s: %v, want it rolled back: %s", outcome, err, tt.want)
			}
			if got := was.state(w, h); got != "before" {
				t.Errorf("the folders are %s", got)
			}
			w.Triggers()
			for name, s := range was.states {
				if is := w.States()[name]; is != s && !w.Services[name].Triggered {
					t.Errorf("%s is %+v, was %+v", name, is, s)
				}
			}
			if w.IsGuarded() {
				t.Error("redx still starts with Windows")
			}
		})
	}
}

// impatient cancels as soon as the first service is stopped.
type impatient struct {
	run.Services
	cancel func()
}

func (i impatient) Stop(name string) error {
	i.cancel()
	return i.Services.Stop(name)
}

func TestCancelledIsTakenBack(t *testing.T) {
	h := shapes["software distribution"]
	w := computer(h)
	was := take(w)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := machine(w)
	m.Services = impatient{m.Services, cancel}
	log, err := run.Begin(m, w.Journals, "j", h)
	if err != nil {
		t.Fatal(err)
	}
	if outcome, err := run.Do(ctx, m, log); outcome != run.RolledBack || !errors.Is(err, context.Canceled) {
		t.Fatalf("%s: %v", outcome, err)
	}
	if err := was.services(w, false); err != nil || was.state(w, h) != "before" {
		t.Errorf("%v, the folders are %s", err, was.state(w, h))
	}
}

// TestADisabledServiceThatRuns is refused before anything is written: it could not be started again.
func TestADisabledServiceThatRuns(t *testing.T) {
	h := shapes["catroot2"]
	w := computer(h)
	w.Add(sim.Service{Name: "AppIDSvc", Running: true}, 4)
	if _, err := run.Begin(machine(w), w.Journals, "j", h); err == nil {
		t.Fatal("begun")
	}
	if names, err := w.Journals.Names(); err != nil || len(names) > 0 {
		t.Errorf("journals %q, %v", names, err)
	}
}

// TestAServiceThatDoesNotStartAgain keeps the transaction open, gives back all the rest, and ends it when the service
// starts.
func TestAServiceThatDoesNotStartAgain(t *testing.T) {
	h := shapes["catroot2"]
	w := computer(h)
	was := take(w)
	w.Services["appidsvc"].Dead = true
	if outcome, err := do(w, "j", h); outcome != run.Open || err == nil {
		t.Fatalf("%s: %v", outcome, err)
	}
	if s := w.States()["cryptsvc"]; !s.Running || s.Start != 2 {
		t.Errorf("cryptsvc is %+v", s)
	}
	if !w.IsGuarded() {
		t.Error("nobody would go on with it")
	}
	w.Services["appidsvc"].Dead = false
	if outcome, err := recovered(machine(w), w, run.TakeBack); outcome != run.Committed || err != nil {
		t.Fatalf("%s: %v", outcome, err)
	}
	if err := errors.Join(was.services(w, false)); err != nil || was.state(w, h) != "after" {
		t.Errorf("%v, folders %s", err, was.state(w, h))
	}
}

// full is a folder of journals on a disk that is full after so many writes.
type full struct {
	journal.FS
	left *int
}

type fullFile struct {
	journal.File
	left *int
}

func (f full) Create(name string) (journal.File, error) {
	file, err := f.FS.Create(name)
	return fullFile{file, f.left}, err
}

func (f fullFile) Write(p []byte) (int, error) {
	if *f.left--; *f.left < 0 {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, errors.New("the disk is full")
	}
	return f.File.Write(p)
}

// TestDiskFull fills the disk at every line of the journal: all is taken back at once, and the next redx closes the
// journal.
func TestDiskFull(t *testing.T) {
	h := shapes["two update folders"]
	for lines := 1; ; lines++ {
		w := computer(h)
		was := take(w)
		left := lines
		log, err := run.Begin(machine(w), full{w.Journals, &left}, "j", h)
		if err != nil {
			t.Fatal(err)
		}
		outcome, err := run.Do(t.Context(), machine(w), log)
		if err == nil {
			return // it was large enough
		}
		if state := was.state(w, h); state != "before" && state != "after" {
			t.Fatalf("full after %d lines: %s, the folders are %s", lines, outcome, state)
		}
		if err := was.running(w); err != nil {
			t.Fatalf("full after %d lines: %v", lines, err)
		}
		if outcome, err := recovered(machine(w), w, run.TakeBack); err != nil || outcome == run.Open {
			t.Fatalf("full after %d lines, then recovered: %s, %v", lines, outcome, err)
		}
		if err := was.services(w, false); err != nil {
			t.Fatalf("full after %d lines, then recovered: %v", lines, err)
		}
	}
}

// unsafe is a folder of journals on a disk that takes every line and fails to make one of them safe, and all behind it.
type unsafe struct {
	journal.FS
	left *int
}

type unsafeFile struct {
	journal.File
	left *int
}

func (u unsafe) Create(name string) (journal.File, error) {
	file, err := u.FS.Create(name)
	return unsafeFile{file, u.left}, err
}

func (u unsafeFile) Sync() error {
	if *u.left--; *u.left < 0 {
		return errors.New("the disk has an error")
	}
	return u.File.Sync()
}

// TestALineThatIsNotSafe fails to sync every line of the journal, which stands there all the same: what the next redx
// says of the repair is what became of the folders.
func TestALineThatIsNotSafe(t *testing.T) {
	h := shapes["two update folders"]
	says := map[run.Outcome]string{run.Committed: "after", run.RolledBack: "before"}
	for lines := 1; ; lines++ {
		w := computer(h)
		was := take(w)
		left := lines
		log, err := run.Begin(machine(w), unsafe{w.Journals, &left}, "j", h)
		if err != nil {
			t.Fatal(err)
		}
		outcome, err := run.Do(t.Context(), machine(w), log)
		if err == nil {
			return // every line was safe
		}
		if err := was.running(w); err != nil {
			t.Fatalf("not safe after %d lines, %s: %v", lines, outcome, err)
		}
		if outcome, err = recovered(machine(w), w, run.TakeBack); says[outcome] != was.state(w, h) {
			t.Fatalf("not safe after %d lines, then recovered: %s, %v, the folders are %s", lines, outcome, err, was.state(w, h))
		}
		if err := was.services(w, false); err != nil {
			t.Fatalf("not safe after %d lines, then recovered: %v", lines, err)
		}
	}
}

// running tells a service that does not start as it did, or does not run though it did.
func (p photo) running(w *sim.World) error {
	for name, s := range p.states {
		if is := w.States()[name]; is.Start != s.Start || s.Running && !is.Running {
			return fmt.Errorf("%s is %+v, was %+v", name, is, s)
		}
	}
	return nil
}

// TestSecondTransaction holds that an older journal is never written over.
func TestSecondTransaction(t *testing.T) {
	h := shapes["offline article"]
	w := computer(h)
	if outcome, err := do(w, "j", h); outcome != run.Committed {
		t.Fatal(err)
	}
	if _, err := do(w, "j", h); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
}

// drawTargets draws what one transaction moves.
func drawTargets(t *rapid.T) []repair.Target {
	all := []repair.Target{
		update(hashA), update(hashB), of(repair.Download), of(repair.DataStore), of(repair.SoftwareDistribution),
		of(repair.Catroot2),
	}
	targets := []repair.Target{rapid.SampledFrom(all).Draw(t, "target")}
	if targets[0].Rung == repair.UpdateFolder && rapid.Bool().Draw(t, "two") {
		targets = all[:2]
	}
	return targets
}

// drawHabits gives the services of a computer random habits, none of which keeps a repair from its end for good:
// TestServicesThatHoldOnForGood has that.
func drawHabits(t *rapid.T, w *sim.World) {
	for _, name := range []string{"usosvc", "wuauserv", "bits", "dosvc", "cryptsvc", "appidsvc"} {
		s := w.Services[name]
		if s == nil {
			continue
		}
		start := rapid.SampledFrom([]int{2, 3, 4}).Draw(t, name+" start")
		s.Running = start != 4 && rapid.Bool().Draw(t, name+" runs")
		s.Triggered = start != 4 && s.Running && rapid.Bool().Draw(t, name+" is triggered")
		s.Lingers = rapid.IntRange(0, 3).Draw(t, name+" lingers")
		s.Denies = rapid.Bool().Draw(t, name+" denies")
		if s.Denies && s.Triggered {
			s.Lingers = 0
		}
		w.Add(*s, start)
		if start == 2 && rapid.Bool().Draw(t, name+" is delayed") {
			w.Delay(name)
		}
	}
}

func drawCrash(t *rapid.T) crash {
	return crash{
		at: rapid.IntRange(1, 190).Draw(t, "at"), kill: rapid.Bool().Draw(t, "kill"),
		loss: sim.Loss(rapid.IntRange(0, 2).Draw(t, "loss")), seed: rapid.Uint64().Draw(t, "seed"),
		mode: run.Mode(rapid.IntRange(0, 1).Draw(t, "mode")), second: rapid.IntRange(0, 60).Draw(t, "second"),
	}
}

// TestRandomPlans takes random plans through random crashes, with services of random habits.
func TestRandomPlans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := step(windows, rapid.Bool().Draw(t, "live"), drawTargets(t)...)
		w := computer(h)
		drawHabits(t, w)
		c := drawCrash(t)
		if _, err := c.through(w, h); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	})
}

// TestRandomWaits is the same where something holds a folder for good, so that Windows has to start for it.
func TestRandomWaits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := step(windows, true, drawTargets(t)...)
		w := heldComputer(h, rapid.Bool().Draw(t, "the first is held"))
		drawHabits(t, w)
		c := drawCrash(t)
		if _, err := c.waiting(w, h); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	})
}

// TestServicesThatHoldOnForGood has services that come back in every pause and live on for a while whenever they are stopped, so
// that no folder of theirs can be renamed, either way. What was begun then is taken back, or stays open; once they let go, the
// next redx ends it, and everything is as one decision has it.
func TestServicesThatHoldOnForGood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := step(windows, true, drawTargets(t)...)
		w := computer(h)
		drawHabits(t, w)
		for _, name := range []string{"wuauserv", "dosvc", "cryptsvc"} {
			s := w.Services[name]
			s.Running, s.Triggered, s.Denies = true, true, true
			w.Add(*s, 2)
		}
		c := drawCrash(t)
		if err := c.holdingOn(w, h, rapid.IntRange(1, 3).Draw(t, "lingers")); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	})
}

// holdingOn lets every service live on after each stop until the recovery has been tried once, and no longer.
func (c crash) holdingOn(w *sim.World, h journal.Header, lingers int) error {
	was := take(w)
	linger := func(n int) {
		for _, s := range w.Services {
			s.Lingers = n
		}
	}
	linger(lingers)
	w.CrashAt(c.at)
	outcome, why := do(w, "j", h)
	died := w.Dead()
	if died {
		c.die(w)
		outcome, why = recovered(machine(w), w, c.mode)
	}
	w.CrashAt(0)
	if outcome != run.Committed && why == nil && !died {
		return fmt.Errorf("%s, and nothing says why", outcome)
	}
	linger(0)
	outcome, err := recovered(machine(w), w, run.TakeBack)
	if err != nil {
		return fmt.Errorf("%s: %w", outcome, err)
	}
	want := map[run.Outcome]string{run.Committed: "after", run.RolledBack: "before"}[outcome]
	if got := was.state(w, h); got != want {
		return fmt.Errorf("outcome %q, and the folders are %s", outcome, got)
	}
	return was.services(w, died && !c.kill)
}
