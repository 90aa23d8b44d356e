package native_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/maintenance"
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

// TestApprovalsDeadline has an approval with a deadline or a window, or none, come from a server through the engine to an
// agent whose own window may be closed, and turns the agent's clock.
func TestApprovalsDeadline(t *testing.T) {
	begin := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) // a Wednesday
	deadline := begin.Add(13 * time.Hour)
	for name, tt := range map[string]struct {
		deadline     *time.Time
		window       string        // of the settings
		approved     string        // of the approval
		after, until time.Duration // since begin
	}{
		"the window is closed until the deadline":  {&deadline, "sat 08:00-20:00", "", 13 * time.Hour, 14 * time.Hour},
		"the window opens before the deadline":     {&deadline, "wed 18:00-20:00", "", 6 * time.Hour, 7 * time.Hour},
		"no deadline, and the window opens":        {nil, "fri 02:00-03:00", "", 38 * time.Hour, 39 * time.Hour},
		"the window is open":                       {nil, "wed 10:00-20:00", "", 0, time.Hour},
		"the approval's window opens later":        {nil, "", "Sat,Sun 01:00-05:00", 61 * time.Hour, 62 * time.Hour},
		"the approval's window within the agent's": {nil, "22:00-06:00", "thu,sat 05:00-12:00", 17 * time.Hour, 18 * time.Hour},
		"the approval's window is open":            {nil, "", "wed 10:00-20:00", 0, time.Hour},
		"the deadline is before both windows":      {&deadline, "sat 08:00-20:00", "sun 01:00-05:00", 13 * time.Hour, 14 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			c := newComputer(t, signedFix(t))
			c.site.Decide(deploy.Approval{Update: servertest.ID(3), Choice: deploy.Install, Deadline: tt.deadline, Window: windows(t, tt.approved)})
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
			defer stop()
			now, installed := begin, time.Time{}
			policy := agent.DefaultPolicy()
			policy.Window = windows(t, tt.window)
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

func windows(t *testing.T, text string) maintenance.Windows {
	t.Helper()
	list, err := maintenance.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// garble is a way to a server on which windows are spoilt.
type garble struct{ http.RoundTripper }

func (g garble) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding")
	res, err := g.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	body = bytes.ReplaceAll(body, []byte("<RedxWindow>sun"), []byte("<RedxWindow>xxx"))
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, err
}

// TestUnreadableWindow: a window that this agent does not understand is told at each visit, and none then.
func TestUnreadableWindow(t *testing.T) {
	c := newComputer(t, signedFix(t))
	c.site.Decide(deploy.Approval{Update: servertest.ID(3), Choice: deploy.Install, Window: windows(t, "sun 01:00-05:00")})
	var log bytes.Buffer
	c.options.HTTP, c.options.Log = &http.Client{Transport: garble{&http.Transport{}}}, slog.New(slog.NewTextHandler(&log, nil))
	c.start()
	for visit := 1; visit <= 2; visit++ {
		found, err := c.Scan(t.Context())
		if err != nil || len(found.Updates) != 1 || found.Updates[0].Window != nil {
			t.Fatalf("%+v, %v", found, err)
		}
		if n := strings.Count(log.String(), "the window of an approval cannot be read"); n != visit || !strings.Contains(log.String(), "xxx 01:00-05:00") {
			t.Errorf("told %d times in %d visits: %s", n, visit, log.String())
		}
	}
}
