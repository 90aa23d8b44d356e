package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/term"
)

// Colour is added to a plan, and takes nothing away.
func TestPlanInColour(t *testing.T) {
	step := repair.Step{Rung: repair.Download, Moves: []repair.Move{{Target: repair.Target{Rung: repair.Download}, Copy: repair.Copy{Of: repair.Target{Rung: repair.Download}, N: 1}}}}
	for name, plan := range map[string]*repair.Plan{
		"steps": {
			Checked: true, Steps: []repair.Step{step}, Last: []repair.Irreversible{repair.CancelJobs{}},
			Warnings: []string{strings.Repeat("this does not help with that ", 5)}, Advice: []repair.Advice{{Command: "sfc /scannow", Risk: "none"}},
		},
		"refused": {Checked: true, Refusals: []repair.Refusal{{Reason: repair.RestartPending, Detail: "a restart is pending"}}},
		"nothing": {Checked: true},
	} {
		show := func(colour bool) string {
			var out strings.Builder
			o := &Proposal{Result: &Result{Set: evidence.NewBuilder().Set()}, Plan: plan}
			if err := PlanText(&out, term.Style{Width: 80, Colour: colour}, o); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
		plain, coloured := show(false), show(true)
		if plain == coloured {
			t.Errorf("%s: there is no colour", name)
		}
		bare := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured, "")
		if diff := cmp.Diff(plain, bare); diff != "" {
			t.Errorf("%s: without its colours (-plain +coloured):\n%s", name, diff)
		}
	}
}
