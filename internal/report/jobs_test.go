package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/term"
)

// TestTransferJobs names what cannot be undone in the plan, in what was done, and in the status, as text and in JSON.
func TestTransferJobs(t *testing.T) {
	plan := &repair.Plan{Checked: true, Last: []repair.Irreversible{repair.CancelJobs{}}, LastBecause: []string{"q"}}
	o := &Proposal{Result: &Result{Findings: []doctor.Finding{{ID: "q", Title: "the queue is damaged"}}}, Plan: plan}
	job := repair.Job{ID: guid.MustParse("0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a01"), Name: "WU Client Download"}
	res := session.Result{State: session.Partly, Steps: []session.Done{{
		Rung: repair.TransferJobs, Journal: "00001.jsonl", Jobs: []repair.Job{job}, Outcome: run.Partly,
	}}}
	out := NewOutcome(Image{}, "repair", repair.Root{}, res, nil, "", nil)
	st := NewStatus(Image{}, session.Status{State: "done-in-part", Steps: []session.Standing{{
		Rung: repair.TransferJobs, Kind: journal.Cancel, State: "done-in-part",
		Checks: []session.Check{{What: "transfer job is cancelled, which cannot be undone", OK: true}},
	}}}, nil)
	var text strings.Builder
	for _, err := range []error{
		PlanText(&text, term.Style{Width: 120}, o), OutcomeText(&text, term.Style{Width: 120}, out), StatusText(&text, term.Style{Width: 120}, st, ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"At last: Cancel Windows Update's own transfer jobs", "because    the queue is damaged", "undo       not possible",
		"The transfer jobs that were cancelled stay cancelled", "cancelled  0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a01 (WU Client Download)",
		"yes: transfer job is cancelled, which cannot be undone",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
	step := Step{
		Rung: repair.TransferJobs, BecauseOf: []string{"q"},
		Touches: []Touch{{Kind: "transfer-jobs", Name: "cancel the BITS jobs of Windows Update"}},
	}
	if d := cmp.Diff([]Step{step}, NewPlan(Image{}, plan).Steps); d != "" {
		t.Errorf("the plan's steps (-want +got):\n%s", d)
	}
}
