package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/update"
)

// Verb is what an agent can be asked to do.
type Verb string

// The verbs, as they stand on the control channel.
const (
	ScanNow     Verb = "scan"
	DownloadNow Verb = "download"
	InstallNow  Verb = "install-updates"
)

// Turn is what came of one visit.
type Turn struct {
	Scan     *Scan
	Attempts []Attempt // that ended in this turn, in their order
	Err      error     // why the visit failed; nil when it did not
}

// turn visits the location and does what is to be done; asked is empty when nobody asked.
func (a *Agent) turn(ctx context.Context, asked Verb) Turn {
	a.doing("scan", "")
	defer a.doing("", "")
	a.change(func(s *State) { s.forget(a.Clock.Now()) })
	t := Turn{}
	t.Scan, t.Err = a.visit(ctx, asked, &t)
	if t.Err == nil && asked != ScanNow {
		a.work(ctx, asked, &t)
	}
	if err := a.Engine.Report(ctx); err != nil && ctx.Err() == nil {
		a.Log.LogAttrs(ctx, slog.LevelWarn, "events are kept for the next visit", slog.Any("error", err))
	}
	a.plan(&t)
	return t
}

// visit scans; a visit that fails since something is broken here is healed, and then it is made once more.
func (a *Agent) visit(ctx context.Context, asked Verb, t *Turn) (*Scan, error) {
	scan, err := a.Engine.Scan(ctx)
	var f *Failure
	if errors.As(err, &f) && ctx.Err() == nil {
		at := a.failed(ctx, Update{}, f, asked)
		t.Attempts = append(t.Attempts, at)
		if at.Healing != nil && (at.Healing.Healed == Mended || at.Healing.Healed == Unproven) {
			scan, err = a.Engine.Scan(ctx)
		}
	}
	if err == nil {
		a.change(func(s *State) { s.visited(scan.At, nil) })
		return scan, nil
	}
	if ctx.Err() == nil {
		a.change(func(s *State) { s.visited(time.Time{}, err) })
		a.Log.LogAttrs(ctx, slog.LevelWarn, "the visit failed", slog.Any("error", err))
	}
	return nil, err
}

// work goes through the updates in their order.
func (a *Agent) work(ctx context.Context, asked Verb, t *Turn) {
	for _, u := range t.Scan.Updates {
		if ctx.Err() != nil || asked == "" && a.paused() {
			return
		}
		if asked == "" && !a.mayTry(u) {
			continue
		}
		if at, ended := a.attempt(ctx, u, asked); ended {
			t.Attempts = append(t.Attempts, at)
		}
	}
}

// mayTry tells whether an update may be attempted unattended now.
func (a *Agent) mayTry(u Update) bool {
	now, ok := a.Clock.Now(), false
	if u.Ready && !a.mayInstall(u) {
		return false
	}
	a.change(func(s *State) {
		t := s.tries(key(u.Ref))
		ok = !now.Before(t.Next) && free(t.Begun, a.Policy.TriesPerDay, now).IsZero()
	})
	return ok
}

// mayInstall tells whether an update may be installed unattended now.
func (a *Agent) mayInstall(u Update) bool {
	now := a.Clock.Now()
	if overdue(u, now) {
		return true
	}
	return maintenance.AllOpen(now.In(a.zone()), a.Policy.Window, u.Window) && (a.Policy.MayRestart || !u.MayRestart)
}

func overdue(u Update, now time.Time) bool { return !u.Deadline.IsZero() && !now.Before(u.Deadline) }

// attempt downloads and installs an update as far as it may. It tells whether an attempt ended by that: a download whose
// installation waits for its time is none yet.
func (a *Agent) attempt(ctx context.Context, u Update, asked Verb) (Attempt, bool) {
	// What an attempt leads to is not known: it counts before it is begun, so that one that takes the process down does
	// not come again and again.
	a.change(func(s *State) {
		t := s.tries(key(u.Ref))
		t.Begun = append(t.Begun, a.Clock.Now().UTC())
	})
	a.save(ctx)
	downloaded, res, err := a.try(ctx, u, asked)
	if ctx.Err() != nil || downloaded {
		a.change(func(s *State) {
			t := s.tries(key(u.Ref))
			t.Begun = t.Begun[:max(len(t.Begun)-1, 0)]
		})
		return Attempt{}, false
	}
	if err != nil {
		return a.failed(ctx, u, failure(err, u), asked), true
	}
	at := Attempt{Time: a.Clock.Now().UTC(), Result: update.Succeeded, Restart: res.RestartNeeded}
	at.describe(u.Ref)
	at.bound()
	a.ended(ctx, u, at)
	return at, true
}

