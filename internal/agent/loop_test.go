package agent_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/update"
)

const hour = time.Hour

func TestHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{offers: []agent.Update{offer(1), offer(2)}, takes: time.Second}, &memory{}
		a := newAgent(t, w, agent.DefaultPolicy(), m)
		start := time.Now()
		var idle []bool
		a.Idle = func(is bool) { idle = append(idle, is) }
		runFor(t, a, 72*hour)
		for i, is := range idle {
			if is != (i%2 == 0) {
				t.Fatalf("idle: %v", idle)
			}
		}
		if len(idle) != 2*len(w.scans)+2 {
			t.Errorf("%d visits, and idle was said %d times", len(w.scans), len(idle))
		}
		if first := w.scans[0].Sub(start); first <= 0 || first > 10*time.Minute {
			t.Errorf("the first visit came after %s, want some moment of the first ten minutes", first)
		}
		for i := 1; i < len(w.scans); i++ {
			if d := w.scans[i].Sub(w.scans[i-1]); d < 17*hour || d > 23*hour {
				t.Errorf("visit %d came %s after the one before", i, d)
			}
		}
		if len(w.scans) < 4 || len(w.installs["b"]) != 1 || len(w.installs["c"]) != 1 || w.together || w.reports != len(w.scans) {
			t.Errorf("%d visits, installed %v, at once: %v, %d reports", len(w.scans), w.installs, w.together, w.reports)
		}
		if n := len(m.state.Attempts); n != 2 || m.state.NextVisit.IsZero() {
			t.Errorf("remembered %d attempts, next visit %s", n, m.state.NextVisit)
		}
	})
}

func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{scanErr: func() error { return fmt.Errorf("asleep: %w", agent.ErrUnreachable) }}
		a := newAgent(t, w, agent.DefaultPolicy(), &memory{})
		runFor(t, a, 10*24*hour)
		for i := 2; i < len(w.scans); i++ {
			if d := w.scans[i].Sub(w.scans[i-1]); d < 12*time.Minute || d > 27*hour {
				t.Errorf("visit %d came %s after the one before", i, d)
			}
		}
		if n := len(w.scans); n < 10 || n > 25 || len(w.heals) != 0 {
			t.Errorf("%d visits in ten days of silence, %d healings", n, len(w.heals))
		}
		w.scanErr = nil
		runFor(t, a, 24*hour)
		if a.Status().Misses != 0 {
			t.Error("misses are still counted after a visit that succeeded")
		}
	})
}

// TestRefused: what asking again soon does not change is asked again at the usual visit, and the reason is kept until one succeeds.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{scanErr: func() error { return fmt.Errorf("%w: 403 %s", agent.ErrRefused, strings.Repeat("é", 4000)) }}, &memory{}
		a := newAgent(t, w, agent.DefaultPolicy(), m)
		runFor(t, a, 10*24*hour)
		for i := 1; i < len(w.scans); i++ {
			if d := w.scans[i].Sub(w.scans[i-1]); d < 17*hour || d > 23*hour {
				t.Errorf("visit %d came %s after the one before", i, d)
			}
		}
		s := a.Status()
		n := len(w.scans)
		if n < 10 || s.Misses != n || !s.Refused || !strings.Contains(s.Trouble, "403 é") || len(s.Trouble) > 1100 || !utf8.ValidString(s.Trouble) {
			t.Errorf("%d visits, %+v", n, s.State)
		}
		started := time.Now()
		w.scanErr = func() error { return errors.New("no network") }
		runFor(t, a, 24*hour)
		if d := w.scans[n].Sub(started); d > 10*time.Minute {
			t.Errorf("the first visit after a start with other settings came after %s, want some moment of the first ten minutes", d)
		}
		if s := m.state; s.Refused || s.Trouble != "no network" {
			t.Errorf("after another failure: %+v", s)
		}
		w.scanErr = nil
		runFor(t, a, 24*hour)
		if s := m.state; s.Misses != 0 || s.Refused || s.Trouble != "" {
			t.Errorf("after a visit that succeeded: %+v", s)
		}
	})
}

