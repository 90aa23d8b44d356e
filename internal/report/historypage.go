package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/term"
	"github.com/redx-update/redx/internal/update"
)

//go:embed historypage.html
var historyPage string

type pageData struct {
	Image    Image
	Attempts string // how many
	Entries  []pageEntry
	Failed   int
	Unread   []evidence.Unread
	Notes    []string
}

type pageEntry struct {
	Title, Time, Machine, Status, Mark, Class, Facts string
	Code                                             string
	Explanation                                      hresult.Explanation
	Sources                                          []pageSource
	Causes                                           []pageCause
}

// pageCause is a finding about the update of an entry.
type pageCause struct {
	Title, Sure, Detail string
	Missing, Next       []string
}

type pageSource struct{ Place, Time, Text string }

// HistoryPage writes a history as one self-contained page like Windows' "Review your update history": the red X opens
// what is behind it, the findings about that update first. It has no script and loads nothing.
func HistoryPage(
	w io.Writer, img Image, set *evidence.Set, entries []history.Entry, findings []doctor.Finding,
) error {
	t, err := template.New("history").Funcs(template.FuncMap{"prose": prose}).Parse(historyPage)
	if err != nil {
		return err
	}
	data := pageData{Image: img, Unread: set.Unread(), Notes: set.Notes()}
	for i := range entries {
		e := newPageEntry(&entries[i])
		if e.Class == string(update.Failed) {
			data.Failed++
			e.Causes = pageCauses(entries[i].Update, findings)
		}
		data.Entries = append(data.Entries, e)
	}
	data.Attempts = fmt.Sprintf("%d attempts", len(entries))
	if len(entries) == 1 {
		data.Attempts = "1 attempt"
	}
	return t.Execute(w, data)
}

func newPageEntry(e *history.Entry) pageEntry {
	out := pageEntry{
		Title: clip(entryTitle(e), 300), Time: strings.TrimSpace(entryTime(e)), Class: string(e.Result),
		Facts: term.Printable(updateText(e.Update)),
	}
	if !e.Time.IsZero() {
		out.Machine = evidence.FormatTime(e.Time, e.Local)
	}
	out.Status, out.Mark = pageStatus(e)
	if e.Code != hresult.OK {
		out.Code = e.Code.String()
	}
	if e.Result == update.Failed {
		out.Explanation = hresult.Explain(e.Code)
	}
	for _, p := range e.Proof {
		out.Sources = append(out.Sources, pageSource{
			Place: term.Printable(placeText(p.Source)), Time: strings.TrimPrefix(timeText(p), ", "), Text: clip(p.Text, 1000),
		})
	}
	return out
}

func pageCauses(u update.Ref, findings []doctor.Finding) []pageCause {
	var out []pageCause
	for i := range findings {
		f := &findings[i]
		if !f.Update.Same(u) {
			continue
		}
		c := pageCause{Title: clip(f.Title, 300), Sure: string(f.Confidence), Detail: f.Detail, Next: f.Next}
		for _, m := range f.Missing {
			c.Missing = append(c.Missing, m.Kind+" "+m.Name)
		}
		out = append(out, c)
	}
	return out
}

// prose marks the commands of a sentence, which stand in backquotes.
func prose(s string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(s, "`") {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String()) // every part of it is escaped above
}

// pageStatus says how an attempt ended, in words, and gives the mark that stands beside it.
func pageStatus(e *history.Entry) (status, mark string) {
	verb := map[update.Operation]string{update.Uninstall: "Uninstall", update.Install: "Install"}[e.Operation]
	if verb == "" {
		verb = "Attempt"
	}
	switch e.Result {
	case update.Failed:
		return verb + " failed", "✗"
	case update.Cancelled:
		return verb + " cancelled", "–"
	default:
		return verb + " succeeded", "✓"
	}
}
