package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/term"
	"github.com/redx-update/redx/internal/update"
)

// HistoryText writes a history as a table for a person, failed entries marked X with code and symbol; hidden entries
// are those that were not asked for.
func HistoryText(w io.Writer, style term.Style, img Image, set *evidence.Set, entries []history.Entry, hidden int) error {
	p := &printer{w: w, style: style, image: img}
	p.head(img, "")
	p.masked(set)
	for i := range entries {
		p.entry(&entries[i])
	}
	switch {
	case len(entries) == 0 && hidden > 0:
		p.printf("No such entry; %s without --since, --update and --failed.\n", counted(hidden, "there is 1", "there are %d"))
	case len(entries) == 0:
		p.printf("No update history to show.\n")
	}
	p.printf("\n")
	p.unread(set)
	return p.err
}

func (p *printer) entry(e *history.Entry) {
	mark, attr := " ", term.Attr("")
	switch e.Result {
	case update.Failed:
		mark, attr = "X", term.Red
	case update.Cancelled:
		mark = "-"
	}
	line := fmt.Sprintf("%s  %-*s  %s", mark, timeWidth, entryTime(e), clip(entryTitle(e), 2*p.style.Width))
	p.printf("%s\n", p.paint(attr, line))
	var facts []string
	if e.Operation == update.Uninstall {
		facts = append(facts, "uninstallation")
	}
	if e.Result == update.Failed {
		facts = append(facts, "failed: "+e.Code.String())
	} else if e.Result == update.Cancelled {
		facts = append(facts, "cancelled")
	}
	facts = append(facts, "in "+sourceNames(e.Sources))
	p.printf("%s\n", p.paint(term.Dim, strings.Repeat(" ", timeWidth+5)+strings.Join(facts, ", ")))
}

// timeWidth is the width of the longest entryTime.
const timeWidth = 22

func entryTime(e *history.Entry) string {
	switch {
	case e.Time.IsZero():
		return "time unknown"
	case e.Local:
		return e.Time.Format("2006-01-02 15:04 local")
	default:
		return e.Time.UTC().Format("2006-01-02 15:04 UTC")
	}
}

func entryTitle(e *history.Entry) string {
	if e.Update.Title != "" {
		return e.Update.Title
	}
	return updateText(e.Update)
}

func sourceNames(sources []evidence.Source) string {
	var names []string
	seen := map[string]bool{}
	for _, s := range sources {
		name := s.Path[strings.LastIndexAny(s.Path, `\/`)+1:]
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// HistoryCSV writes one line an entry, with a heading; times as in the JSON form.
func HistoryCSV(w io.Writer, entries []history.Entry) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"time", "local", "result", "operation", "kb", "title", "id", "revision", "code", "symbol", "sources"})
	for i := range entries {
		e := newEntry(&entries[i])
		u := e.Update
		if u == nil {
			u = &Update{}
		}
		id, revision := "", ""
		if u.ID != nil {
			id, revision = u.ID.String(), strconv.FormatUint(uint64(u.Revision), 10)
		}
		row := []string{
			e.Time, strconv.FormatBool(e.Local), string(e.Result), string(e.Operation), string(u.KB), u.Title, id, revision,
			e.Code, e.Symbol, sourceNames(entries[i].Sources),
		}
		for i := range row {
			row[i] = cell(row[i])
		}
		_ = out.Write(row) // Error tells
	}
	out.Flush()
	return out.Error()
}

// cell keeps a spreadsheet from taking a text out of a log for a formula, and the text in one line.
func cell(s string) string {
	s = term.Printable(s)
	if t := strings.TrimLeft(s, " "); t != "" && strings.ContainsRune("=+-@", rune(t[0])) {
		return "'" + s
	}
	return s
}

// counted is one of two phrases, by number.
func counted(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}
