package wua_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/wuaclient"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

const (
	jobA = "0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a01"
	jobB = "0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a02"
	jobC = "0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a03"
	user = "S-1-5-21-1-2-3-1001"
	name = "WU Client Download"
)

func own(id string) repair.Job {
	return repair.Job{ID: guid.MustParse(id), Name: name, Owner: "S-1-5-18"}
}

func ofUpdate(id string) fakeJob { return fakeJob{ID: id, Name: name, Owner: "S-1-5-18"} }

// TestQueueLists goes through the real COM to a transfer service of the test's own.
func TestQueueLists(t *testing.T) {
	a, b := ofUpdate(jobA), ofUpdate(jobB)
	mute, over := ofUpdate(jobC), ofUpdate(jobC)
	mute.NoOwner, over.State = 0x80070005, 7
	for what, tt := range map[string]struct {
		script script
		want   []repair.Job
		fails  bool
	}{
		"empty":                             {script{Queue: true}, nil, false},
		"among others":                      {script{Jobs: []fakeJob{{ID: jobC, Name: name, Owner: user}, a, {ID: jobC, Name: "Font", Owner: a.Owner}, b}}, []repair.Job{own(jobA), own(jobB)}, false},
		"one whose owner is not to be had":  {script{Jobs: []fakeJob{mute, a}}, []repair.Job{own(jobA)}, false},
		"one that has ended":                {script{Jobs: []fakeJob{over, a}}, []repair.Job{own(jobA)}, false},
		"another alphabet, and a long name": {script{Jobs: []fakeJob{{ID: jobC, Name: "Обновление № 1 — ✓", Owner: user}, a}}, []repair.Job{own(jobA)}, false},
		"the service denies it":             {script{Jobs: []fakeJob{a}, Enum: 0x80070005}, nil, true},
	} {
		t.Run(what, func(t *testing.T) {
			c, report := conversation(t, tt.script)
			got, err := wuaclient.Queue{Agent: c}.List(t.Context())
			if d := cmp.Diff(tt.want, got); d != "" || (err != nil) != tt.fails {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
			if s := report(); s.Leaked != 0 || s.Flags != 1 || len(s.Cancelled) > 0 {
				t.Errorf("%d objects were not released, flags %d, cancelled %q", s.Leaked, s.Flags, s.Cancelled)
			}
		})
	}
}

func TestQueueCancels(t *testing.T) {
	a := ofUpdate(jobA)
	denied, ended, stays := a, a, a
	denied.Cancel, ended.Cancel, ended.State, stays.Stays = 0x80070005, 0x80200002, 8, true
	for what, tt := range map[string]struct {
		jobs      []fakeJob
		cancelled []string
		fails     bool
	}{
		"cancelled":       {[]fakeJob{{ID: jobB, Name: "Font", Owner: user}, a}, []string{jobA}, false},
		"gone already":    {[]fakeJob{{ID: jobB, Name: "Font", Owner: user}}, nil, false},
		"ended already":   {[]fakeJob{ended}, nil, false},
		"denied":          {[]fakeJob{denied}, nil, true},
		"there still":     {[]fakeJob{stays}, []string{jobA}, true},
		"now a user's":    {[]fakeJob{{ID: jobA, Name: name, Owner: user}}, nil, true},
		"of another name": {[]fakeJob{{ID: jobA, Name: "Font", Owner: a.Owner}}, nil, true},
	} {
		t.Run(what, func(t *testing.T) {
			c, report := conversation(t, script{Jobs: tt.jobs})
			err := wuaclient.Queue{Agent: c}.Cancel(t.Context(), own(jobA))
			s := report()
			if d := cmp.Diff(tt.cancelled, s.Cancelled); d != "" || (err != nil) != tt.fails || s.Leaked != 0 {
				t.Errorf("%v, %d objects were not released, cancelled (-want +got):\n%s", err, s.Leaked, d)
			}
		})
	}
}

// The child cancels nothing for whoever asks it without the parent's own look.
func TestChildRefuses(t *testing.T) {
	for id, jobs := range map[string][]fakeJob{
		jobB:         {{ID: jobB, Name: "Font", Owner: user}},
		"no such id": {ofUpdate(jobA)},
	} {
		c, report := conversation(t, script{Queue: true, Jobs: jobs})
		answer, err := c.Ask(t.Context(), protocol.Request{Verb: protocol.CancelTransfer, ID: id})
		if err != nil || answer.Refused == nil || answer.Gone {
			t.Errorf("%s: %+v, %v", id, answer, err)
		}
		if s := report(); len(s.Cancelled) > 0 {
			t.Errorf("%s: cancelled %q", id, s.Cancelled)
		}
	}
}

// TestRealQueue asks the transfer service of the system, over COM from process to process.
func TestRealQueue(t *testing.T) {
	if os.Getenv("REDX_TEST_SERVICES") == "" {
		t.Skip("this starts the transfer service; to enable, set REDX_TEST_SERVICES=1")
	}
	c, _ := conversation(t, script{Real: true})
	jobs, err := wuaclient.Queue{Agent: c}.List(t.Context())
	t.Logf("%v, %v", jobs, err)
	if err != nil && strings.Contains(err.Error(), "REGDB_E_CLASSNOTREG") {
		t.Skip("the transfer service of this system does not start: a test of another package has put one of its own in its place")
	}
	if err != nil {
		t.Error(err)
	}
	if err := (wuaclient.Queue{Agent: c}).Cancel(t.Context(), own(jobA)); err != nil {
		t.Errorf("a job that is not there: %v", err)
	}
}
