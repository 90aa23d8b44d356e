package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image/offline"
)

// Outcome is what a diagnosis of a scenario's image said, and how that differs from what the scenario expects.
type Outcome struct {
	Evidence *evidence.Set
	Findings []doctor.Finding
	Wrong    []string // one line each; empty when the report is as expected
}

// Run diagnoses the image of a scenario at dir, with the code that reads any other image.
func Run(ctx context.Context, s *Scenario, dir string) (*Outcome, error) {
	img, err := offline.Open(dir)
	if err != nil {
		return nil, err
	}
	defer img.Close()
	set, err := gather.Gather(ctx, img, gather.Options{})
	if err != nil {
		return nil, err
	}
	o := &Outcome{Evidence: set, Findings: doctor.Examine(set, check.All())}
	o.Wrong = compare(s.Expect, o.Findings)
	// What could not be read would make "nothing" an empty promise.
	for _, u := range set.Unread() {
		o.Wrong = append(o.Wrong, fmt.Sprintf("not read: %s: %s", u.Path, u.Reason))
	}
	return o, nil
}

func compare(want []Expectation, findings []doctor.Finding) []string {
	var wanted, got, wrong []string
	for _, w := range want {
		wanted = append(wanted, w.String())
	}
	for _, f := range findings {
		g := Expectation{Check: f.Check, Confidence: string(f.Confidence), KB: string(f.Update.KB)}
		if len(f.Missing) > 0 {
			g.Missing = f.Missing[0].Kind + " " + f.Missing[0].Name
		}
		got = append(got, g.String())
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.EqualFold(w, g) }) {
			wrong = append(wrong, "expected and not found: "+w)
		}
	}
	for _, g := range got {
		if !slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, g) }) {
			wrong = append(wrong, "found and not expected: "+g)
		}
	}
	return wrong
}
