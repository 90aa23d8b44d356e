package wuaclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wuaclient"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

const id = "5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"

var (
	wanted  = update.Ref{ID: update.ID{GUID: guid.MustParse(id)}, KB: "KB5034122"}
	offered = protocol.Update{ID: id, Revision: 200, KB: "KB5034122", Title: "Cumulative (KB5034122)"}
)

// agent gives one answer, whatever is asked.
type agent struct {
	answer *protocol.Answer
	err    error
	asked  []protocol.Request
}

func (a *agent) Ask(_ context.Context, req protocol.Request) (*protocol.Answer, error) {
	a.asked = append(a.asked, req)
	return a.answer, a.err
}

// with gives the offered update with a change.
func with(change func(*protocol.Update)) *protocol.Update {
	u := offered
	change(&u)
	return &u
}

func failure(code hresult.Code) *protocol.Answer {
	return &protocol.Answer{Failure: &protocol.Failure{Step: protocol.Search, Call: "IUpdateSearcher.Search", Code: code}}
}

func result(outcome protocol.Outcome, code hresult.Code) *protocol.Result {
	return &protocol.Result{Outcome: outcome, Code: code}
}

func TestProve(t *testing.T) {
	whole := with(func(u *protocol.Update) { u.Downloaded = true })
	done := result(protocol.Succeeded, hresult.OK)
	for name, tt := range map[string]struct {
		answer *protocol.Answer
		want   proof.Verdict
		code   hresult.Code
		says   string
	}{
		"the search finds no file":        {failure(hresult.FileNotFound), proof.Failed, hresult.FileNotFound, "Search"},
		"the search has no network":       {failure(0x8024402C), proof.Unproven, 0x8024402C, "Search"},
		"there is no agent":               {failure(0x80004001), proof.Unproven, 0x80004001, "Search"},
		"no updates":                      {failure(0x80240024), proof.Unproven, 0x80240024, ""},
		"a network logon":                 {&protocol.Answer{Refused: &protocol.Refused{Reason: "from afar", Hint: "go there"}}, proof.Unproven, 0, "from afar; go there"},
		"not offered":                     {&protocol.Answer{Offered: 4}, proof.Unproven, 0, "not among the 4"},
		"a search alone":                  {&protocol.Answer{Offered: 1, Update: &offered}, proof.Unproven, 0, "not downloaded"},
		"installed meanwhile":             {&protocol.Answer{Update: with(func(u *protocol.Update) { u.Installed = true })}, proof.Proven, 0, "installed"},
		"an installation runs":            {&protocol.Answer{Busy: true, Update: &offered}, proof.Unproven, 0, "running"},
		"a licence":                       {&protocol.Answer{Update: with(func(u *protocol.Update) { u.Licence = true })}, proof.Unproven, 0, "licence"},
		"the error again":                 {&protocol.Answer{Update: &offered, Download: result(protocol.Failed, hresult.FileNotFound)}, proof.Failed, hresult.FileNotFound, "download failed"},
		"partly":                          {&protocol.Answer{Update: &offered, Download: result(protocol.SucceededWithErrors, hresult.PathNotFound)}, proof.Failed, hresult.PathNotFound, ""},
		"the server lacks a file":         {&protocol.Answer{Update: &offered, Download: result(protocol.Failed, 0x80190194)}, proof.Unproven, 0x80190194, "download failed"},
		"cancelled":                       {&protocol.Answer{Update: &offered, Download: result(protocol.Aborted, 0x8024000B)}, proof.Unproven, 0x8024000B, "cancelled"},
		"not ended":                       {&protocol.Answer{Update: &offered, Download: result(protocol.InProgress, 0)}, proof.Unproven, 0, "not ended"},
		"done, and not downloaded":        {&protocol.Answer{Update: &offered, Download: done}, proof.Unproven, 0, "not downloaded"},
		"downloaded, nobody looked":       {&protocol.Answer{Update: whole, Download: done}, proof.Unproven, 0, "not looked at"},
		"the installation fails":          {&protocol.Answer{Update: whole, Download: done, Install: result(protocol.Failed, hresult.FileNotFound)}, proof.Failed, hresult.FileNotFound, "installation failed"},
		"installed":                       {&protocol.Answer{Update: whole, Download: done, Install: done}, proof.Proven, 0, "installed"},
		"installed, a restart is awaited": {&protocol.Answer{Update: whole, Download: done, Install: &protocol.Result{Outcome: protocol.Succeeded, Restart: true}}, proof.Proven, 0, "restarted"},
	} {
		t.Run(name, func(t *testing.T) {
			p := wuaclient.Prover{Agent: &agent{answer: tt.answer}}
			got := p.Prove(t.Context(), []update.Ref{wanted})
			if got.Verdict != tt.want || got.Code != tt.code || !strings.Contains(got.Text, tt.says) {
				t.Errorf("%s; want %s with %s that says %q", got, tt.want, tt.code, tt.says)
			}
		})
	}
}

