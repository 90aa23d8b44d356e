package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/term"
	"github.com/redx-update/redx/internal/update"
)

// How much a one-screen report shows of long lists; --json has everything.
const (
	maxFilesShown  = 5
	maxProofShown  = 4
	maxUnreadShown = 6
	labelWidth     = 11
)

// Text writes a diagnosis for a person: the cause first, what follows from it below, each with what to do and its proof.
func Text(w io.Writer, style term.Style, r *Result) error {
	p := &printer{w: w, style: style}
	p.head(r.Image)
	n := 0
	for i := range r.Findings {
		f := &r.Findings[i]
		if isConsequence(f, r.Findings) {
			p.consequence(f)
			continue
		}
		n++
		p.finding(n, f)
	}
	p.nothing(r)
	p.unexplained(r.Unexplained)
	p.toCollect(r)
	p.unread(r.Set)
	return p.err
}

// unexplained lists updates that fail for a reason that none of redx's causes is.
func (p *printer) unexplained(entries []history.Entry) {
	if len(entries) == 0 {
		return
	}
	p.printf("%s\n", p.paint(term.Yellow, "?  Updates that fail, and redx did not find why:"))
	for i := range entries {
		if i == maxFilesShown {
			p.printf("   and %d more (redx history --failed lists them)\n", len(entries)-i)
			break
		}
		e := &entries[i]
		p.printf("   %s\n", entryTitle(e))
		p.printf("     %s, %s; redx explain %s says more\n", e.Code, strings.TrimSpace(entryTime(e)), e.Code.Hex())
	}
	p.printf("\n")
}

func isConsequence(f *doctor.Finding, all []doctor.Finding) bool {
	return slices.ContainsFunc(all, func(o doctor.Finding) bool { return slices.Contains(f.BecauseOf, o.ID) })
}

// printer keeps the first write error.
type printer struct {
	w     io.Writer
	style term.Style
	err   error
}

// painted is text that was made printable and may bear redx's own escape sequences.
type painted string

func (p *printer) paint(attr term.Attr, text string) painted {
	return painted(p.style.Paint(attr, term.Printable(text)))
}

// printf makes every string argument printable, wherever it comes from; only what is painted passes as it is.
func (p *printer) printf(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = term.Printable(s)
		}
	}
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) head(img Image) {
	what := map[image.Kind]string{
		image.Online: "this computer", image.Offline: "Windows image", image.Logs: "collected logs",
	}[img.Kind]
	p.printf("%s %s", what, img.Path)
	if img.Build != "" {
		p.printf(" (Windows %s)", img.Build)
	}
	p.printf("\n\n")
}

// finding says what is wrong, with what, and what to do; then what the answer rests on. Behind the first, less of that.
func (p *printer) finding(n int, f *doctor.Finding) {
	mark := map[doctor.Severity]string{doctor.Error: "X", doctor.Warning: "!", doctor.Info: "i"}[f.Severity]
	attr := map[doctor.Severity]term.Attr{doctor.Error: term.Red, doctor.Warning: term.Yellow}[f.Severity]
	p.printf("%s\n", p.paint(attr, fmt.Sprintf("%s  %d. %s", mark, n, f.Title)))
	p.label("update", updateText(f.Update))
	p.files(f)
	p.label("meaning", f.Detail)
	p.label("turn", turnText(f.Turn))
	p.next(f)
	if page := catalogPage(f); page != "" {
		p.literal("catalog", page)
	}
	for _, c := range f.Codes {
		p.label("code", c.String())
	}
	p.label("certainty", string(f.Confidence)+surer(f))
	most := maxProofShown
	if n > 1 {
		most = 1
	}
	p.proof(f, most)
	p.printf("\n")
}

func surer(f *doctor.Finding) string {
	if f.Surer == "" {
		return ""
	}
	return "; " + f.Surer
}

func updateText(u update.Ref) string {
	var parts []string
	if u.KB != "" && !strings.Contains(u.Title, string(u.KB)) {
		parts = append(parts, string(u.KB))
	}
	if u.Title != "" {
		parts = append(parts, u.Title)
	}
	if !u.ID.GUID.IsZero() {
		id := u.ID.GUID.String()
		if u.ID.Revision != 0 {
			id += fmt.Sprintf(" revision %d", u.ID.Revision)
		}
		parts = append(parts, id)
	}
	return strings.Join(parts, ", ")
}

// files lists what is missing, with what is known of each file.
func (p *printer) files(f *doctor.Finding) {
	for i, m := range f.Missing {
		if i == maxFilesShown {
			p.label("", fmt.Sprintf("and %d more (--json lists them)", len(f.Missing)-i))
			break
		}
		p.literal(labelOnce("missing", i), fmt.Sprintf("%s %s", m.Kind, m.Name))
	}
	for i, file := range f.Files {
		if i == maxFilesShown {
			break
		}
		if facts := fileFacts(file, f.Missing); facts != "" {
			p.literal("", facts)
		}
	}
}

