package site

import (
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
)

// TestEventNumbers holds the numbers that others may watch for.
func TestEventNumbers(t *testing.T) {
	ended := func(o run.Outcome) session.Event {
		return session.Event{What: session.Ended, Outcome: o, Journal: "00001.jsonl"}
	}
	jobs := func(e session.Event) session.Event { e.Rung, e.Journal = repair.TransferJobs, "00001.jsonl"; return e }
	for _, tt := range []struct {
		event  session.Event
		number live.Event
	}{
		{session.Event{What: session.Beginning, Journal: "00001.jsonl"}, 100},
		{ended(run.Committed), 101},
		{ended(run.RolledBack), 102},
		{ended(run.Waiting), 103},
		{ended(run.Open), 104},
		{session.Event{What: session.Recovering, Journal: "00001.jsonl"}, 120},
		{jobs(session.Event{What: session.Beginning}), 100},
		{jobs(ended(run.Committed)), 101},
		{jobs(ended(run.RolledBack)), 102},
		{jobs(ended(run.Open)), 104},
		{jobs(ended(run.Partly)), 105},
		{jobs(session.Event{What: session.Recovering}), 120},
		{jobs(session.Event{What: session.Cancelling}), 0},
		{session.Event{What: session.Acting, Journal: "00001.jsonl"}, 0},
	} {
		number, text := eventOf(tt.event)
		if number != tt.number || number != 0 && !strings.Contains(text, "00001.jsonl") {
			t.Errorf("%+v: got %d %q, want %d with the journal's name", tt.event, number, text, tt.number)
		}
	}
}

func TestObservers(t *testing.T) {
	if Observers(nil, nil) != nil {
		t.Error("nobody wants to know, and is told")
	}
	told := 0
	tell := func(session.Event) { told++ }
	if Observers(tell, nil, tell)(session.Event{}); told != 2 {
		t.Errorf("told %d", told)
	}
}
