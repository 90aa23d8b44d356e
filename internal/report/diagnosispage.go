package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/term"
)

//go:embed diagnosispage.html
var diagnosisPage string

type diagnosisData struct {
	Image       Image
	Verdict     string
	Bad         bool
	Causes      []diagnosisCause
	Unexplained []pageEntry
	Collect     []string
	Unread      []evidence.Unread
	Notes       []string
}

// diagnosisCause is a finding with what follows from it.
type diagnosisCause struct {
	Title, Class, Mark, Severity string
	Update, Detail, Turn, Sure   string
	Missing, Facts, Next, Codes  []string
	Catalog                      string
	Proof                        []pageSource
	Follows                      []diagnosisCause
}

// DiagnosisPage writes a diagnosis as one self-contained page: each cause with what is missing, what to do, and, closed
// at first, what proves it. It has no script and loads nothing.
func DiagnosisPage(w io.Writer, r *Result) error {
	t, err := template.New("diagnosis").Parse(diagnosisPage)
	if err != nil {
		return err
	}
	data := diagnosisData{
		Image: r.Image, Collect: r.Collect(), Unread: r.Set.Unread(), Notes: r.Set.Notes(),
		Bad: doctor.Worst(r.Findings) == doctor.Error, Causes: causesOf(r.Findings, nil),
	}
	for i := range r.Unexplained {
		data.Unexplained = append(data.Unexplained, newPageEntry(&r.Unexplained[i]))
	}
	data.Verdict = verdict(r, len(data.Causes))
	return t.Execute(w, data)
}

// verdict is the whole answer in a sentence.
func verdict(r *Result, causes int) string {
	switch {
	case causes == 1:
		return "One cause was found."
	case causes > 1:
		return fmt.Sprintf("%d causes were found.", causes)
	case len(r.Unexplained) > 0:
		return "Updates fail, and redx did not find why."
	case r.Unknown():
		return "Nothing here tells of " + term.Printable(r.By.Update) + ": no attempt to install it is on record."
	case len(r.Set.Unread()) > 0:
		return incomplete
	case len(r.Collect()) > 0:
		return lacking
	default:
		return "Nothing wrong found: " + nothingWrong(r)
	}
}

// causesOf gives the findings that follow from one, or, of nil, those that follow from none.
func causesOf(all []doctor.Finding, from *doctor.Finding) []diagnosisCause {
	var out []diagnosisCause
	for i := range all {
		f := &all[i]
		root := !isConsequence(f, all)
		if from == nil && !root || from != nil && (root || !slices.Contains(f.BecauseOf, from.ID)) {
			continue
		}
		c := newCause(f)
		if from == nil { // one level: what follows from a consequence is listed with it
			c.Follows = causesOf(all, f)
		}
		out = append(out, c)
	}
	return out
}

func newCause(f *doctor.Finding) diagnosisCause {
	c := diagnosisCause{
		Title: clip(f.Title, 300), Class: string(f.Severity), Severity: map[doctor.Severity]string{
			doctor.Error: "Problem", doctor.Warning: "Warning", doctor.Info: "Note",
		}[f.Severity],
		Mark:   map[doctor.Severity]string{doctor.Error: "✗", doctor.Warning: "!", doctor.Info: "i"}[f.Severity],
		Update: term.Printable(updateText(f.Update)), Detail: f.Detail, Turn: turnText(f.Turn),
		Sure: string(f.Confidence) + surer(f), Next: f.Next, Catalog: catalogPage(f),
	}
	for _, m := range f.Missing {
		c.Missing = append(c.Missing, term.Printable(m.Kind+" "+m.Name))
	}
	for _, file := range f.Files {
		if facts := fileFacts(file, f.Missing); facts != "" {
			c.Facts = append(c.Facts, term.Printable(facts))
		}
	}
	for _, code := range f.Codes {
		c.Codes = append(c.Codes, code.String())
	}
	for _, e := range f.Proof {
		c.Proof = append(c.Proof, pageSource{
			Place: term.Printable(placeText(e.Source)), Time: strings.TrimPrefix(timeText(e), ", "), Text: clip(e.Text, 1000),
		})
	}
	return c
}