func fileFacts(file doctor.File, shown []doctor.Missing) string {
	var facts []string
	if file.Path != "" && !slices.Contains(shown, doctor.Missing{Kind: doctor.MissingFile, Name: file.Path}) {
		facts = append(facts, file.Path)
	}
	if file.Size > 0 {
		facts = append(facts, fmt.Sprintf("%d bytes", file.Size))
	}
	if file.SHA256 != "" {
		facts = append(facts, "SHA-256 "+file.SHA256)
	} else if file.SHA1 != "" {
		facts = append(facts, "SHA-1 "+file.SHA1)
	}
	if file.URL != "" && !slices.Contains(shown, doctor.Missing{Kind: doctor.MissingFile, Name: file.URL}) {
		facts = append(facts, "from "+file.URL)
	}
	return strings.Join(facts, ", ")
}

func (p *printer) proof(f *doctor.Finding, most int) {
	for i, e := range f.Proof {
		if i == most {
			p.label("", fmt.Sprintf("and %d more (--json lists them)", len(f.Proof)-i))
			break
		}
		p.literal(labelOnce("proof", i), p.paint(term.Dim, placeText(e.Source))+painted(timeText(e)))
		p.literal("", "  "+clip(strings.TrimSpace(e.Text), 3*p.style.Width))
	}
}

func timeText(e *evidence.Event) string {
	if e.Time.IsZero() {
		return ""
	}
	t := ", " + e.Time.Format("2006-01-02 15:04:05")
	if e.Local {
		return t + " local time"
	}
	return t + " UTC"
}

func placeText(s evidence.Source) string {
	switch {
	case s.Line > 0:
		return fmt.Sprintf("%s line %d", s.Path, s.Line)
	case s.Record > 0:
		return fmt.Sprintf("%s record %d", s.Path, s.Record)
	default:
		return s.Path
	}
}

func (p *printer) next(f *doctor.Finding) {
	for i, command := range f.Next {
		p.literal(labelOnce("next", i), p.paint(term.Bold, command))
	}
}

func (p *printer) consequence(f *doctor.Finding) {
	p.printf("   and as a consequence:\n")
	p.printf("   %s %s\n", strings.Repeat(" ", 2), f.Title)
	for i, m := range f.Missing {
		if i == maxFilesShown {
			break
		}
		p.literal("", "  "+m.Kind+" "+m.Name)
	}
	p.printf("\n")
}

func (p *printer) nothing(r *Result) {
	switch {
	case len(r.Findings) > 0 || len(r.Unexplained) > 0:
	case r.Unknown():
		p.printf("Nothing here tells of %s: no attempt to install it is on record.\n", r.By.Update)
	case len(r.Set.Unread()) > 0:
		p.printf("%s\n", incomplete)
	case len(r.Collect()) > 0:
		p.printf("%s\n", lacking)
	default:
		p.printf("%s\n", p.paint(term.Green, "Nothing wrong found: "+nothingWrong(r)))
	}
}

// toCollect says what would make the answer surer, where there is none.
func (p *printer) toCollect(r *Result) {
	if len(r.Unexplained) > 0 && len(r.Set.Unread()) > 0 {
		p.printf("The evidence is incomplete; the reason may stand in what was not read.\n")
	}
	for i, line := range r.Collect() {
		p.literal(labelOnce("collect", i), line)
	}
}

func (p *printer) unread(set *evidence.Set) {
	for i, u := range set.Unread() {
		if i == maxUnreadShown {
			p.label("", fmt.Sprintf("and %d more (--json lists them)", len(set.Unread())-i))
			break
		}
		p.literal(labelOnce("not read", i), u.Path+": "+u.Reason)
	}
	for _, n := range set.Notes() {
		p.label("note", n)
	}
}

func labelOnce(label string, i int) string {
	if i > 0 {
		return ""
	}
	return label
}

// label writes prose behind a label, wrapped.
func (p *printer) label(label, text string) {
	if text == "" {
		return
	}
	for i, line := range wrap(text, p.style.Width-labelWidth-3) {
		p.literal(labelOnce(label, i), line)
	}
}

// literal writes a line as it is: paths and commands are copied from the screen, so they are never wrapped.
// The text is a string or painted.
func (p *printer) literal(label string, text any) {
	p.printf("   %-*s%s\n", labelWidth, label, text)
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// clip shortens a text to a number of characters and makes it printable.
func clip(s string, most int) string {
	s = term.Printable(s)
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + " ..."
	}
	return s
}
