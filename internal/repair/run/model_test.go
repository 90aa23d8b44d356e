package run_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/sim"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

const (
	hashA = "7f1c3e0a9b2d4c5e8f60718293a4b5c6"
	hashB = "00ff3e0a9b2d4c5e8f60718293a4b5c6"
)

var (
	windows = repair.Root{Dir: `C:\Windows`}
	own     = repair.Root{Dir: `C:\ProgramData\redx\agent`, Own: true}
	self    = journal.Self{Machine: "m", Roots: []repair.Root{windows, own}}
)

// computer makes a healthy Windows in its usual state; for acts on services it runs, with their bad habits.
func computer(h journal.Header) *sim.World {
	w := sim.New()
	for _, path := range []string{
		`C:\Windows\SoftwareDistribution\Download\` + hashA + `\x`, `C:\Windows\SoftwareDistribution\Download\` + hashB,
		`C:\Windows\SoftwareDistribution\DataStore\Logs`, `C:\Windows\System32\catroot2`, `C:\Windows\System32\catroot`,
		`C:\Windows\SDTemp\older`, `C:\ProgramData\redx\agent\SoftwareDistribution\Download`,
	} {
		w.Disk.Make(path)
	}
	w.Agent = func(w *sim.World) {
		w.Disk.Make(`C:\Windows\SoftwareDistribution\Download`)
		w.Disk.Make(`C:\Windows\SoftwareDistribution\DataStore`)
	}
	if _, live := h.Acts[0].(repair.Guard); !live {
		return w
	}
	w.Add(sim.Service{Name: "UsoSvc", Running: true, Triggered: true}, 2)
	w.Add(sim.Service{
		Name: "wuauserv", Running: true, Triggered: true, MakesAnew: true, Lingers: 1,
		Opens: []string{`C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`},
	}, 3)
	w.Add(sim.Service{Name: "bits"}, 3)
	w.Add(sim.Service{
		Name: "dosvc", Running: true, Triggered: true, Denies: true,
		Opens: []string{`C:\Windows\SoftwareDistribution\Download\` + hashA + `\x`},
	}, 2)
	w.Add(sim.Service{Name: "cryptsvc", Running: true, Opens: []string{`C:\Windows\System32\catroot2\edb.log`}}, 2)
	w.Add(sim.Service{Name: "AppIDSvc", Running: true}, 3)
	w.Add(sim.Service{Name: "EventLog", Running: true}, 2)
	w.Delay("UsoSvc")
	w.Delay("cryptsvc")
	return w
}

var dependents = map[string][]string{"cryptsvc": {"AppIDSvc"}}

// step is a rung as Make plans it, over the named targets.
func step(root repair.Root, live bool, targets ...repair.Target) journal.Header {
	scene := &repair.Scene{Root: root}
	s := repair.Step{Rung: targets[0].Rung}
	for _, t := range targets {
		c, err := repair.Copy{Of: t}.Free([]string{"SDTemp"})
		if err != nil {
			panic(err)
		}
		s.Moves = append(s.Moves, repair.Move{Target: t, Copy: c})
	}
	if live {
		s.Services = []string{"UsoSvc", "wuauserv", "bits", "dosvc"}
		if s.Rung == repair.Catroot2 {
			s.Services = []string{"UsoSvc", "wuauserv", "cryptsvc"}
		}
	}
	return journal.Header{Machine: "m", Root: scene.Root, Kind: journal.Repair, Rung: s.Rung, Acts: s.Sequence(dependents)}
}

func update(hash string) repair.Target { return repair.Target{Rung: repair.UpdateFolder, Update: hash} }

func of(r repair.Rung) repair.Target { return repair.Target{Rung: r} }

// shapes are all shapes that a transaction can have.
var shapes = map[string]journal.Header{
	"update folder":          step(windows, true, update(hashA)),
	"two update folders":     step(windows, true, update(hashA), update(hashB)),
	"download":               step(windows, true, of(repair.Download)),
	"datastore":              step(windows, true, of(repair.DataStore)),
	"software distribution":  step(windows, true, of(repair.SoftwareDistribution)),
	"catroot2":               step(windows, true, of(repair.Catroot2)),
	"offline update folders": step(windows, false, update(hashA), update(hashB)),
	"offline article":        step(windows, false, of(repair.SoftwareDistribution)),
	"redx's own":             step(own, false, of(repair.SoftwareDistribution)),
}

func machine(w *sim.World) run.Machine {
	m := run.Machine{Files: w.Disk, Pause: func(attempt int) bool {
		w.Triggers()
		return attempt < 5 && !w.Dead()
	}}
	if len(w.Services) > 0 {
		m.Services = w.Manager()
	}
	return m
}

// do begins a transaction and takes it as far as it gets.
func do(w *sim.World, name string, h journal.Header) (run.Outcome, error) {
	log, err := run.Begin(machine(w), w.Journals, name, h)
	if err != nil {
		return "", err
	}
	return run.Do(context.Background(), machine(w), log)
}

// recovered goes on from the journal j, as the next redx or the next start of Windows does.
func recovered(m run.Machine, w *sim.World, mode run.Mode) (run.Outcome, error) {
	j, err := journal.Read(w.Journals, "j", self)
	switch {
	case errors.Is(err, journal.ErrEmpty), errors.Is(err, fs.ErrNotExist):
		return run.RolledBack, nil
	case err != nil:
		return "", err
	}
	log, err := journal.Continue(w.Journals, j)
	if err != nil {
		return "", err
	}
	return run.Recover(context.Background(), m, log, mode)
}

// photo is a computer as it was before a transaction.
type photo struct {
	ids    map[string]string
	states map[string]run.Service
}

func take(w *sim.World) photo { return photo{w.Disk.IDs(), w.States()} }

// state is what became of the folders that the acts move: "before", "after", or what is wrong.
func (p photo) state(w *sim.World, h journal.Header) string {
	now := w.Disk.IDs()
	moved := map[string]string{} // path before to path after
	for _, a := range h.Acts {
		switch a := a.(type) {
		case repair.MoveAway:
			moved[a.Target.Path(h.Root)] = a.Copy.Path(h.Root)
		case repair.BringBack:
			moved[a.Copy.Path(h.Root)] = a.Target.Path(h.Root)
		}
	}
	before, after := true, true
	for id, was := range p.ids {
		is, there := now[id]
		if !there {
			return "gone: " + was
		}
		want := was
		for from, to := range moved {
			if was == from || strings.HasPrefix(was, from+`\`) {
				want = to + strings.TrimPrefix(was, from)
			}
		}
		before = before && is == was
		after = after && is == want
	}
	switch {
	case before:
		return "before"
	case after:
		return "after"
	}
	return "between"
}

// services tells what is not given back. After a power cut it is Windows that starts services, and those that it
// starts only on demand may rest.
func (p photo) services(w *sim.World, cut bool) error {
	var errs []error
	for name, was := range p.states {
		is := w.States()[name]
		if is.Start != was.Start {
			errs = append(errs, fmt.Errorf("%s has start type %d, had %d", name, is.Start, was.Start))
		}
		if is.Delayed != was.Delayed {
			errs = append(errs, fmt.Errorf("%s is delayed: %v, was: %v", name, is.Delayed, was.Delayed))
		}
		boots := was.Start == 2 || w.Services[name].Triggered
		if was.Running && !is.Running && (boots || !cut) || !cut && is.Running && !was.Running {
			errs = append(errs, fmt.Errorf("%s runs: %v, ran: %v", name, is.Running, was.Running))
		}
	}
	if w.IsGuarded() {
		errs = append(errs, errors.New("redx still starts with Windows"))
	}
	return errors.Join(errs...)
}

// crash is one way to die.
type crash struct {
	at   int
	kill bool // the process alone; the computer runs on
	loss sim.Loss
	seed uint64
	mode run.Mode
	// second is where the recovery dies once as well; 0: it does not.
	second int
}

func (c crash) die(w *sim.World) {
	if c.kill {
		w.Revive()
		return
	}
	w.PowerCut(c.loss, rand.New(rand.NewPCG(c.seed, uint64(c.at))))
	if len(w.Services) == 0 && c.seed%2 == 1 {
		w.Agent(w) // somebody started the Windows of the image in between
	}
}

// through takes a transaction through a crash and its recovery, and tells what is wrong then.
func (c crash) through(w *sim.World, h journal.Header) (died bool, err error) {
	was := take(w)
	w.CrashAt(c.at)
	outcome, err := do(w, "j", h)
	if died = w.Dead(); died {
		c.die(w)
		if c.second > 0 {
			w.CrashAt(c.second)
			_, _ = recovered(machine(w), w, c.mode)
			if w.Dead() {
				c.die(w)
			}
			w.CrashAt(0)
		}
		outcome, err = recovered(machine(w), w, c.mode)
	}
	w.CrashAt(0)
	// What was to be resumed may find that Windows changed the scene meanwhile: it is taken back then, and says why.
	if err != nil && (outcome != run.RolledBack || c.mode != run.Resume) {
		return died, fmt.Errorf("%s: %w", outcome, err)
	}
	want := map[run.Outcome]string{run.Committed: "after", run.RolledBack: "before"}[outcome]
	if got := was.state(w, h); got != want {
		return died, fmt.Errorf("outcome %q, and the folders are %s", outcome, got)
	}
	return died, was.services(w, died && !c.kill)
}

// TestCrashAnywhere crashes every shape of a transaction at every I/O in every way, and recovers it in both ways.
func TestCrashAnywhere(t *testing.T) {
	for name, h := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := everyCrash(t, func(c crash) bool {
				died, err := c.through(computer(h), h)
				if err != nil {
					t.Fatalf("%+v: %v", c, err)
				}
				return died
			})
			t.Logf("%d crashes", runs)
		})
	}
}

// everyCrash tries all ways to die at each I/O in turn, until one comes to its end without dying; with -short at some.
func everyCrash(t *testing.T, try func(crash) (died bool)) (runs int) {
	t.Helper()
	ways := []crash{{kill: true}, {loss: sim.LoseAll}, {loss: sim.LoseNone}}
	for seed := range uint64(2) {
		ways = append(ways, crash{loss: sim.LoseSome, seed: seed})
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for at := 1; ; at += step {
		died := false
		for i, c := range ways {
			c.at = at
			for _, c.mode = range []run.Mode{run.TakeBack, run.Resume} {
				c.second = 0
				if (at+i)%2 == 0 { // every second one dies in the recovery as well
					c.second = 1 + (at*7+i*5)%40
				}
				died = try(c) || died
				runs++
			}
		}
		if !died {
			return runs
		}
	}
}

// TestDoThenUndoIsTheIdentity undoes every shape, with crashes everywhere in the undoing too.
func TestDoThenUndoIsTheIdentity(t *testing.T) {
	for _, name := range []string{"two update folders", "software distribution", "catroot2", "offline update folders"} {
		h := shapes[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyCrash(t, func(c crash) bool {
				w := computer(h)
				was := take(w)
				if outcome, err := do(w, "done", h); outcome != run.Committed {
					t.Fatalf("%s: %v", outcome, err)
				}
				w.Agent(w) // Windows makes anew what it lacks
				undo := undoing(t, w, h)
				died, err := c.through(w, undo)
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

func undoing(t *testing.T, w *sim.World, h journal.Header) journal.Header {
	t.Helper()
	acts, err := repair.TakeBack(h.Acts, h.Root, w.Disk.Names)
	if err != nil {
		t.Fatal(err)
	}
	h.Kind, h.Undoes, h.Acts = journal.Undo, "done", acts
	return h
}

func committed(t *testing.T, w *sim.World) bool {
	t.Helper()
	j, err := journal.Read(w.Journals, "j", self)
	return err == nil && slices.ContainsFunc(j.Entries, func(e journal.Entry) bool { return e.Event == journal.Commit })
}

// TestNobodyRunsRedxAgain cuts the power everywhere, after which only Windows starts: either redx starts with it, or
// there is nothing left to give back.
func TestNobodyRunsRedxAgain(t *testing.T) {
	for name, h := range shapes {
		if _, guarded := h.Acts[0].(repair.Guard); !guarded {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everyCrash(t, func(c crash) bool {
				if c.kill || c.second > 0 {
					return false
				}
				w := computer(h)
				was := take(w)
				w.CrashAt(c.at)
				_, _ = do(w, "j", h)
				died := w.Dead()
				c.die(w)
				if w.IsGuarded() {
					if outcome, err := recovered(machine(w), w, c.mode); err != nil {
						t.Fatalf("%+v: %s: %v", c, outcome, err)
					}
				}
				if got := was.state(w, h); got != "before" && got != "after" {
					t.Fatalf("%+v: the folders are %s", c, got)
				}
				for name, s := range was.states {
					if is := w.States()[name]; is.Start != s.Start || is.Delayed != s.Delayed {
						t.Fatalf("%+v: %s has start type %d, had %d", c, name, is.Start, s.Start)
					}
				}
				return died
			})
		})
	}
}

// TestNobodyAfterAFailure is the same for a repair that fails at its last act: the power is cut while it goes there and
// while it is taken back.
func TestNobodyAfterAFailure(t *testing.T) {
	h := shapes["two update folders"]
	everyCrash(t, func(c crash) (died bool) {
		if c.kill || c.second > 0 {
			return false
		}
		died = nobodyAfterAFailure(t, c, h)
		for i := range uint64(6) { // what is lost of several things together takes more than one throw
			if c.seed = 100 + i; c.loss == sim.LoseSome {
				nobodyAfterAFailure(t, c, h)
			}
		}
		return died
	})
}

func nobodyAfterAFailure(t *testing.T, c crash, h journal.Header) (died bool) {
	t.Helper()
	w := computer(h)
	w.Disk.Make(`C:\Windows\SDTemp.` + hashB) // planted
	was := take(w)
	w.CrashAt(c.at)
	_, _ = do(w, "j", h)
	died = w.Dead()
	c.die(w)
	if w.IsGuarded() {
		if outcome, err := recovered(machine(w), w, c.mode); outcome != run.RolledBack {
			t.Fatalf("%+v: %s: %v", c, outcome, err)
		}
	}
	if got := was.state(w, h); got != "before" {
		t.Fatalf("%+v: the folders are %s", c, got)
	}
	for name, s := range was.states {
		if is := w.States()[name]; is.Start != s.Start || is.Delayed != s.Delayed {
			t.Fatalf("%+v: %s has start type %d, had %d", c, name, is.Start, s.Start)
		}
	}
	return died
}
