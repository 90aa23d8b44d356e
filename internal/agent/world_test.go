package agent_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/update"
)

// world is a computer and its location, as an Engine and a Healer.
type world struct {
	offers    []agent.Update
	scanErr   func() error
	fail      func(u agent.Update) error // of an installation
	failDown  func(u agent.Update) error
	healing   agent.Healing
	takes     time.Duration // each call
	scans     []time.Time
	downloads []time.Time
	installs  map[string][]time.Time
	heals     []time.Time
	reports   int
	inside    int
	together  bool
}

func (w *world) call() func() {
	w.inside++
	w.together = w.together || w.inside > 1
	time.Sleep(w.takes)
	return func() { w.inside-- }
}

func (w *world) Scan(context.Context) (*agent.Scan, error) {
	defer w.call()()
	w.scans = append(w.scans, time.Now())
	if w.scanErr != nil {
		if err := w.scanErr(); err != nil {
			return nil, err
		}
	}
	return &agent.Scan{At: time.Now().UTC(), Updates: slices.Clone(w.offers)}, nil
}

func (w *world) Download(_ context.Context, u agent.Update, p agent.Progress) error {
	defer w.call()()
	w.downloads = append(w.downloads, time.Now())
	p(1, 2)
	if w.failDown != nil {
		if err := w.failDown(u); err != nil {
			return err
		}
	}
	for i := range w.offers {
		if w.offers[i].Same(u.Ref) {
			w.offers[i].Ready = true
		}
	}
	return nil
}

func (w *world) Install(_ context.Context, u agent.Update) (agent.Result, error) {
	defer w.call()()
	if w.installs == nil {
		w.installs = map[string][]time.Time{}
	}
	w.installs[u.Title] = append(w.installs[u.Title], time.Now().UTC())
	if w.fail != nil {
		if err := w.fail(u); err != nil {
			return agent.Result{}, err
		}
	}
	w.offers = slices.DeleteFunc(w.offers, func(o agent.Update) bool { return o.Same(u.Ref) })
	return agent.Result{}, nil
}

func (w *world) Report(context.Context) error { w.reports++; return nil }
func (w *world) Close() error                 { return nil }

func (w *world) Heal(_ context.Context, f *agent.Failure, _ bool) (agent.Healing, error) {
	w.heals = append(w.heals, time.Now())
	if w.healing.Healed == agent.Mended {
		w.offers = slices.DeleteFunc(w.offers, func(o agent.Update) bool { return o.Same(f.Update) })
	}
	return w.healing, nil
}

// memory is a Store in memory.
type memory struct {
	state agent.State
	note  string
	saves int
}

func (m *memory) Load() (agent.State, string, error) { return m.state, m.note, nil }
func (m *memory) Save(s agent.State) error           { m.state, m.saves = s, m.saves+1; return nil }

func offer(n int) agent.Update {
	u := agent.Update{Action: agent.Install, Bytes: 100}
	u.ID = update.ID{GUID: guid.GUID{byte(n), 1}, Revision: 1}
	u.Title = string(rune('a' + n))
	return u
}

// newAgent is an agent of the world with the policy.
func newAgent(t testing.TB, w *world, p agent.Policy, m *memory) *agent.Agent {
	t.Helper()
	a := &agent.Agent{
		Engine: w, Healer: w, Policy: p, Store: m, Clock: agent.SystemClock(), Random: rand.New(rand.NewPCG(1, 2)).Float64,
		Zone: time.UTC, Log: slog.New(slog.DiscardHandler),
	}
	if err := a.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// runFor runs the agent for a time of the synctest bubble.
func runFor(t testing.TB, a *agent.Agent, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := a.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

var errMissing = &agent.Failure{Stage: agent.Installing, Code: hresult.FileNotFound, Path: `C:\x`, Err: errors.New("it is not there")}

func always(err error) func(agent.Update) error { return func(agent.Update) error { return err } }

func windows(t testing.TB, text string) maintenance.Windows {
	t.Helper()
	list, err := maintenance.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
