package session_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/update"
)

// TestOnlyItsOwnUpdatesProveAStep: another update that fails too is nothing that the step could have helped.
func TestOnlyItsOwnUpdatesProveAStep(t *testing.T) {
	s := newSession(computer(true))
	prover := &scripted{verdicts: []proof.Verdict{proof.Proven}}
	s.Prover = prover
	w := wish(t, s)
	w.Findings = append(w.Findings, doctor.Finding{
		ID: "other", Check: "component-payload-missing", Severity: doctor.Error, Confidence: doctor.Proven, Update: update.Ref{KB: "KB5029244"},
	})
	if res, err := s.Repair(t.Context(), w); err != nil || res.State != session.Proven {
		t.Fatalf("got %+v, %v", res, err)
	}
	if diff := cmp.Diff([]update.Ref{{KB: "KB5031455"}}, prover.about); diff != "" {
		t.Errorf("the prover was asked for, -want +got:\n%s", diff)
	}
}
