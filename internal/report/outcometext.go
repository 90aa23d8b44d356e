package report

import (
	"io"
	"slices"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/term"
)

// outcomes say how it ended.
var outcomes = map[session.State]struct {
	attr term.Attr
	text string
}{
	session.Proven:     {term.Green, "Done, and proven: the update came again."},
	session.Failing:    {term.Red, "All steps were done, and the error is still there."},
	session.RolledBack: {term.Red, "It could not be done. Everything is as it was before."},
	session.Waiting:    {term.Yellow, "Windows renames what is held when it starts next; redx goes on by itself then."},
	session.Open:       {term.Red, "It is neither done nor taken back."},
	session.Partly:     {term.Red, "Not all of it could be done. The transfer jobs that were cancelled stay cancelled."},
	session.Undone:     {term.Green, "Taken back. The folders have their names again."},
	"nothing":          {"", "There is nothing to do."},
	"purged":           {"", "There is nothing to take back: what the repair had put aside was deleted by redx repair purge."},
	"":                 {term.Red, "Nothing was changed."},
}

// OutcomeText writes for a person how a repair, or the undoing of one, went.
func OutcomeText(w io.Writer, style term.Style, out Outcome) error {
	p := &printer{w: w, style: style}
	o := outcomes[out.State]
	if out.State == session.Unproven {
		o.attr, o.text = term.Yellow, unproven(out.Image.Kind)
	}
	if out.Verb == "resume" && len(out.Recovered) == 0 {
		o.attr, o.text = "", "There is nothing to resume."
	}
	p.printf("%s\n\n", p.paint(o.attr, o.text))
	for i, s := range out.Steps {
		p.tried(i+1, s)
	}
	p.kept(out.Kept, out.KeptBytes)
	if out.Undo != "" {
		p.literal("undo", out.Undo)
		p.literal("free", out.Purge)
	}
	p.further(out)
	return p.err
}

func unproven(kind image.Kind) string {
	if kind == image.Offline {
		return "Done. That the update comes again, only that Windows can prove: start it, and let it search."
	}
	return "Done. Nobody has seen yet that it helped: search for updates again."
}

// further is step 6 of KB 910336: what is left to do for an error that no step has ended. It is not the same again.
func (p *printer) further(out Outcome) {
	if out.State != session.Failing {
		return
	}
	for _, s := range out.Steps {
		if s.Proof != nil && s.Proof.Code != "" {
			p.literal("next", "redx explain "+s.Proof.Code)
			return
		}
	}
	p.literal("next", "redx diagnose")
}

func (p *printer) tried(n int, s Tried) {
	p.printf("%d. %s: %s (journal %s)\n", n, rungTitles[s.Rung], s.State, s.Journal)
	for i, t := range s.Touches {
		if t.To == "" {
			p.literal(labelOnce("cancelled", i), t.Name)
			continue
		}
		p.literal(labelOnce("folder", i), t.Name)
		p.literal("", "  to "+t.To)
	}
	if s.Proof != nil {
		p.label("proof", clip(string(s.Proof.Verdict)+": "+s.Proof.Text, maxSentence))
	}
	p.printf("\n")
}

func (p *printer) kept(kept []Kept, sum *int64) {
	for i, k := range kept {
		of := "of unknown size"
		if k.Bytes != nil {
			of = size(*k.Bytes)
		}
		p.literal(labelOnce("kept", i), k.Path+", "+of)
	}
	if len(kept) > 1 && sum != nil {
		p.label("", size(*sum)+" in all")
	}
}

// StatusText writes for a person how the repairs of a Windows stand.
func StatusText(w io.Writer, style term.Style, st Status, flags string) error {
	p := &printer{w: w, style: style}
	p.head(st.Image, "")
	if len(st.Steps) == 0 && st.Error == "" {
		p.printf("Nothing has been repaired here.\n")
	}
	for i, s := range st.Steps {
		p.standing(i+1, s)
	}
	p.kept(st.Kept, st.KeptBytes)
	switch st.State {
	case "open":
		p.literal("next", "redx repair resume"+flags)
		p.literal("", "redx repair undo"+flags)
	case "waits-for-restart":
		p.label("next", "restart that Windows; redx goes on by itself then")
	}
	return p.err
}

func (p *printer) standing(n int, s Standing) {
	switch {
	case s.Kind == journal.Undo && s.State == "undone":
		p.printf("%d. Taken back: %s\n", n, rungTitles[s.Rung])
	case s.Kind == journal.Undo:
		p.printf("%d. Take back: %s: %s\n", n, rungTitles[s.Rung], s.State)
	default:
		p.printf("%d. %s: %s\n", n, rungTitles[s.Rung], s.State)
	}
	if s.Verdict != "" {
		p.label("proof", s.Verdict)
	}
	for i, c := range s.Checks {
		text := "yes: " + c.What
		if !c.OK {
			text = "NO: " + c.What + ": " + c.Seen
		}
		p.literal(labelOnce("verified", i), clip(text, maxSentence))
	}
	p.printf("\n")
}

// PurgedText writes for a person what was deleted and what is left.
func PurgedText(w io.Writer, style term.Style, out Purged) error {
	p := &printer{w: w, style: style}
	for i, k := range out.Deleted {
		p.literal(labelOnce("deleted", i), k.Path)
	}
	p.kept(out.Kept, out.KeptBytes)
	if out.FreedBytes != nil && len(out.Deleted) > 0 {
		p.label("freed", size(*out.FreedBytes))
	}
	if slices.ContainsFunc(out.Deleted, func(k Kept) bool { return !k.Proven }) {
		p.label("note", "nobody has seen yet whether the repair has helped: start that Windows and let it search for updates. Until it has, "+
			"redx diagnose finds missing what was missing before, and another repair brings nothing")
	}
	return p.err
}
