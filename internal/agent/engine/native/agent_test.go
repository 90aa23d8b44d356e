package native_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/heal"
	"github.com/redx-update/redx/internal/repair"
)

// automatic is the agent with its healer on a computer of the lab.
func (c *computer) automatic(rungs ...repair.Rung) *agent.Agent {
	c.t.Helper()
	policy := agent.DefaultPolicy()
	policy.Rungs = append(policy.Rungs, rungs...)
	clock, half := agent.SystemClock(), func() float64 { return 0.5 }
	folder, err := os.OpenRoot(c.host("ProgramData", "redx", "agent"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { folder.Close() })
	a := &agent.Agent{
		Engine: c, Policy: policy, Store: agent.StateFile{Folder: folder}, Clock: clock, Random: half, Log: slog.New(slog.DiscardHandler),
		Healer: &heal.Healer{Engine: c, Open: c.options.Image, Policy: policy, Clock: clock, Random: half, Log: slog.New(slog.DiscardHandler)},
	}
	if err := a.Open(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	return a
}

// TestHealsItself is the whole story with agent, healer and engine: something is lost between download and installation, the
// computer gets the red X, mends itself, visits again, and has the update.
func TestHealsItself(t *testing.T) {
	for name, tt := range map[string]struct {
		lose  func(c *computer) error
		code  string
		rungs []repair.Rung
	}{
		"a file":   {func(c *computer) error { return os.Remove(c.extracted(component, "lab.dll")) }, "0x80070002", nil},
		"a folder": {func(c *computer) error { return os.RemoveAll(c.extracted(component)) }, "0x80070003", nil},
		"the datastore": {func(c *computer) error {
			return spoil(c.host("Windows", "SoftwareDistribution", "DataStore", "DataStore.edb"))
		}, "0xC8000", []repair.Rung{repair.DataStore}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newComputer(t, signedFix(t))
			a := c.automatic(tt.rungs...)
			if turn, err := a.Once(t.Context(), agent.DownloadNow); err != nil || turn.Err != nil || len(turn.Attempts) != 0 {
				t.Fatalf("%+v, %v", turn, err)
			}
			if err := tt.lose(c); err != nil {
				t.Fatal(err)
			}
			turn, err := a.Once(t.Context(), agent.InstallNow)
			if err != nil || turn.Err != nil || len(turn.Attempts) == 0 {
				t.Fatalf("%+v, %v", turn, err)
			}
			at := turn.Attempts[0]
			if at.Healing == nil || at.Healing.Healed != agent.Mended || !strings.HasPrefix(at.Code.String(), tt.code) {
				t.Fatalf("%+v\n%+v", at, at.Healing)
			}
			if b, err := os.ReadFile(c.host("Windows", "System32", "lab.dll")); err != nil || string(b) != library {
				t.Errorf("the update is not installed: %q, %v", b, err)
			}
			if turn, err = a.Once(t.Context(), agent.ScanNow); err != nil || len(turn.Scan.Updates) != 0 || turn.Scan.Installed != 1 {
				t.Errorf("afterwards: %+v, %v", turn, err)
			}
		})
	}
}

// TestServersFault leaves the computer alone when the server has lost the file.
func TestServersFault(t *testing.T) {
	c := newComputer(t, signedFix(t))
	a := c.automatic()
	c.site.Break(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/Content/") {
			return false
		}
		http.NotFound(w, r)
		return true
	})
	turn, err := a.Once(t.Context(), agent.InstallNow)
	if err != nil || len(turn.Attempts) != 1 {
		t.Fatalf("%+v, %v", turn, err)
	}
	if h := turn.Attempts[0].Healing; h == nil || h.Healed != agent.LeftAlone || len(h.Findings) == 0 || !strings.HasPrefix(h.Findings[0], "server-content-missing") {
		t.Errorf("%+v", h)
	}
	if left, err := filepath.Glob(c.host("Windows", "SDTemp*")); err != nil || len(left) != 0 {
		t.Errorf("something was put aside: %v, %v", left, err)
	}
}

// spoil overwrites the head of a file.
func spoil(path string) error {
	b, err := os.ReadFile(path)
	if err == nil && len(b) < 16384 {
		err = errors.New("too short")
	}
	if err != nil {
		return err
	}
	clear(b[:16384])
	return os.WriteFile(path, b, 0o600)
}