func TestProveAsks(t *testing.T) {
	a := &agent{answer: &protocol.Answer{Offered: 2}}
	p := wuaclient.Prover{Agent: a, Location: protocol.ManagedServer, Install: true}
	p.Prove(t.Context(), []update.Ref{wanted, {KB: "KB1111111", Title: "Other"}})
	got := p.Prove(t.Context(), nil)
	want := []protocol.Request{
		{Verb: protocol.Prove, Location: protocol.ManagedServer, ID: id, KB: "KB5034122", Install: true},
		{Verb: protocol.Prove, Location: protocol.ManagedServer, KB: "KB1111111", Title: "Other", Install: true},
		{Verb: protocol.Prove, Location: protocol.ManagedServer, Install: true},
	}
	if diff := cmp.Diff(want, a.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if got.Verdict != proof.Unproven || !strings.Contains(got.Text, "no update was named") {
		t.Errorf("without an update: %s", got)
	}
	a.answer, a.err = nil, wuaclient.ErrLate
	if got := p.Prove(t.Context(), []update.Ref{wanted}); got.Verdict != proof.Unproven || !strings.Contains(got.Text, "in time") {
		t.Errorf("a late agent: %s", got)
	}
}

// files makes evidence of an update's files, by path and state; "right" is one that was compared. What stands behind a
// colon in a path is the state in which the agent has it, 2 by itself.
func files(states map[string]string) *evidence.Set {
	b := evidence.NewBuilder()
	for path, state := range states {
		path, status, other := strings.Cut(path, ":")
		if !other {
			status = "2"
		}
		b.Add(evidence.Event{
			Kind: evidence.DatastoreFile, Update: wanted, Fields: map[string]string{evidence.Path: path, evidence.Status: status},
		})
		seen := map[string]string{evidence.Path: path, evidence.State: state}
		if state == "right" {
			seen[evidence.State], seen[evidence.SHA1] = evidence.Present, "da39a3ee5e6b4b0d3255bfef95601890afd80709"
		}
		b.Add(evidence.Event{Kind: evidence.FileState, Fields: seen})
	}
	b.Add(evidence.Event{
		Kind: evidence.DatastoreFile, Update: update.Ref{KB: "KB1111111"}, Fields: map[string]string{evidence.Path: "another update's"},
	})
	return b.Set()
}

func TestProveLooksAtTheFiles(t *testing.T) {
	answer := &protocol.Answer{
		Update: with(func(u *protocol.Update) { u.Downloaded = true }), Download: result(protocol.Succeeded, 0),
	}
	for name, tt := range map[string]struct {
		states map[string]string
		want   proof.Verdict
		files  int
		says   string
	}{
		"all right":       {map[string]string{"a": "right", "b": "right"}, proof.Proven, 2, "there and right"},
		"one is missing":  {map[string]string{"a": "right", "b": evidence.Absent}, proof.Failed, 1, "not there: b"},
		"no folder":       {map[string]string{"a": "right", "b": evidence.NoFolder}, proof.Failed, 1, "not there: b"},
		"missing alone":   {map[string]string{"b": evidence.Absent}, proof.Failed, 0, "not there: b"},
		"no folder alone": {map[string]string{"b": evidence.NoFolder}, proof.Unproven, 0, "not be compared: b"},
		"never fetched":   {map[string]string{"a": "right", "b:1": evidence.NoFolder}, proof.Proven, 1, "there and right"},
		"in doubt":        {map[string]string{"a": "right", "b:1": evidence.Absent}, proof.Unproven, 1, "not be compared: b"},
		"one is damaged":  {map[string]string{"a": "right", "b": evidence.Different}, proof.Failed, 1, "should be: b"},
		"one has no hash": {map[string]string{"a": "right", "b": evidence.Present}, proof.Unproven, 1, "not be compared: b"},
		"one is held":     {map[string]string{"a": "right", "b": evidence.Unknown}, proof.Unproven, 1, "not be compared: b"},
		"none is named":   {nil, proof.Unproven, 0, "does not name"},
	} {
		t.Run(name, func(t *testing.T) {
			p := wuaclient.Prover{
				Agent:  &agent{answer: answer},
				Gather: func(context.Context) (*evidence.Set, error) { return files(tt.states), nil },
			}
			got := p.Prove(t.Context(), []update.Ref{wanted})
			if got.Verdict != tt.want || got.Files != tt.files || !strings.Contains(got.Text, tt.says) {
				t.Errorf("%s, %d files; want %s, %d, that says %q", got, got.Files, tt.want, tt.files, tt.says)
			}
		})
	}
	p := wuaclient.Prover{
		Agent:  &agent{answer: answer},
		Gather: func(context.Context) (*evidence.Set, error) { return nil, errors.New("the disk is gone") },
	}
	if got := p.Prove(t.Context(), []update.Ref{wanted}); got.Verdict != proof.Unproven || !strings.Contains(got.Text, "disk is gone") {
		t.Errorf("nothing to look at: %s", got)
	}
}

func TestHistoryEvents(t *testing.T) {
	at := time.Date(2024, 1, 11, 2, 15, 9, 0, time.UTC)
	answer := &protocol.Answer{Total: 4, Attempts: []protocol.Attempt{
		{Number: 4, Time: at, ID: id, Revision: 200, Title: "Cumulative (KB5034122)", Operation: 1, Outcome: protocol.Failed, Code: 0x80240022, Unmapped: hresult.FileNotFound},
		{Number: 3, Time: at, Title: "Driver", Operation: 2, Outcome: protocol.Succeeded},
		{Number: 2, Outcome: protocol.InProgress},
		{Number: 1, Time: at, Operation: 9, Outcome: protocol.Aborted, Code: 0x8024000B},
	}}
	got := wuaclient.Events(answer)
	var rows []string
	for _, e := range got {
		rows = append(rows, strings.Join([]string{
			e.Field(evidence.Operation), e.Field(evidence.Result), e.Code.Hex(), string(e.Update.KB), e.Text,
		}, "|"))
	}
	want := []string{
		"install|failed|0x80070002|KB5034122|Cumulative (KB5034122) failed with 0x80070002 ERROR_FILE_NOT_FOUND",
		"uninstall|succeeded|0x00000000||Driver succeeded",
		"|cancelled|0x8024000B|| cancelled with 0x8024000B WU_E_CALL_CANCELLED",
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if s := got[0].Source; s != (evidence.Source{Path: wuaclient.HistorySource, Record: 4}) || got[0].Update.ID.Revision != 200 {
		t.Errorf("first event %+v", got[0])
	}
}