// TestHugeTexts: what a server calls its updates, and why they fail, does not make a memory that is too large to be read again.
func TestHugeTexts(t *testing.T) {
	huge := strings.Repeat("x", 1<<14)
	dir, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	w := &world{fail: always(&agent.Failure{Stage: agent.Installing, Path: huge, Err: errors.New(huge)})}
	w.healing = agent.Healing{Healed: agent.LeftAlone, Why: huge, Cause: huge, Files: slices.Repeat([]string{huge}, 20)}
	for n := range 60 {
		u := offer(n)
		u.Title, u.KB, u.Ready = huge, update.KB(huge), true
		w.offers = append(w.offers, u)
	}
	a := newAgent(t, w, agent.DefaultPolicy(), &memory{})
	a.Store = agent.StateFile{Folder: dir}
	if _, err := a.Once(t.Context(), agent.InstallNow); err != nil {
		t.Fatal(err)
	}
	s, note, err := agent.StateFile{Folder: dir}.Load()
	if err != nil || note != "" || len(s.Attempts) != 50 {
		t.Errorf("%d attempts, %q, %v", len(s.Attempts), note, err)
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := agent.DefaultPolicy()
		p.TriesPerDay, p.HealsPerDay = 3, 2
		w := &world{offers: []agent.Update{offer(1)}, fail: always(errMissing), healing: agent.Healing{Healed: agent.StillFails, Attempts: 1}}
		runFor(t, newAgent(t, w, p, &memory{}), 20*24*hour)
		perDay(t, w.installs["b"], 3)
		perDay(t, w.heals, 3) // a healing that repairs nothing any more is only a look
		if len(w.installs["b"]) < 10 {
			t.Errorf("only %d attempts in 20 days", len(w.installs["b"]))
		}
	})
}

// perDay wants no more than most in any 24 hours.
func perDay(t *testing.T, times []time.Time, most int) {
	t.Helper()
	for i := most; i < len(times); i++ {
		if d := times[i].Sub(times[i-most]); d < 24*hour {
			t.Errorf("%d attempts within %s", most+1, d)
		}
	}
}

func TestMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			offers: []agent.Update{offer(1)}, fail: always(errMissing),
			healing: agent.Healing{Healed: agent.Mended, Rungs: []repair.Rung{repair.UpdateFolder}, Attempts: 1},
		}
		a := newAgent(t, w, agent.DefaultPolicy(), &memory{})
		runFor(t, a, 48*hour)
		st := a.Status()
		if len(w.heals) != 1 || len(st.Attempts) != 1 || st.Attempts[0].Healing.Healed != agent.Mended {
			t.Errorf("%d healings, %+v", len(w.heals), st.Attempts)
		}
	})
}

func TestWindowAndDeadline(t *testing.T) {
	night := windows(t, "22:00-05:00")
	for name, tt := range map[string]timing{
		"in the window": {
			func(p *agent.Policy, _ *agent.Update) { p.Window = night },
			func(at []time.Time, _ time.Time) bool {
				return len(at) == 1 && (at[0].Hour() >= 22 || at[0].Hour() < 5)
			},
		},
		"at its deadline, whatever the window": {
			func(p *agent.Policy, u *agent.Update) {
				p.Window, u.Deadline = night, time.Now().Add(13*hour)
			},
			func(at []time.Time, start time.Time) bool {
				return len(at) == 1 && at[0].Sub(start) >= 13*hour && at[0].Sub(start) < 14*hour
			},
		},
		"never, when it may restart and must not": {
			func(_ *agent.Policy, u *agent.Update) { u.MayRestart = true },
			func(at []time.Time, _ time.Time) bool { return len(at) == 0 },
		},
		"at once, when it may restart and may": {
			func(p *agent.Policy, u *agent.Update) { u.MayRestart, p.MayRestart = true, true },
			func(at []time.Time, start time.Time) bool { return len(at) == 1 && at[0].Sub(start) < hour },
		},
	} {
		t.Run(name, tt.run)
	}
}

// TestApprovedWindow has a window of the update's own beside the policy's: both must be open.
func TestApprovedWindow(t *testing.T) {
	night, early, day, minute := windows(t, "22:00-05:00"), windows(t, "03:00-05:30"), windows(t, "06:00-20:00"), windows(t, "sun 09:00-09:01")
	for name, tt := range map[string]timing{
		"in its own window": {
			func(_ *agent.Policy, u *agent.Update) { u.Window = early },
			func(at []time.Time, _ time.Time) bool {
				return len(at) == 1 && at[0].Hour() == 3 && at[0].Minute() < 15
			},
		},
		"in its own window, which is open": {
			func(_ *agent.Policy, u *agent.Update) { u.Window = day },
			func(at []time.Time, start time.Time) bool { return len(at) == 1 && at[0].Sub(start) < hour },
		},
		"in its own window, but not outside the policy's": {
			func(p *agent.Policy, u *agent.Update) { p.Window, u.Window = night, early.And(day) },
			func(at []time.Time, _ time.Time) bool { return len(at) == 1 && at[0].Hour() == 3 },
		},
		"never, when its window and the policy's do not meet": {
			func(p *agent.Policy, u *agent.Update) { p.Window, u.Window = night, day },
			func(at []time.Time, _ time.Time) bool { return len(at) == 0 },
		},
		"in a window of a minute": {
			func(_ *agent.Policy, u *agent.Update) { u.Window = minute },
			func(at []time.Time, start time.Time) bool {
				return len(at) == 1 && at[0].Sub(start) >= 27*hour && at[0].Sub(start) < 27*hour+time.Minute
			},
		},
		"at its deadline, whatever both windows": {
			func(p *agent.Policy, u *agent.Update) {
				p.Window, u.Window, u.Deadline = night, day, time.Now().Add(13*hour)
			},
			func(at []time.Time, start time.Time) bool {
				return len(at) == 1 && at[0].Sub(start) >= 13*hour && at[0].Sub(start) < 14*hour
			},
		},
		"in its own window before its deadline": {
			func(_ *agent.Policy, u *agent.Update) { u.Window, u.Deadline = early, time.Now().Add(48*hour) },
			func(at []time.Time, start time.Time) bool { return len(at) == 1 && at[0].Hour() == 3 },
		},
	} {
		t.Run(name, tt.run)
	}
}

