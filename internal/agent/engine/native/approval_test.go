package native_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/server/servertest"
)

// watched is an engine that tells when it installs.
type watched struct {
	agent.Engine
	install func()
}

func (w watched) Install(ctx context.Context, u agent.Update) (agent.Result, error) {
	w.install()
	return w.Engine.Install(ctx, u)
}

// forgetful is a Store that has nothing.
type forgetful struct{}

func (forgetful) Load() (agent.State, string, error) { return agent.State{}, "", nil }
func (forgetful) Save(agent.State) error             { return nil }

// TestApprovalsDeadline has an approval with a deadline, or none, come from a server through the engine to an agent whose
// window is closed, and turns the agent's clock.
func TestApprovalsDeadline(t *testing.T) {
	begin := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) // a Wednesday
	deadline := begin.Add(13 * time.Hour)
	for name, tt := range map[string]struct {
		deadline     *time.Time
		window       string
		after, until time.Duration // since begin
	}{
		"the window is closed until the deadline": {&deadline, "sat 08:00-20:00", 13 * time.Hour, 14 * time.Hour},
		"the window opens before the deadline":    {&deadline, "wed 18:00-20:00", 6 * time.Hour, 7 * time.Hour},
		"no deadline, and the window opens":       {nil, "fri 02:00-03:00", 38 * time.Hour, 39 * time.Hour},
		"the window is open":                      {nil, "wed 10:00-20:00", 0, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			c := newComputer(t, signedFix(t))
			c.site.Approve(servertest.ID(3), deploy.Install, tt.deadline)
			window, err := agent.ParseWindow(tt.window)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			now, installed := begin, time.Time{}
			policy := agent.DefaultPolicy()
			policy.Window = []agent.Window{window}
			a := &agent.Agent{
				Engine: watched{c.Engine, func() { installed = now; stop() }}, Policy: policy, Store: forgetful{}, Zone: time.UTC,
				Random: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
				Clock: agent.Clock{Now: func() time.Time { return now }, After: func(d time.Duration) <-chan time.Time {
					now = now.Add(d)
					fired := make(chan time.Time, 1)
					fired <- now
					return fired
				}},
			}
			if err := a.Open(ctx); err != nil {
				t.Fatal(err)
			}
			if err := a.Run(ctx); err != nil {
				t.Fatal(err)
			}
			if since := installed.Sub(begin); installed.IsZero() || since < tt.after || since > tt.until {
				t.Errorf("installed at %s", installed)
			}
		})
	}
}
