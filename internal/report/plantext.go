package report

import (
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/term"
)

// rungTitles say what a step does.
var rungTitles = map[repair.Rung]string{
	repair.UpdateFolder:         "Move away the update's own download folder",
	repair.Download:             "Move away the whole download folder",
	repair.DataStore:            "Move away the update database; Windows makes it anew",
	repair.SoftwareDistribution: "Move away SoftwareDistribution, as KB 910336 has it",
	repair.Catroot2:             "Move away catroot2; Windows makes it anew",
	repair.TransferJobs:         "Cancel Windows Update's own transfer jobs",
}

// Proposal is a plan as it is shown, with what it was made of.
type Proposal struct {
	*Result
	Plan   *repair.Plan
	DryRun bool           // it is only shown
	Kept   []session.Kept // what earlier repairs have put aside
	Flags  string         // names the installation in the commands that are suggested
}

// PlanText writes a plan for a person: the steps, what is left alone, what is advised.
func PlanText(w io.Writer, style term.Style, o *Proposal) error {
	p, plan := &printer{w: w, style: style}, o.Plan
	p.head(o.Image, "")
	p.planHead(o)
	for i, t := range plan.Warnings {
		for k, line := range term.Wrap(clip(t, maxSentence), p.style.Width-labelWidth-3) {
			p.literal(labelOnce("warning", i+k), p.paint(term.Yellow, line))
		}
	}
	if len(plan.Warnings) > 0 {
		p.printf("\n")
	}
	for i := range plan.Steps {
		p.step(i+1, plan, &plan.Steps[i], o.Findings)
	}
	if len(plan.Last) > 0 {
		p.last(len(plan.Steps)+1, plan, o.Findings)
	}
	p.instead(o)
	p.advised(plan)
	if !plan.Checked && !plan.Empty() {
		p.label("note", "nothing but logs could be looked at: whether a restart is pending, the disk hibernated or a folder "+
			"redirected is not known, and sizes only as far as they stand in the logs")
	}
	return p.err
}

// instead says what is to be done where it is not redx's to do.
func (p *printer) instead(o *Proposal) {
	plan := o.Plan
	for _, t := range plan.Turn {
		p.label("whose job", clip(t, maxSentence))
	}
	for i, r := range plan.Refusals {
		p.label(labelOnce("refused", i), clip(r.Detail, maxSentence))
		p.label("", r.Reason.Hint())
	}
	if plan.Empty() && len(plan.Refusals) == 0 {
		p.earlier(o)
		p.unexplained(o.Unexplained)
		p.unread(o.Set)
	}
	if len(plan.Turn)+len(plan.Refusals) > 0 {
		p.printf("\n")
	}
}

// earlier names what a repair has put aside already: that Windows has yet to get it again.
func (p *printer) earlier(o *Proposal) {
	var at []session.Kept
	for _, k := range o.Kept {
		if !k.Proven {
			at = append(at, k)
		}
	}
	for i, k := range at {
		p.literal(labelOnce("put aside", i), k.Path)
	}
	if len(at) == 0 {
		return
	}
	p.label("next", "start that Windows, if it does not run, and let it search for updates; it gets anew what was put aside")
	p.literal("undo", "redx repair undo"+o.Flags)
	p.printf("\n")
}

// advised lists what redx does not do.
func (p *printer) advised(plan *repair.Plan) {
	for i, a := range plan.Advice {
		p.literal(labelOnce("advice", i), p.paint(term.Bold, clip(a.Command, maxSentence)))
		p.label("", "  risk: "+a.Risk)
	}
	for i, l := range plan.LeftAlone {
		p.label(labelOnce("left alone", i), clip(l.What+": "+l.Why, maxSentence))
	}
}

// maxSentence bounds what comes out of a log into one line of a plan.
const maxSentence = 600

func (p *printer) planHead(o *Proposal) {
	plan := o.Plan
	switch {
	case len(plan.Refusals) > 0:
		p.printf("%s\n\n", p.paint(term.Red, "Nothing may be repaired now, and nothing has been changed."))
	case plan.Empty() && !plan.Article && doctor.Worst(o.Findings) != doctor.Error && len(o.Unexplained)+len(o.Set.Unread()) == 0:
		p.printf("%s\n\n", p.paint(term.Green, "Nothing to repair."))
	case plan.Empty():
		p.printf("There is nothing that redx would repair.\n\n")
	default:
		p.printf("The plan.%s%s\n\n", onlyShown(o.DryRun), order(o))
	}
}

func onlyShown(dryRun bool) string {
	if dryRun {
		return " Nothing has been changed."
	}
	return ""
}

// order says when the later steps come, if there are any.
func order(o *Proposal) string {
	switch {
	case len(o.Plan.Steps)+len(o.Plan.Last) == 1:
		return ""
	case o.Image.Kind == image.Offline:
		return " Only the first step is done now: whether it helped, only that Windows can tell; the next is for when it did not."
	}
	return " A step is taken only when the one before did not help."
}

func (p *printer) step(n int, plan *repair.Plan, s *repair.Step, findings []doctor.Finding) {
	p.printf("%d. %s\n", n, p.paint(term.Bold, rungTitles[s.Rung]))
	p.because(s.BecauseOf, findings)
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

func (p *printer) because(ids []string, findings []doctor.Finding) {
	for i := range findings {
		if slices.Contains(ids, findings[i].ID) {
			p.label("because", clip(findings[i].Title, maxSentence))
		}
	}
}

// last is what comes last since it cannot be undone.
func (p *printer) last(n int, plan *repair.Plan, findings []doctor.Finding) {
	p.printf("%d. At last: %s\n", n, p.paint(term.Bold, rungTitles[repair.TransferJobs]))
	p.because(plan.LastBecause, findings)
	p.label("jobs", "Windows Update's own in the queue of BITS; those of other programs are left alone")
	p.label("costs", "what they have fetched so far must be downloaded again, no restart")
	p.label("undo", "not possible: a job that was cancelled does not come back")
	p.printf("\n")
}

// size is a number of bytes for people.
func size[T ~int64](n T) string { return humanize.Bytes(uint64(max(n, 0))) }

func costs(s *repair.Step) string {
	parts := []string{"an unknown amount to download again"}
	if s.Download != repair.Unknown {
		parts[0] = size(s.Download) + " to download again"
	}
	if s.Disk != repair.Unknown {
		parts = append(parts, size(s.Disk)+" of disk")
	}
	if s.Restart {
		parts = append(parts, "a restart")
	} else {
		parts = append(parts, "no restart")
	}
	return strings.Join(parts, ", ")
}
