package agent

import (
	"errors"
	"time"

	"github.com/redx-update/redx/internal/maintenance"
)

// Bounds of waiting.
const (
	// least is between the end of a turn and the next unattended one, whatever else is due.
	least = 30 * time.Second
	// longest is how long the agent sleeps at a time: timers do not run while a computer sleeps, clocks do.
	longest = 15 * time.Minute
	spread  = 5 // a visit is up to a fifth of its interval early
)

// first decides when the first visit after a start is: never at once, and not before it was to be, unless the last one was
// refused: the settings may have been mended since.
func (a *Agent) first() {
	now := a.Clock.Now()
	soon := now.Add(a.within(time.Duration(a.Policy.FirstWithin)))
	a.change(func(s *State) {
		if s.Refused || s.NextVisit.Before(soon) || s.NextVisit.After(now.Add(time.Duration(a.Policy.Every))) {
			s.NextVisit = soon.UTC()
		}
	})
}

// within is a random part of d.
func (a *Agent) within(d time.Duration) time.Duration { return time.Duration(a.Random() * float64(d)) }

// interval is until the visit after one that succeeded.
func (a *Agent) interval() time.Duration {
	every := time.Duration(a.Policy.Every)
	return max(every-a.within(every/spread), least)
}

// backoff is how long to wait after so many failures in a row: doubled by each, up to the interval of visits, and up to
// a fifth more or less, so that those that failed together do not come again together.
func (a *Agent) backoff(fails int) time.Duration {
	d, most := time.Duration(a.Policy.RetryAfter), time.Duration(a.Policy.Every)
	for n := 1; n < fails && d < most; n++ {
		d *= 2
	}
	d = min(d, most)
	return max(d-d/spread+a.within(2*d/spread), least)
}

// due tells whether it is time for an unattended visit. A paused agent makes none, and one whose pause has just ended comes
// at some moment of a while: a whole fleet may have been paused until then.
func (a *Agent) due() bool {
	now := a.Clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state.Paused && !a.state.At(now).Paused {
		a.state.Resume()
		a.state.NextVisit = now.Add(a.within(time.Duration(a.Policy.FirstWithin))).UTC()
		a.dirty = true
		return false
	}
	return !a.state.At(now).Paused && !now.Before(a.state.NextVisit)
}

// wait is how long to sleep before it is asked again whether something is due.
func (a *Agent) wait() time.Duration {
	now := a.Clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.state.At(now); s.Paused {
		if s.PausedUntil.IsZero() {
			return longest
		}
		return min(s.PausedUntil.Sub(now), longest)
	}
	if most := now.Add(time.Duration(a.Policy.Every) + longest); a.state.NextVisit.After(most) {
		a.state.NextVisit = most.UTC() // the clock was put back
	}
	return min(max(a.state.NextVisit.Sub(now), 0), longest)
}

// plan decides when the next unattended visit is: after the interval, or sooner if something waits for its time, or if the
// visit failed for a reason that may pass.
func (a *Agent) plan(t *Turn) {
	now := a.Clock.Now()
	var next time.Time
	a.change(func(s *State) {
		switch {
		case errors.Is(t.Err, ErrRefused):
			next = now.Add(a.interval())
		case t.Err != nil:
			next = now.Add(a.backoff(s.Misses))
		default:
			next = a.next(s, t, now)
		}
		if soon := now.Add(least); next.Before(soon) {
			next = soon
		}
		s.NextVisit = next.UTC()
	})
}

// next is when to visit again after a visit that succeeded.
func (a *Agent) next(s *State, t *Turn, now time.Time) time.Time {
	next, waits := now.Add(a.interval()), open(t)
	a.announce(s, waits, now)
	for _, u := range waits {
		if at := a.ready(s, u, now); at.Before(next) {
			next = at
		}
	}
	return next
}

// announce notes for what a person would ask: the next window, and the deadline that passes over it.
func (a *Agent) announce(s *State, waits []Update, now time.Time) {
	s.NextWindow, s.Deadline, s.DeadlineOf = time.Time{}, time.Time{}, ""
	for _, u := range waits {
		if d := u.Deadline; !d.IsZero() && (s.Deadline.IsZero() || d.Before(s.Deadline)) {
			s.Deadline, s.DeadlineOf = d.UTC(), clip(u.Title)
		}
		if u.MayRestart && !a.Policy.MayRestart {
			continue // no window is for it
		}
		if at := a.window(now, u.Window); !at.IsZero() && (s.NextWindow.IsZero() || at.Before(s.NextWindow)) {
			s.NextWindow = at
		}
	}
	if s.NextWindow.IsZero() {
		s.NextWindow = a.window(now, nil)
	}
}

// window is when the settings' windows and an update's own are open together the next time, in UTC; zero: never, or always.
func (a *Agent) window(now time.Time, own maintenance.Windows) time.Time {
	at, found := maintenance.Next(now.In(a.zone()), a.Policy.Window, own)
	if !found {
		return time.Time{}
	}
	return at.UTC()
}

// open are the updates of a turn that are still to be installed.
func open(t *Turn) []Update {
	done := map[string]bool{}
	for _, at := range t.Attempts {
		if at.Worked() {
			done[key(at.Update)] = true
		}
	}
	var out []Update
	for _, u := range t.Scan.Updates {
		if !done[key(u.Ref)] {
			out = append(out, u)
		}
	}
	return out
}

// opens is when the policy's windows and the update's own are open together the next time, and a while after it, so that a
// fleet does not begin at once; after the interval of visits where nothing is waited for, or where they never are.
func (a *Agent) opens(u Update, now time.Time) time.Time {
	lists := []maintenance.Windows{a.Policy.Window, u.Window}
	begins, found := maintenance.Next(now.In(a.zone()), lists...)
	if !found || u.MayRestart && !a.Policy.MayRestart {
		return now.Add(time.Duration(a.Policy.Every))
	}
	if at := begins.Add(a.within(time.Duration(a.Policy.FirstWithin))); maintenance.AllOpen(at, lists...) {
		return at
	}
	return begins // a window that is shorter than that while
}

// ready is when an update that is still to be installed can be attempted next: after its back-off, when the day's
// attempts allow one more, and when a window opens or its deadline has come.
func (a *Agent) ready(s *State, u Update, now time.Time) time.Time {
	t := s.tries(key(u.Ref))
	at := now
	for _, other := range []time.Time{t.Next, free(t.Begun, a.Policy.TriesPerDay, now)} {
		if other.After(at) {
			at = other
		}
	}
	if a.mayInstall(u) {
		return at
	}
	opens := a.opens(u, now)
	if !u.Deadline.IsZero() && u.Deadline.Before(opens) {
		opens = u.Deadline
	}
	if opens.After(at) {
		at = opens
	}
	return at
}
