package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Clock is time as the agent sees it.
type Clock struct {
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
}

// SystemClock is the computer's.
func SystemClock() Clock { return Clock{Now: time.Now, After: time.After} }

// Agent is Automatic Updates of one computer. All but Healer, Zone and Watch must be there before it runs.
type Agent struct {
	Engine Engine
	Healer Healer // nil: nothing is mended
	Policy Policy
	Store  Store
	Clock  Clock
	Random func() float64 // in [0,1)
	Zone   *time.Location // of maintenance windows; nil: the computer's own
	Log    *slog.Logger
	// Idle is told when Run begins to wait for long, and when it has something to do again; nil: nobody wants to know.
	Idle func(idle bool)

	asked chan request

	mu    sync.Mutex
	state State
	now   Activity
	dirty bool
}

// Activity is what the agent does at the moment; zero when it waits.
type Activity struct {
	Doing string `json:"doing,omitempty"` // "scan", "download", "install", "heal"
	Title string `json:"title,omitempty"` // of the update
	Done  int64  `json:"done,omitempty"`  // bytes, of a download
	Of    int64  `json:"of,omitempty"`
}

// Status is how the agent stands.
type Status struct {
	State
	Activity
}

// request is what somebody asks for, and where the answer goes.
type request struct {
	verb   Verb
	answer chan Turn
}

// ErrStopped says that the agent ended before it came to what was asked.
var ErrStopped = errors.New("the agent is stopping")

// Open reads what the agent remembers. It must be called once, before anything else.
func (a *Agent) Open(ctx context.Context) error {
	a.asked = make(chan request)
	s, note, err := a.Store.Load()
	if note != "" {
		a.Log.LogAttrs(ctx, slog.LevelWarn, "the agent's memory begins anew", slog.String("why", note))
	}
	a.state = s
	return err
}

// Run visits the location again and again until ctx ends, and does what is asked of it meanwhile. It gives nil when ctx
// ended it.
func (a *Agent) Run(ctx context.Context) error {
	a.first()
	a.idle(true)
	defer a.idle(false)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case r := <-a.asked:
			r.answer <- a.awake(ctx, r.verb)
		case <-a.Clock.After(a.wait()):
			if a.due() {
				a.awake(ctx, "")
			}
		}
		a.save(ctx)
	}
	return nil
}

// awake is a turn of Run's.
func (a *Agent) awake(ctx context.Context, v Verb) Turn {
	a.idle(false)
	defer a.idle(true)
	return a.turn(ctx, v)
}

func (a *Agent) idle(is bool) {
	if a.Idle != nil {
		a.Idle(is)
	}
}

// Ask has the running agent do something now, and waits for it. ErrStopped when it ended before.
func (a *Agent) Ask(ctx context.Context, v Verb) (Turn, error) {
	r := request{v, make(chan Turn, 1)}
	select {
	case a.asked <- r:
	case <-ctx.Done():
		return Turn{}, errors.Join(ErrStopped, ctx.Err())
	}
	select {
	case t := <-r.answer:
		return t, nil
	case <-ctx.Done():
		return Turn{}, errors.Join(ErrStopped, ctx.Err())
	}
}

// Once does something without running: for a command when no agent runs.
func (a *Agent) Once(ctx context.Context, v Verb) (Turn, error) {
	t := a.turn(ctx, v)
	a.save(context.WithoutCancel(ctx))
	return t, ctx.Err()
}

// Pause makes the agent leave everything alone that nobody asks for: until then, or, with the zero time, until Resume.
func (a *Agent) Pause(ctx context.Context, until time.Time) {
	a.change(func(s *State) { s.Pause(until) })
	a.save(ctx)
}

// Resume ends a pause.
func (a *Agent) Resume(ctx context.Context) {
	a.change((*State).Resume)
	a.save(ctx)
}

// paused tells whether it leaves everything alone that nobody asks for.
func (a *Agent) paused() bool {
	now := a.Clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state.At(now).Paused
}

// Status is how it stands; it can be asked while the agent works.
func (a *Agent) Status() Status {
	now := a.Clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	s := Status{a.state.At(now), a.now}
	if !s.NextWindow.After(now) {
		s.NextWindow = a.window(now, nil) // nothing has waited for that one, or it was visited in it
	}
	s.Updates = nil // what is counted is nobody's business
	s.Attempts = append([]Attempt(nil), a.state.Attempts...)
	return s
}

func (a *Agent) change(f func(*State)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.state)
	a.dirty = true
}

// save keeps what changed. An agent whose disk is full goes on with what it has in memory.
func (a *Agent) save(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.dirty {
		return
	}
	if err := a.Store.Save(a.state); err != nil {
		a.Log.LogAttrs(ctx, slog.LevelError, "the agent's memory cannot be kept", slog.Any("error", err))
		return
	}
	a.dirty = false
}

func (a *Agent) doing(what, title string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = Activity{Doing: what, Title: title}
}

func (a *Agent) progress(done, of int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now.Done, a.now.Of = done, of
}

func (a *Agent) zone() *time.Location {
	if a.Zone != nil {
		return a.Zone
	}
	return time.Local
}
