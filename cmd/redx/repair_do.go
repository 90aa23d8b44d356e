package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/act/offline"
	"github.com/redx-update/redx/internal/repair/journal"
	repairrun "github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/term"
)

// errDeclined is what somebody said no to.
var errDeclined = errors.New("nothing was changed")

// agreed asks once, unless that was said to be needless.
func (o *repairOptions) agreed(std stdio, what string) error {
	if o.yes {
		return nil
	}
	fmt.Fprintf(std.err, "%s? [y/N] ", what)
	line, err := bufio.NewReader(std.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return &problem{exit: exitCancelled, err: errDeclined}
	}
	return nil
}

func (t *target) repair(ctx context.Context, p *planned) error {
	if err := t.Hold(); err != nil {
		return t.problem(err)
	}
	res, err := t.Repair(ctx, p.wish())
	return t.ended("repair", res, err)
}

// ended shows how a repair, or the undoing of one, went.
func (t *target) ended(verb string, res session.Result, err error) error {
	t.clear()
	if verb != "repair" {
		t.recovered(res.Recovered)
	}
	kept, kerr := t.Kept()
	err = errors.Join(err, kerr)
	out := report.NewOutcome(t.image, verb, t.Root(), res, kept, t.options.flags(), err)
	var shown error
	if t.options.json {
		shown = report.WriteJSON(t.std.out, out)
	} else {
		shown = report.OutcomeText(t.std.out, t.std.style, out)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if shown != nil {
		return shown
	}
	return t.exit(res.State, err)
}

// exit is how the process ends after a repair.
func (t *target) exit(state session.State, err error) error {
	code := map[session.State]int{
		session.Proven: exitOK, session.Unproven: exitOK, session.Failing: exitProblems, session.RolledBack: exitRolledBack,
		session.Waiting: exitRestart, session.Undone: exitOK,
	}
	exit, ended := code[state]
	switch {
	case state == session.Unproven && t.image.Kind == image.Online:
		exit = exitProblems
	case !ended:
		exit = exitFailed
	}
	if err == nil {
		return silent(exit)
	}
	p := t.problem(err)
	if p.exit == exitFailed && exit != exitOK {
		p.exit = exit
	}
	return p
}

// recovered says what became of what an earlier repair had left.
func (t *target) recovered(all []session.Recovered) {
	t.clear()
	for _, r := range all {
		fmt.Fprintf(t.std.err, "redx: an earlier %s (journal %s) was never ended: it is now %s\n", r.Kind, r.Journal, r.Outcome)
		if r.Why != nil {
			fmt.Fprintf(t.std.err, "redx:   because %s\n", term.Printable(r.Why.Error()))
		}
	}
}

// problem says what to do about an error of a repair.
func (t *target) problem(err error) *problem {
	var refused *session.Refused
	p := &problem{exit: exitFailed, err: err}
	switch {
	case errors.As(err, &p):
	case errors.As(err, &refused):
		p.exit, p.hint = refused.Refusals[0].Reason.Exit(), refused.Refusals[0].Reason.Hint()
	case errors.Is(err, journal.ErrLocked):
		p.exit, p.hint = exitLocked, "wait until it has ended; how it stands: redx repair status"+t.options.flags()
	case errors.Is(err, journal.ErrForeign), errors.Is(err, journal.ErrAltered), errors.Is(err, journal.ErrVersion):
		p.hint = `nothing is done while it is there. If you know that nothing was begun by it, move it out of ProgramData\redx\journal; ` +
			"folders that were moved are named SDTemp... and can be renamed back by hand"
	case errors.Is(err, offline.ErrPlanted), errors.Is(err, live.ErrNotOwn):
		p.hint = "redx trusts nothing that others could have put there"
	case errors.Is(err, session.ErrChanged):
		p.hint = "run it again, and look at the new plan"
	case errors.Is(err, repairrun.ErrHeld):
		p.hint = "close what holds it, then try again"
	}
	return p
}

// progress gives the observer that shows what happens on a terminal.
func (t *target) progress() func(session.Event) {
	if !t.std.style.Progress {
		return nil
	}
	return func(e session.Event) {
		text := map[session.What]string{
			session.Recovering: "ending what an earlier repair has left", session.Saving: "saving the update history",
			session.Beginning: "beginning", session.Ended: "ended: " + string(e.Outcome), session.Proving: "asking for the update again",
			session.Proved: e.Text, session.Cancelling: "cancelling a transfer job: " + e.Text,
		}[e.What]
		if e.Act != nil {
			text = e.Act.String()
		}
		fmt.Fprintf(t.std.err, "\r\x1b[K%s: %s", e.Rung, term.Printable(text))
	}
}

func (t *target) clear() {
	if t.std.style.Progress {
		fmt.Fprint(t.std.err, "\r\x1b[K")
	}
}
