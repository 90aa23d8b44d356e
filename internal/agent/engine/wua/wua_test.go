package wua_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/engine/wua"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// scripted answers as it was told, and keeps what it was asked.
type scripted struct {
	answer protocol.Answer
	err    error
	asked  protocol.Request
}

func (s *scripted) Ask(_ context.Context, req protocol.Request) (*protocol.Answer, error) {
	s.asked = req
	return &s.answer, s.err
}

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func engine(s *scripted) *wua.Engine {
	return &wua.Engine{Agent: s, Location: protocol.ManagedServer, Now: func() time.Time { return now }}
}

const id = "5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"

var wanted = agent.Update{
	Ref: update.Ref{ID: update.ID{GUID: guid.MustParse(id), Revision: 200}, KB: "KB5034122", Title: "Cumulative"}, Action: agent.Install,
	Bytes: 7, Ready: true, MayRestart: true,
}

func TestScan(t *testing.T) {
	offered := protocol.Update{ID: id, Revision: 200, KB: "KB5034122", Title: "Cumulative", Downloaded: true, Bytes: 7, MayRestart: true}
	licence := protocol.Update{ID: guid.GUID{1}.String(), Title: "Terms", Licence: true}
	s := &scripted{answer: protocol.Answer{Updates: []protocol.Update{offered, licence}}}
	got, err := engine(s).Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := &agent.Scan{At: now, Location: "the organization's server", Updates: []agent.Update{wanted}, Undecided: []agent.Undecided{{
		Ref: update.Ref{ID: update.ID{GUID: guid.GUID{1}}, Title: "Terms"}, Rule: "licence", Why: "its terms are to be accepted in Windows' own settings",
	}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if s.asked.Verb != protocol.Offers || s.asked.Location != protocol.ManagedServer {
		t.Errorf("asked %+v", s.asked)
	}
}

// TestEnds: what the agent answers is a success, a failure of this computer, or nobody's ailment.
func TestEnds(t *testing.T) {
	done := &protocol.Result{Outcome: protocol.Succeeded}
	bad := func(c hresult.Code) *protocol.Result { return &protocol.Result{Outcome: protocol.Failed, Code: c} }
	u := &protocol.Update{ID: id}
	const server, missing = 0x80244019, 0x80070002
	for name, tt := range map[string]struct {
		answer protocol.Answer
		err    error
		stage  agent.Stage // of the failure; empty: none
		code   hresult.Code
		later  bool // nobody's ailment
	}{
		"installed":            {answer: protocol.Answer{Update: u, Download: done, Install: &protocol.Result{Outcome: protocol.Succeeded, Restart: true}}},
		"installed by now":     {answer: protocol.Answer{Update: &protocol.Update{Installed: true}}},
		"not offered any more": {answer: protocol.Answer{}, later: true},
		"busy":                 {answer: protocol.Answer{Update: u, Busy: true}, later: true},
		"terms to accept":      {answer: protocol.Answer{Update: &protocol.Update{Licence: true}}, later: true},
		"refused":              {answer: protocol.Answer{Refused: &protocol.Refused{Reason: "far away"}}, later: true},
		"a download that failed": {
			answer: protocol.Answer{Update: u, Download: bad(missing)}, stage: agent.Downloading, code: missing,
		},
		"a download that the server failed": {
			answer: protocol.Answer{Update: u, Download: bad(server)}, stage: agent.Downloading, code: server, later: true,
		},
		"an installation that failed": {
			answer: protocol.Answer{Update: u, Download: done, Install: bad(missing)}, stage: agent.Installing, code: missing,
		},
		"no installation at all": {answer: protocol.Answer{Update: u, Download: done}, stage: agent.Installing},
		"a search that failed": {
			answer: protocol.Answer{Failure: &protocol.Failure{Step: protocol.Search, Call: "Search", Code: 0x80240FFF}}, stage: agent.Scanning,
			code: 0x80240FFF,
		},
		"no answer": {err: protocol.ErrNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scripted{answer: tt.answer, err: tt.err}
			res, err := engine(s).Install(t.Context(), wanted)
			var f *agent.Failure
			if failed := errors.As(err, &f); failed != (tt.stage != "") || failed && (f.Stage != tt.stage || f.Code != tt.code || !f.Update.Same(wanted.Ref)) {
				t.Errorf("failure %+v of %v", f, err)
			}
			if errors.Is(err, agent.ErrUnreachable) != tt.later || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("error %v", err)
			}
			if (err == nil) != (tt.stage == "" && !tt.later && tt.err == nil) || res.RestartNeeded && tt.answer.Install == nil {
				t.Errorf("%+v, %v", res, err)
			}
			if !s.asked.Install || s.asked.ID != id || s.asked.KB != "KB5034122" {
				t.Errorf("asked %+v", s.asked)
			}
		})
	}
}

func TestDownload(t *testing.T) {
	s := &scripted{answer: protocol.Answer{Update: &protocol.Update{ID: id}, Download: &protocol.Result{Outcome: protocol.Succeeded}}}
	var last int64
	if err := engine(s).Download(t.Context(), wanted, func(done, _ int64) { last = done }); err != nil || last != wanted.Bytes || s.asked.Install {
		t.Errorf("%v, %d bytes, asked %+v", err, last, s.asked)
	}
}
