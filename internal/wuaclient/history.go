package wuaclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// HistorySource is the place that the events of History stand in.
const HistorySource = "Windows Update Agent (QueryHistory)"

// History gives what the running Windows' agent says of its own history, as evidence like any other. An empty history
// is no error. The record is the entry's number, counted from the oldest.
func (c *Client) History(ctx context.Context) ([]evidence.Event, error) {
	answer, err := c.Ask(ctx, protocol.Request{Verb: protocol.History})
	switch {
	case err != nil:
		return nil, err
	case answer.Failure != nil:
		return events(answer.Attempts), fmt.Errorf("%s: %s", answer.Failure.Call, answer.Failure.Code)
	case answer.Refused != nil:
		return nil, errors.New(answer.Refused.Reason)
	case answer.Total > len(answer.Attempts):
		return events(answer.Attempts), fmt.Errorf("only the newest %d of %d entries were read", len(answer.Attempts), answer.Total)
	}
	return events(answer.Attempts), nil
}

// The operations of an entry (UpdateOperation of wuapi.h).
const (
	installation   = 1
	uninstallation = 2
)

func events(attempts []protocol.Attempt) []evidence.Event {
	var out []evidence.Event
	for i := range attempts {
		if e, ok := event(&attempts[i]); ok {
			out = append(out, e)
		}
	}
	return out
}

// event says what an entry means, false for one that has not ended.
func event(a *protocol.Attempt) (evidence.Event, bool) {
	result, ended := map[protocol.Outcome]update.Result{
		protocol.Succeeded: update.Succeeded, protocol.SucceededWithErrors: update.Succeeded,
		protocol.Failed: update.Failed, protocol.Aborted: update.Cancelled,
	}[a.Outcome]
	if !ended {
		return evidence.Event{}, false
	}
	fields := map[string]string{evidence.Phase: evidence.PhaseInstall, evidence.Result: string(result)}
	switch a.Operation {
	case installation:
		fields[evidence.Operation] = string(update.Install)
	case uninstallation:
		fields[evidence.Operation] = string(update.Uninstall)
	}
	// The unmapped code is the one behind the general one that is shown.
	code := a.Unmapped
	if !code.Failed() {
		code = a.Code
	}
	e := evidence.Event{
		Kind: evidence.Attempt, Source: evidence.Source{Path: HistorySource, Record: uint64(max(a.Number, 0))},
		Time: a.Time.UTC(), Code: code, Fields: fields, Text: a.Title + " " + string(result),
		Update: update.Ref{KB: update.FindKB(a.Title), Title: a.Title},
	}
	if code.Failed() {
		e.Text += " with " + code.String()
	}
	if id, err := guid.Parse(a.ID); err == nil {
		e.Update.ID = update.ID{GUID: id, Revision: a.Revision}
	}
	return e, true
}
