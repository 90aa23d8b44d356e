package live

import (
	"errors"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/sim"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/win"
)

// computer is a Windows with the services of a repair, one of them with another on top.
func computer(t *testing.T) (*fake, *Machine) {
	t.Helper()
	f, m := newFake(t)
	f.service("UsoSvc", win.StartAutomatic, win.Running)
	f.service("wuauserv", win.StartManual, win.Running)
	bits := f.service("bits", win.StartAutomatic, win.Stopped)
	bits.dependents = []string{"Peer"}
	yes := true
	bits.Delayed, bits.forgets = &yes, true
	f.service("dosvc", win.StartAutomatic, win.Running).denied = true
	f.service("Peer", win.StartManual, win.Stopped)
	return f, m
}

func states(f *fake) map[string]run.Service {
	all := map[string]run.Service{}
	for name, s := range f.services {
		all[name] = run.Service{
			Present: true, Running: s.State == win.Running, Start: int(s.Config.Start), Delayed: s.Delayed != nil && *s.Delayed,
		}
	}
	return all
}

func header(t *testing.T, m *Machine) journal.Header {
	t.Helper()
	var scene repair.Scene
	m.Facts(t.Context(), &scene, nil)
	target := repair.Target{Rung: repair.SoftwareDistribution}
	step := repair.Step{
		Rung: target.Rung, Services: repair.Services()[:4],
		Moves: []repair.Move{{Target: target, Copy: repair.Copy{Of: target, N: 1}}},
	}
	return journal.Header{
		Machine: "m", Root: m.Root(), Kind: journal.Repair, Rung: target.Rung, Acts: step.Sequence(scene.Dependents),
	}
}

// asBefore wants services as they were, and no trace of the guard.
func asBefore(t *testing.T, f *fake, before map[string]run.Service) {
	t.Helper()
	for name, s := range states(f) {
		if was, ok := before[name]; !ok || was != s {
			t.Errorf("%s is %+v, was %+v", name, s, was)
		}
	}
	if _, err := f.Look(`C:\ProgramData\redx\redx.exe`); err == nil {
		t.Error("redx's copy is still there")
	}
}

func TestWholeRepair(t *testing.T) {
	f, m := computer(t)
	before := states(f)
	f.held[strings.ToLower(sd)] = 3
	log, err := run.Begin(m.Run(), sim.New().Journals, "j.jsonl", header(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if outcome, err := run.Do(t.Context(), m.Run(), log); err != nil || outcome != run.Committed {
		t.Fatalf("%s, %v", outcome, err)
	}
	if _, err := f.Look(`C:\Windows\SDTemp`); err != nil {
		t.Error(err)
	}
	asBefore(t, f, before)
}

// TestHeldForGood leaves the folder to the next start of Windows; until then everything runs as before, and the guard
// stays. Then the guard ends it.
func TestHeldForGood(t *testing.T) {
	f, m := computer(t)
	before := states(f)
	f.held[strings.ToLower(sd)] = 1000
	f.folders[strings.ToLower(sd)] = []uint32{9}
	w := sim.New()
	log, err := run.Begin(m.Run(), w.Journals, "j.jsonl", header(t, m))
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := run.Do(t.Context(), m.Run(), log)
	if outcome != run.Waiting {
		t.Fatalf("%s, %v", outcome, err)
	}
	if err != nil && !strings.Contains(err.Error(), "(9)") {
		t.Errorf("nobody is named: %v", err)
	}
	if on, err := (services{m}).Guarded(); err != nil || !on || len(f.pending) != 1 {
		t.Errorf("guarded is %v, %v; pending are %q", on, err, f.pending)
	}
	for name, s := range states(f) {
		if name != GuardName && before[name] != s {
			t.Errorf("%s is %+v, was %+v", name, s, before[name])
		}
	}

	// Windows starts.
	f.held = map[string]int{}
	if err := f.Rename(f.pending[0][0], f.pending[0][1]); err != nil {
		t.Fatal(err)
	}
	f.pending = nil
	outcome, err = run.Recover(t.Context(), m.Run(), log, run.Resume)
	if err != nil || outcome != run.Committed {
		t.Fatalf("%s, %v", outcome, err)
	}
	asBefore(t, f, before)
}

// TestSomebodyIsOnTop takes all back when a service that was not planned for runs on top of one.
func TestSomebodyIsOnTop(t *testing.T) {
	f, m := computer(t)
	f.services["bits"].State = win.Running
	before := states(f)
	log, err := run.Begin(m.Run(), sim.New().Journals, "j.jsonl", header(t, m))
	if err != nil {
		t.Fatal(err)
	}
	f.services["peer"].State = win.Running
	outcome, err := run.Do(t.Context(), m.Run(), log)
	if outcome != run.RolledBack || !errors.Is(err, win.ErrDependents) || !strings.Contains(err.Error(), "Peer") {
		t.Fatalf("%s, %v", outcome, err)
	}
	f.services["peer"].State = win.Stopped
	asBefore(t, f, before)
}
