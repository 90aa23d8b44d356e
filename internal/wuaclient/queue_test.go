package wuaclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/wuaclient"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// enumerator is a transfer service that answers as it was told to.
type enumerator struct {
	answer protocol.Answer
	err    error
	asked  []protocol.Request
}

func (e *enumerator) Ask(_ context.Context, req protocol.Request) (*protocol.Answer, error) {
	e.asked = append(e.asked, req)
	return &e.answer, e.err
}

const (
	jobA = "0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a01"
	jobB = "0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a02"
)

func TestQueueLists(t *testing.T) {
	const name, system = "WU Client Download", "S-1-5-18"
	denied := errors.New("denied")
	for what, tt := range map[string]struct {
		enumerator enumerator
		want       []string
		fails      string
	}{
		"an empty queue": {},
		"own among others": {enumerator{answer: protocol.Answer{Transfers: []protocol.Transfer{
			{ID: jobB, Name: name, Owner: "S-1-5-21-1-2-3-1001"},
			{ID: jobA, Name: name, Owner: system},
			{ID: jobB, Name: "Font Download", Owner: system},
			{ID: jobB, Name: name},
			{ID: jobB, Owner: system},
		}}}, []string{jobA}, ""},
		"two of its own":                  {enumerator{answer: protocol.Answer{Transfers: []protocol.Transfer{{ID: jobA, Name: name, Owner: system}, {ID: "{" + strings.ToUpper(jobB) + "}", Name: name, Owner: system}}}}, []string{jobA, jobB}, ""},
		"an identity that is none":        {enumerator{answer: protocol.Answer{Transfers: []protocol.Transfer{{ID: "0c44", Name: name, Owner: system}}}}, nil, ""},
		"nobody answers":                  {enumerator{err: denied}, nil, "denied"},
		"the service fails":               {enumerator{answer: protocol.Answer{Failure: &protocol.Failure{Call: "IBackgroundCopyManager.EnumJobs", Code: 0x80070005}}}, nil, "0x80070005"},
		"the child refuses":               {enumerator{answer: protocol.Answer{Refused: &protocol.Refused{Reason: "not here"}}}, nil, "not here"},
		"a failure behind jobs that came": {enumerator{answer: protocol.Answer{Transfers: []protocol.Transfer{{ID: jobA, Name: name, Owner: system}}, Failure: &protocol.Failure{Call: "x", Code: 0x80070005}}}, nil, "0x80070005"},
	} {
		jobs, err := wuaclient.Queue{Agent: &tt.enumerator}.List(t.Context())
		var got []string
		for _, j := range jobs {
			got = append(got, j.ID.String())
		}
		if d := cmp.Diff(tt.want, got); d != "" || (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: %v (-want +got):\n%s", what, err, d)
		}
	}
}

func TestQueueCancels(t *testing.T) {
	own := repair.Job{ID: guid.MustParse(jobA), Name: "WU Client Download", Owner: "S-1-5-18"}
	for what, tt := range map[string]struct {
		job   repair.Job
		said  protocol.Answer
		asked int
		fails bool
	}{
		"gone":                  {own, protocol.Answer{Gone: true}, 1, false},
		"there still":           {own, protocol.Answer{}, 1, true},
		"access denied":         {own, protocol.Answer{Failure: &protocol.Failure{Call: "IBackgroundCopyJob.Cancel", Code: 0x80070005}}, 1, true},
		"another's":             {repair.Job{ID: own.ID, Name: own.Name, Owner: "S-1-5-20"}, protocol.Answer{Gone: true}, 0, true},
		"another of the system": {repair.Job{ID: own.ID, Name: "Font Download", Owner: own.Owner}, protocol.Answer{Gone: true}, 0, true},
	} {
		e := &enumerator{answer: tt.said}
		if err := (wuaclient.Queue{Agent: e}).Cancel(t.Context(), tt.job); (err != nil) != tt.fails || len(e.asked) != tt.asked {
			t.Errorf("%s: %v, asked %+v", what, err, e.asked)
		}
		for _, req := range e.asked {
			if req.Verb != protocol.CancelTransfer || req.ID != jobA {
				t.Errorf("%s: asked %+v", what, req)
			}
		}
	}
}
