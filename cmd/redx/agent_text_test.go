package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/control"
	"github.com/redx-update/redx/internal/agent/home"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/act/offline"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/term"
	"github.com/redx-update/redx/internal/update"
)

// TestHostileTexts: what a server calls its updates, and what an update calls its files, steers no terminal.
func TestHostileTexts(t *testing.T) {
	const evil = "x\x1b[2J\ny"
	ref := update.Ref{Title: evil}
	failed := agent.Attempt{
		Title: evil, Why: evil, Path: evil, Result: update.Failed,
		Healing: &agent.Healing{Healed: agent.LeftAlone, Cause: evil, Files: []string{evil}, Why: evil},
	}
	turn := &agent.Turn{
		Scan:     &agent.Scan{Location: evil, Updates: []agent.Update{{Ref: ref}}, Undecided: []agent.Undecided{{Ref: ref, Rule: evil, Why: evil}}},
		Attempts: []agent.Attempt{failed, {Title: evil, Result: update.Succeeded}},
	}
	status := &agentStatusJSON{Running: true}
	status.Doing, status.Title, status.Attempts = "install", evil, turn.Attempts
	status.Trouble, status.DeadlineOf, status.Deadline = evil, evil, time.Now()
	var told, stands strings.Builder
	if err := errors.Join(turnText(&told, term.Style{}, turn), statusText(&stands, term.Style{}, status, time.Now())); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{told.String(), stands.String()} {
		if strings.Contains(text, "\x1b") || strings.Contains(text, "\ny") || !strings.Contains(text, "x [2J y") {
			t.Errorf("the terminal is given %q", text)
		}
	}
}

// TestTermsAreTold: when what is offered is installed, and when the agent does something next, stands in the texts.
func TestTermsAreTold(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.Local)
	window, err := maintenance.Parse("sat,sun 01:00-05:00")
	if err != nil {
		t.Fatal(err)
	}
	turn := &agent.Turn{Scan: &agent.Scan{Location: "http://x", Updates: []agent.Update{
		{Ref: update.Ref{Title: "both"}, Window: window, Deadline: now.Add(time.Hour)}, {Ref: update.Ref{Title: "neither"}},
	}}}
	var told strings.Builder
	if err := turnText(&told, term.Style{}, turn); err != nil {
		t.Fatal(err)
	}
	want := `http://x: 2 needed, 0 installed, 0 not for this computer
  needs  both
         window    sat,sun 01:00-05:00
         deadline  2026-11-25 13:00:00, whatever the windows
  needs  neither
`
	if diff := cmp.Diff(want, told.String()); diff != "" {
		t.Error(diff)
	}
	status := &agentStatusJSON{Running: true}
	status.LastVisit, status.NextVisit, status.NextWindow = now.Add(-time.Hour), now.Add(time.Hour), now.Add(2*time.Hour)
	status.Deadline, status.DeadlineOf = now.Add(90*time.Minute), "both"
	status.Misses, status.Trouble = 2, "403"
	told.Reset()
	if err := statusText(&told, term.Style{}, status, now); err != nil {
		t.Fatal(err)
	}
	want = `The agent runs, and waits.
  last visit  2026-11-25 11:00:00
  next visit  2026-11-25 13:00:00
  failed      2 visits in a row, the latest: 403
  next window 2026-11-25 14:00:00
  deadline    2026-11-25 13:30:00  both: from then on it is installed outside of windows too
`
	if diff := cmp.Diff(want, told.String()); diff != "" {
		t.Error(diff)
	}
}

// TestAgentProblems: who may not, and who has to wait, is told by the exit code.
func TestAgentProblems(t *testing.T) {
	for err, want := range map[error]int{
		fs.ErrPermission: exitElevation, control.ErrStranger: exitElevation, journal.ErrLocked: exitLocked, home.ErrNowhere: exitFailed,
		offline.ErrPlanted: exitFailed, live.ErrNotOwn: exitFailed,
	} {
		var p *problem
		if got := agentProblem(fmt.Errorf("look: %w", err)); !errors.As(got, &p) || p.exit != want || p.hint == "" {
			t.Errorf("%v: %v", err, got)
		}
	}
}
