package report

import (
	"github.com/redx-update/redx/internal/repair"
)

// Plan is `redx repair --dry-run --json`; docs/json.md describes it. Fields are only added.
type Plan struct {
	Image     Image     `json:"image"`
	Article   bool      `json:"kb910336,omitempty"`
	Checked   bool      `json:"checked"`
	Steps     []Step    `json:"steps"`
	LeftAlone []Left    `json:"left_alone"`
	Advice    []Advice  `json:"advice"`
	Turn      []string  `json:"turn,omitempty"`
	Warnings  []string  `json:"warnings,omitempty"` // why what was asked for will not help
	Refusals  []Refusal `json:"refusals,omitempty"`
}

// Step is one rung in JSON. Sizes that are not known are left out.
type Step struct {
	Rung          repair.Rung `json:"rung"`
	BecauseOf     []string    `json:"because_of"`
	Touches       []Touch     `json:"touches"`
	DownloadBytes *int64      `json:"download_bytes,omitempty"`
	DiskBytes     *int64      `json:"disk_bytes,omitempty"`
	Restart       bool        `json:"restart"`
	Reversible    bool        `json:"reversible"`
}

// Touch is a folder that is renamed, or a service that is stopped meanwhile, in JSON.
type Touch struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	To   string `json:"to,omitempty"`
}

// Left is what is not touched, and why, in JSON.
type Left struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Advice is a command that redx does not run, in JSON.
type Advice struct {
	Command   string   `json:"command"`
	Risk      string   `json:"risk"`
	BecauseOf []string `json:"because_of"`
}

// Refusal is a reason not to touch anything, in JSON.
type Refusal struct {
	Reason repair.Reason `json:"reason"`
	Detail string        `json:"detail"`
	Hint   string        `json:"hint"`
}

// NewPlan puts a plan into its JSON form.
func NewPlan(img Image, p *repair.Plan) Plan {
	out := Plan{
		Image: img, Article: p.Article, Checked: p.Checked, Turn: p.Turn, Warnings: p.Warnings,
		Steps: []Step{}, LeftAlone: []Left{}, Advice: []Advice{},
	}
	for i := range p.Steps {
		out.Steps = append(out.Steps, newStep(p.Root, &p.Steps[i]))
	}
	for _, a := range p.Last {
		out.Steps = append(out.Steps, Step{
			Rung: repair.TransferJobs, BecauseOf: append([]string{}, p.LastBecause...), Touches: []Touch{{Kind: "transfer-jobs", Name: a.String()}},
		})
	}
	for _, l := range p.LeftAlone {
		out.LeftAlone = append(out.LeftAlone, Left(l))
	}
	for _, a := range p.Advice {
		out.Advice = append(out.Advice, Advice(a))
	}
	for _, r := range p.Refusals {
		out.Refusals = append(out.Refusals, Refusal{r.Reason, r.Detail, r.Reason.Hint()})
	}
	return out
}

func newStep(root repair.Root, s *repair.Step) Step {
	out := Step{
		Rung: s.Rung, BecauseOf: append([]string{}, s.BecauseOf...), Touches: []Touch{}, DownloadBytes: known(s.Download),
		DiskBytes: known(s.Disk), Restart: s.Restart, Reversible: s.Reversible(),
	}
	for _, m := range s.Moves {
		out.Touches = append(out.Touches, Touch{"folder", m.Target.Path(root), m.Copy.Path(root)})
	}
	for _, name := range s.Services {
		out.Touches = append(out.Touches, Touch{Kind: "service", Name: name})
	}
	return out
}

func known(b repair.Bytes) *int64 {
	if b == repair.Unknown {
		return nil
	}
	n := int64(b)
	return &n
}