// timing is a policy and an update, and when that is to be installed by an agent that starts at six.
type timing struct {
	change func(*agent.Policy, *agent.Update)
	ok     func(installed []time.Time, start time.Time) bool
}

func (tt timing) run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(6 * hour) // the bubble's clock begins at midnight, on a Saturday
		start := time.Now()
		p, u := agent.DefaultPolicy(), offer(1)
		tt.change(&p, &u)
		w := &world{offers: []agent.Update{u}}
		runFor(t, newAgent(t, w, p, &memory{}), 4*24*hour)
		if !tt.ok(w.installs["b"], start) {
			t.Errorf("installed at %v, started at %v", w.installs["b"], start)
		}
		if len(w.downloads) != 1 {
			t.Errorf("downloaded %d times", len(w.downloads))
		}
	})
}

// TestNextVisitAtWindow: after the download the next visit is when the update's window opens, or shortly after.
func TestNextVisitAtWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := offer(1)
		u.Window = windows(t, "18:00-22:00")
		w := &world{offers: []agent.Update{u}}
		a, opens := newAgent(t, w, agent.DefaultPolicy(), &memory{}), time.Now().Add(18*hour)
		runFor(t, a, hour)
		if late := a.Status().NextVisit.Sub(opens); late < 0 || late > 10*time.Minute || len(w.installs) != 0 {
			t.Errorf("the next visit is %s after the window opens, installed: %v", late, w.installs)
		}
		runFor(t, a, 18*hour)
		if len(w.scans) != 2 || len(w.installs["b"]) != 1 {
			t.Errorf("%d visits, installed: %v", len(w.scans), w.installs)
		}
	})
}

// TestAnnounced: the status names the next window, and the first deadline that passes over it, as long as something waits.
func TestAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble begins on a Saturday, 2000-01-01
		start := time.Now().UTC()
		day := func(n, hour int) time.Time { return start.AddDate(0, 0, n).Add(time.Duration(hour) * time.Hour) }
		p := agent.DefaultPolicy()
		p.Window = windows(t, "02:00-05:00")
		w := &world{offers: []agent.Update{offer(0), offer(1), offer(2)}}
		w.offers[0].Window = windows(t, "mon 03:00-04:00")
		w.offers[1].Window, w.offers[1].Deadline = windows(t, "tue 12:00-13:00"), day(1, 12)
		w.offers[2].MayRestart, w.offers[2].Deadline = true, day(30, 0)
		a := newAgent(t, w, p, &memory{})
		if s := a.Status(); !s.NextWindow.Equal(day(0, 2)) {
			t.Errorf("before a visit: %+v", s.State)
		}
		for _, want := range []struct {
			at, window, deadline time.Time
			of                   string
		}{
			{day(0, 1), day(2, 3), day(1, 12), "b"},
			{day(1, 13), day(2, 3), day(30, 0), "c"},
			{day(2, 5), day(3, 2), day(30, 0), "c"},
		} {
			runFor(t, a, time.Until(want.at))
			if s := a.Status(); !s.NextWindow.Equal(want.window) || !s.Deadline.Equal(want.deadline) || s.DeadlineOf != want.of {
				t.Errorf("at %s: window %s, deadline %s of %q, want %+v", want.at, s.NextWindow, s.Deadline, s.DeadlineOf, want)
			}
		}
	})
}

func TestAskedAndPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{offers: []agent.Update{offer(1)}, fail: always(errMissing), takes: time.Second}
		a := newAgent(t, w, agent.DefaultPolicy(), &memory{})
		a.Pause(t.Context(), time.Time{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.Run(ctx) }()
		time.Sleep(100 * hour)
		synctest.Wait()
		if len(w.scans) != 0 {
			t.Errorf("%d visits while paused", len(w.scans))
		}
		if turn, err := a.Ask(ctx, agent.ScanNow); err != nil || len(turn.Scan.Updates) != 1 || len(w.downloads) != 0 {
			t.Errorf("scan: %+v, %v, %d downloads", turn, err, len(w.downloads))
		}
		if turn, err := a.Ask(ctx, agent.DownloadNow); err != nil || len(turn.Attempts) != 0 || len(w.downloads) != 1 || len(w.installs) != 0 {
			t.Errorf("download: %+v, %v", turn, err)
		}
		for range 6 { // more than the limit: who asks is served
			if turn, err := a.Ask(ctx, agent.InstallNow); err != nil || len(turn.Attempts) != 1 || turn.Attempts[0].Path != `C:\x` {
				t.Errorf("install: %+v, %v", turn, err)
			}
		}
		a.Resume(t.Context())
		time.Sleep(24 * hour)
		synctest.Wait()
		if len(w.scans) < 9 {
			t.Error("no visit after the pause")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := a.Ask(ctx, agent.ScanNow); !errors.Is(err, agent.ErrStopped) {
			t.Errorf("asked after the end: %v", err)
		}
	})
}

// A pause with an end is kept over a start, ends by itself, and is not shown any more then.
func TestPausedUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := &world{offers: []agent.Update{offer(1)}}, &memory{}
		start := time.Now()
		newAgent(t, w, agent.DefaultPolicy(), m).Pause(t.Context(), start.Add(50*hour))
		a := newAgent(t, w, agent.DefaultPolicy(), m)
		runFor(t, a, 49*hour)
		if s := a.Status(); len(w.scans) != 0 || !s.Paused || !s.PausedUntil.Equal(start.Add(50*hour)) {
			t.Errorf("%d visits, %+v", len(w.scans), s)
		}
		runFor(t, a, 2*hour)
		if s := a.Status(); len(w.scans) != 1 || w.scans[0].Sub(start) < 50*hour || len(w.installs["b"]) != 1 || s.Paused || !s.PausedUntil.IsZero() {
			t.Errorf("visits at %v, %+v", w.scans, s)
		}
	})
}

// What is remembered counts after a start as well: the next visit, and how much was tried.
func TestRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := agent.DefaultPolicy()
		p.TriesPerDay = 2
		w, m := &world{offers: []agent.Update{offer(1)}, fail: always(errMissing)}, &memory{}
		for range 200 {
			runFor(t, newAgent(t, w, p, m), 11*time.Minute)
		}
		perDay(t, w.installs["b"], 2)
		if len(w.scans) > 20 {
			t.Errorf("%d visits in 200 starts within %s", len(w.scans), 200*11*time.Minute)
		}
	})
}

// Whatever fails, and whenever: never more attempts of one update than allowed within 24 hours, never two visits at
// once, and never one right after another.
func TestProperty(t *testing.T) {
	for seed := range uint64(150) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			p := agent.DefaultPolicy()
			p.TriesPerDay, p.HealsPerDay = 1+r.IntN(4), r.IntN(3)
			p.Every = agent.Duration(time.Minute << r.IntN(12))
			p.RetryAfter = agent.Duration(time.Second << r.IntN(12))
			p.FirstWithin = agent.Duration(r.IntN(int(hour)))
			w := &world{takes: time.Duration(r.IntN(3)) * time.Second}
			maybe := func(u error) error {
				if r.IntN(3) > 0 {
					return u
				}
				return nil
			}
			for n := range 1 + r.IntN(4) {
				w.offers = append(w.offers, offer(n))
			}
			w.scanErr = func() error {
				switch r.IntN(6) {
				case 0:
					return agent.ErrUnreachable
				case 1:
					return &agent.Failure{Stage: agent.Scanning, Code: 0xC80001FE, Err: errors.New("damaged")}
				}
				w.healing.Healed = []agent.Healed{agent.Mended, agent.StillFails, agent.LeftAlone, agent.Waits, agent.TakenBack, agent.Unproven}[r.IntN(6)]
				return nil
			}
			w.fail = func(agent.Update) error { return maybe(errMissing) }
			w.failDown = func(agent.Update) error { return maybe(errors.New("a lie")) }
			m := &memory{}
			for range 1 + r.IntN(3) {
				runFor(t, newAgent(t, w, p, m), 3*24*hour)
			}
			for name := range w.installs {
				perDay(t, w.installs[name], p.TriesPerDay)
			}
			soon, gap := 0, 30*time.Second
			for i := 1; i < len(w.scans); i++ {
				if w.scans[i].Sub(w.scans[i-1]) < gap {
					soon++ // a visit that was healed is made twice
				}
			}
			if soon > len(w.heals)+3 || w.together {
				t.Errorf("seed %d: %d visits of %d came within %s, %d healings, at once: %v", seed, soon, len(w.scans), gap, len(w.heals), w.together)
			}
		})
	}
}
