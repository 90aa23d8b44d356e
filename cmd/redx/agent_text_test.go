package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/control"
	"github.com/redx-update/redx/internal/agent/home"
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
	var told, stands strings.Builder
	if err := errors.Join(turnText(&told, term.Style{}, turn), statusText(&stands, term.Style{}, status)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{told.String(), stands.String()} {
		if strings.Contains(text, "\x1b") || strings.Contains(text, "\ny") || !strings.Contains(text, "x [2J y") {
			t.Errorf("the terminal is given %q", text)
		}
	}
}

// TestAgentProblems: who may not, and who has to wait, is told by the exit code.
func TestAgentProblems(t *testing.T) {
	for err, want := range map[error]int{
		fs.ErrPermission: exitElevation, control.ErrStranger: exitElevation, journal.ErrLocked: exitLocked, home.ErrNowhere: exitFailed,
	} {
		var p *problem
		if got := agentProblem(fmt.Errorf("look: %w", err)); !errors.As(got, &p) || p.exit != want || p.hint == "" {
			t.Errorf("%v: %v", err, got)
		}
	}
}
