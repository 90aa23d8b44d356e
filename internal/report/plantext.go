package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/term"
)

// rungTitles say what a step does.
var rungTitles = map[repair.Rung]string{
	repair.UpdateFolder:         "Move away the update's own download folder",
	repair.Download:             "Move away the whole download folder",
	repair.DataStore:            "Move away the update database; Windows makes it anew",
	repair.SoftwareDistribution: "Move away SoftwareDistribution, as KB 910336 has it",
	repair.Catroot2:             "Move away catroot2; Windows makes it anew",
}

// PlanText writes a plan for a person: the steps, what is left alone, what is advised.
func PlanText(w io.Writer, style term.Style, img Image, plan *repair.Plan, findings []doctor.Finding) error {
	p := &printer{w: w, style: style}
	p.head(img)
	p.planHead(plan, findings)
	for i := range plan.Steps {
		p.step(i+1, plan, &plan.Steps[i], findings)
	}
	for i, a := range plan.Last {
		p.printf("%d. At last, since it cannot be undone: %s\n\n", len(plan.Steps)+i+1, a)
	}
	for _, t := range plan.Turn {
		p.label("turn", clip(t, maxSentence))
	}
	for i, r := range plan.Refusals {
		p.label(labelOnce("refused", i), clip(r.Detail, maxSentence))
		p.label("", r.Reason.Hint())
	}
	if len(plan.Turn)+len(plan.Refusals) > 0 {
		p.printf("\n")
	}
	for i, a := range plan.Advice {
		p.literal(labelOnce("advice", i), p.style.Paint(term.Bold, clip(a.Command, maxSentence)))
		p.label("", "  risk: "+a.Risk)
	}
	for i, l := range plan.LeftAlone {
		p.label(labelOnce("left alone", i), clip(l.What+": "+l.Why, maxSentence))
	}
	if !plan.Checked && !plan.Empty() {
		p.label("note", "nothing but logs could be looked at: whether a restart is pending, the disk hibernated or a folder "+
			"redirected is not known, and neither are sizes")
	}
	return p.err
}

// maxSentence bounds what comes out of a log into one line of a plan.
const maxSentence = 600

func (p *printer) planHead(plan *repair.Plan, findings []doctor.Finding) {
	switch {
	case len(plan.Refusals) > 0:
		p.printf("%s\n\n", p.style.Paint(term.Red, "Nothing may be repaired now, and nothing has been changed."))
	case plan.Empty() && !plan.Article && doctor.Worst(findings) != doctor.Error:
		p.printf("%s\n\n", p.style.Paint(term.Green, "Nothing to repair."))
	case plan.Empty():
		p.printf("There is nothing that redx would repair.\n\n")
	case len(plan.Steps)+len(plan.Last) == 1:
		p.printf("The plan. Nothing has been changed.\n\n")
	default:
		p.printf("The plan. Nothing has been changed. A step is taken only when the one before did not help.\n\n")
	}
}

func (p *printer) step(n int, plan *repair.Plan, s *repair.Step, findings []doctor.Finding) {
	p.printf("%d. %s\n", n, p.style.Paint(term.Bold, rungTitles[s.Rung]))
	for i := range findings {
		for _, id := range s.BecauseOf {
			if findings[i].ID == id {
				p.label("because", clip(findings[i].Title, maxSentence))
			}
		}
	}
	for i, m := range s.Moves {
		p.literal(labelOnce("rename", i), m.Target.Path(plan.Root))
		p.literal("", "  to "+m.Copy.Path(plan.Root))
	}
	if len(s.Services) > 0 {
		p.label("services", strings.Join(s.Services, ", ")+": stopped meanwhile, then given back as they were")
	}
	p.label("costs", costs(s))
	p.label("undo", "possible; nothing is deleted")
	p.printf("\n")
}

func costs(s *repair.Step) string {
	parts := []string{"an unknown amount to download again"}
	if s.Download != repair.Unknown {
		parts[0] = fmt.Sprintf("%d bytes to download again", s.Download)
	}
	if s.Disk != repair.Unknown {
		parts = append(parts, fmt.Sprintf("%d bytes of disk", s.Disk))
	}
	if s.Restart {
		parts = append(parts, "a restart")
	} else {
		parts = append(parts, "no restart")
	}
	return strings.Join(parts, ", ")
}
