package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/term"
)

//go:embed diagnosispage.html
var diagnosisPage string

type diagnosisData struct {
	Image       Image
	Kind, Made  string // what was looked at; by which redx and when the page was made
	Masked      string
	Verdict     string
	Known       string
	Paths       string
	Bad         bool
	Causes      []diagnosisCause
	Unexplained []pageEntry
	Upgrades    []pageSource
	Codes       string
	Collect     []string
	Unread      []evidence.Unread
	Notes       []string
}

// diagnosisCause is a finding with what follows from it.
type diagnosisCause struct {
	Title, Class, Mark, Severity string
	Update, Detail, Turn, Sure   string
	Missing, Codes               []string
	Files                        []diagnosisFile
	Next                         []NextGroup
	Worked, Again                string
	Catalog, CatalogKB           string
	Proof                        []pageSource
	Follows                      []diagnosisCause
}

// diagnosisFile is a file with what is known of it.
type diagnosisFile struct {
	Path  string
	Facts []string
}

// DiagnosisPage writes a diagnosis as one self-contained page: each cause with what is missing, what to do, and, closed
// at first, what proves it. It has no script and loads nothing.
// By is the version of redx that found it.
func DiagnosisPage(w io.Writer, r *Result, by string, made time.Time) error {
	t, err := template.New("diagnosis").Parse(diagnosisPage)
	if err != nil {
		return err
	}
	data := diagnosisData{
		Image: r.Image, Collect: r.Collect(), Unread: r.Set.Unread(), Notes: r.Set.Notes(),
		Bad: doctor.Worst(r.Findings) == doctor.Error, Causes: causesOf(r.Findings, nil, r.Image), Kind: kindText(r.Image),
		Made: by + " on " + made.UTC().Format("2006-01-02 15:04 UTC"),
	}
	data.Known, data.Paths = term.Printable(r.Image.known()), r.paths()
	if r.Set.Machine.Masked {
		data.Masked = maskedNames
	}
	for _, e := range r.Upgrades {
		data.Upgrades = append(data.Upgrades, pageSource{Place: placeText(e.Source), Time: strings.TrimPrefix(timeText(e), ", "), Text: upgradeCode(e)})
	}
	if verdict, _ := r.Nothing(); verdict != "" {
		data.Codes = r.codesHint()
	}
	for i := range r.Unexplained {
		data.Unexplained = append(data.Unexplained, newPageEntry(&r.Unexplained[i]))
	}
	if i := slices.IndexFunc(r.Findings, func(f doctor.Finding) bool { return !isConsequence(&f, r.Findings) }); i >= 0 {
		data.Causes[0].Worked, data.Causes[0].Again = r.worked(&r.Findings[i])
	}
	data.Verdict = verdict(r, len(data.Causes))
	return t.Execute(w, data)
}

// verdict is the whole answer in a sentence.
func verdict(r *Result, causes int) string {
	nothing, _ := r.Nothing()
	switch {
	case causes == 1:
		return "One cause was found."
	case causes > 1:
		return fmt.Sprintf("%d causes were found.", causes)
	case nothing == "":
		return "Updates fail, and redx did not find why."
	}
	return term.Printable(nothing)
}

// causesOf gives the findings that follow from one, or, of nil, those that follow from none.
func causesOf(all []doctor.Finding, from *doctor.Finding, img Image) []diagnosisCause {
	var out []diagnosisCause
	for i := range all {
		f := &all[i]
		root := !isConsequence(f, all)
		if from == nil && !root || from != nil && (root || !slices.Contains(f.BecauseOf, from.ID)) {
			continue
		}
		c := newCause(f, img)
		if from == nil { // one level: what follows from a consequence is listed with it
			c.Follows = causesOf(all, f, img)
		}
		out = append(out, c)
	}
	return out
}

func newCause(f *doctor.Finding, img Image) diagnosisCause {
	c := diagnosisCause{
		Title: clip(f.Title, 300), Class: string(f.Severity), Severity: map[doctor.Severity]string{
			doctor.Error: "Problem", doctor.Warning: "Warning", doctor.Info: "Note",
		}[f.Severity],
		Mark:   map[doctor.Severity]string{doctor.Error: "✗", doctor.Warning: "!", doctor.Info: "i"}[f.Severity],
		Update: term.Printable(updateText(f.Update)), Detail: f.Detail, Turn: turnText(f.Turn),
		Sure: string(f.Confidence) + surer(f), Next: nextGroups(f.Next, img),
	}
	kb, page := catalogPage(f)
	c.Catalog, c.CatalogKB = page, string(kb)
	for _, m := range f.Missing {
		c.Missing = append(c.Missing, term.Printable(m.Kind+" "+m.Name))
	}
	for _, file := range f.Files {
		path, facts := fileFacts(file, f.Missing)
		if path == "" && len(facts) > 0 {
			path = fileName(file)
		}
		if path == "" {
			continue
		}
		shown := diagnosisFile{Path: term.Printable(path)}
		for _, fact := range facts {
			shown.Facts = append(shown.Facts, term.Printable(fact))
		}
		c.Files = append(c.Files, shown)
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

// fileName is the last element of a file's path or address.
func fileName(f doctor.File) string {
	s := cmp.Or(f.Path, f.URL)
	return s[strings.LastIndexAny(s, `\/`)+1:]
}
