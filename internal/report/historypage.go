package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

//go:embed historypage.html
var historyPage string

type pageData struct {
	Image   Image
	Entries []pageEntry
	Failed  int
	Unread  []evidence.Unread
	Notes   []string
}

type pageEntry struct {
	Title, Time, Machine, Status, Mark, Class, Facts string
	Code                                             string
	Explanation                                      hresult.Explanation
	Sources                                          []pageSource
}

type pageSource struct{ Place, Time, Text string }

// HistoryPage writes a history as one self-contained page like Windows' "Review your update history": the red X opens
// what is behind it. It has no script and loads nothing.
func HistoryPage(w io.Writer, img Image, set *evidence.Set, entries []history.Entry) error {
	t, err := template.New("history").Parse(historyPage)
	if err != nil {
		return err
	}
	data := pageData{Image: img, Unread: set.Unread(), Notes: set.Notes()}
	for i := range entries {
		e := newPageEntry(&entries[i])
		if e.Class == string(update.Failed) {
			data.Failed++
		}
		data.Entries = append(data.Entries, e)
	}
	return t.Execute(w, data)
}

func newPageEntry(e *history.Entry) pageEntry {
	out := pageEntry{
		Title: clip(entryTitle(e), 300), Time: strings.TrimSpace(entryTime(e)), Class: string(e.Result),
		Facts: updateText(e.Update),
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
			Place: placeText(p.Source), Time: strings.TrimPrefix(timeText(p), ", "), Text: clip(p.Text, 1000),
		})
	}
	return out
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