// try tells, beside how it went, that there was a download and nothing else.
func (a *Agent) try(ctx context.Context, u Update, asked Verb) (downloaded bool, res Result, err error) {
	if !u.Ready {
		a.doing("download", u.Title)
		if err := a.Engine.Download(ctx, u, a.progress); err != nil {
			return false, Result{}, err
		}
	}
	if asked == DownloadNow || asked == "" && !a.mayInstall(u) {
		return true, Result{}, nil
	}
	a.doing("install", u.Title)
	res, err = a.Engine.Install(ctx, u)
	return false, res, err
}

// failure gives an error its form; what an engine did not put into it has no code.
func failure(err error, u Update) *Failure {
	var f *Failure
	if !errors.As(err, &f) {
		f = &Failure{Stage: Downloading, Err: err}
		if u.Ready {
			f.Stage = Installing
		}
	}
	if f.Update.IsZero() {
		f.Update = u.Ref
	}
	return f
}

// failed notes a failed attempt and has it healed where that is allowed.
func (a *Agent) failed(ctx context.Context, u Update, f *Failure, asked Verb) Attempt {
	at := Attempt{
		Time: a.Clock.Now().UTC(), Result: update.Failed, Stage: f.Stage, Code: f.Code, Path: f.Path, Why: fmt.Sprint(f.Err),
	}
	a.Log.LogAttrs(ctx, slog.LevelWarn, "the attempt failed", slog.String("update", u.Title), slog.Any("error", f))
	at.describe(u.Ref)
	at.Healing = a.heal(ctx, u, f, asked)
	if h := at.Healing; h != nil && h.Healed == Mended {
		at.Restart = h.Restart
	}
	at.bound()
	a.ended(ctx, u, at)
	return at
}

// heal lets the healer look at a failure. The location's silence is no ailment of this computer.
func (a *Agent) heal(ctx context.Context, u Update, f *Failure, asked Verb) *Healing {
	if a.Healer == nil || errors.Is(f, ErrUnreachable) || ctx.Err() != nil {
		return nil
	}
	allowed := true
	a.change(func(s *State) {
		allowed = free(s.tries(key(u.Ref)).Heals, a.Policy.HealsPerDay, a.Clock.Now()).IsZero()
	})
	if !allowed {
		return &Healing{Healed: LeftAlone, Why: fmt.Sprintf("%d repairs within a day are the limit", a.Policy.HealsPerDay)}
	}
	a.doing("heal", u.Title)
	h, err := a.Healer.Heal(ctx, f, asked != "")
	if err != nil {
		a.Log.LogAttrs(ctx, slog.LevelWarn, "no healing", slog.Any("error", err))
		h.Healed, h.Why = cmp.Or(h.Healed, LeftAlone), cmp.Or(h.Why, err.Error())
	}
	a.healed(u, &h)
	return &h
}

// healed counts a repair and the attempts that were made after it.
func (a *Agent) healed(u Update, h *Healing) {
	now := a.Clock.Now().UTC()
	a.change(func(s *State) {
		t := s.tries(key(u.Ref))
		if h.repaired() {
			t.Heals = append(t.Heals, now)
		}
		for range h.Attempts {
			t.Begun = append(t.Begun, now)
		}
	})
}

// ended keeps an attempt, and decides how long the update is left in peace.
func (a *Agent) ended(ctx context.Context, u Update, at Attempt) {
	worked := at.Worked()
	a.change(func(s *State) {
		s.keep(at)
		t := s.tries(key(u.Ref))
		if worked {
			t.Fails, t.Next = 0, time.Time{}
			return
		}
		t.Fails++
		t.Next = a.Clock.Now().Add(a.backoff(t.Fails)).UTC()
	})
	a.Log.LogAttrs(ctx, slog.LevelInfo, "an attempt ended", slog.String("update", u.Title), slog.Bool("installed", worked))
}

// Worked tells that the update is installed now, if only after a repair.
func (at *Attempt) Worked() bool {
	return at.Result == update.Succeeded || at.Healing != nil && at.Healing.Healed == Mended
}

// describe names the update as JSON has it.
func (at *Attempt) describe(u update.Ref) {
	at.Update, at.KB, at.Title = u, string(u.KB), u.Title
	if !u.ID.GUID.IsZero() {
		at.ID = u.ID.GUID.String()
	}
}
