package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

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
	p := &printer{w: w, style: style, image: r.Image}
	p.head(r.Image, r.paths())
	p.masked(r.Set)
	n := 0
	for i := range r.Findings {
		f := &r.Findings[i]
		if isConsequence(f, r.Findings) {
			p.consequence(f)
			continue
		}
		n++
		p.finding(n, f, r)
	}
	p.nothing(r)
	p.unexplained(r.Unexplained)
	p.upgrades(r.Upgrades)
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

// upgrades lists feature updates that setup rolled back for a reason that none of redx's causes is.
func (p *printer) upgrades(events []*evidence.Event) {
	for i, e := range events {
		if i == 0 {
			p.printf("%s\n", p.paint(term.Yellow, "?  A feature update was rolled back, and redx did not find why:"))
		}
		if i == maxFilesShown {
			p.printf("   and %d more\n", len(events)-i)
			break
		}
		p.printf("   %s%s, %s\n", upgradeCode(e), timeText(e), placeText(e.Source))
		p.printf("     redx explain %s says more\n", upgradeCode(e))
	}
	if len(events) > 0 {
		p.printf("\n")
	}
}

// upgradeCode is the pair of codes that setup reports.
func upgradeCode(e *evidence.Event) string { return e.Code.Hex() + "-" + e.Field(evidence.Extend) }

func isConsequence(f *doctor.Finding, all []doctor.Finding) bool {
	return slices.ContainsFunc(all, func(o doctor.Finding) bool { return slices.Contains(f.BecauseOf, o.ID) })
}

// printer keeps the first write error.
type printer struct {
	w     io.Writer
	style term.Style
	image Image // on which commands act
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

// head says what was looked at, and, unless empty, how to read paths.
func (p *printer) head(img Image, paths string) {
	p.printf("%s %s", kindText(img), img.Path)
	if known := img.known(); known != "" {
		p.printf(" (%s)", known)
	}
	p.printf("\n")
	if paths != "" {
		p.wrapped(paths)
	}
	p.printf("\n")
}

// known is what is known of an installation: what the computer is called, and which Windows it is.
func (i Image) known() string {
	var parts []string
	if i.Computer != "" {
		parts = append(parts, "computer "+i.Computer)
	}
	switch {
	case i.Product != "" && i.Build != "":
		parts = append(parts, i.Product+", version "+i.Build)
	case i.Build != "":
		parts = append(parts, "Windows "+i.Build)
	}
	return strings.Join(parts, ", ")
}

// kindText says what was looked at.
func kindText(img Image) string {
	return map[image.Kind]string{
		image.Online: "this computer", image.Offline: "Windows image", image.Logs: "collected logs",
	}[img.Kind]
}

// finding says what is wrong, with what, and what to do; then what the answer rests on. Behind the first, less of that.
func (p *printer) finding(n int, f *doctor.Finding, r *Result) {
	mark := map[doctor.Severity]string{doctor.Error: "X", doctor.Warning: "!", doctor.Info: "i"}[f.Severity]
	attr := map[doctor.Severity]term.Attr{doctor.Error: term.Red, doctor.Warning: term.Yellow}[f.Severity]
	for i, line := range term.Wrap(f.Title, p.style.Width-6) {
		begin := "      "
		if i == 0 {
			begin = fmt.Sprintf("%s  %d. ", mark, n)
		}
		p.printf("%s\n", p.paint(attr, begin+line))
	}
	p.label("whose job", turnText(f.Turn))
	p.label("update", updateText(f.Update))
	p.files(f)
	p.label("meaning", f.Detail)
	p.next(f)
	if n == 1 {
		sign, again := r.worked(f)
		p.label("it worked", sign)
		if again != "" {
			p.literal("", p.paint(term.Bold, again))
		}
	}
	if kb, page := catalogPage(f); page != "" && !slices.Contains(f.Next, "start "+page) {
		p.literal("catalog", "page of "+string(kb)+": "+page)
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
	return ". To be surer: " + f.Surer
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
	said := len(f.Missing)
	for i, file := range f.Files {
		if i == maxFilesShown {
			break
		}
		path, facts := fileFacts(file, f.Missing)
		if path != "" {
			p.literal(labelOnce("file", i), path)
		}
		for k, fact := range facts {
			label := labelOnce("file", i+k)
			if path != "" || i < said {
				label = ""
			}
			p.literal(label, fact)
		}
	}
}

// fileFacts gives a file's path, unless the list of what is missing has it, and what else is known of it.
func fileFacts(file doctor.File, shown []doctor.Missing) (path string, facts []string) {
	if !slices.Contains(shown, doctor.Missing{Kind: doctor.MissingFile, Name: file.Path}) {
		path = file.Path
	}
	var sum []string
	if file.Size > 0 {
		sum = append(sum, fmt.Sprintf("of %d bytes", file.Size))
	}
	if file.SHA256 != "" {
		sum = append(sum, "SHA-256 "+file.SHA256)
	} else if file.SHA1 != "" {
		sum = append(sum, "SHA-1 "+file.SHA1)
	}
	if len(sum) > 0 {
		facts = append(facts, strings.Join(sum, ", "))
	}
	if file.URL != "" && !slices.Contains(shown, doctor.Missing{Kind: doctor.MissingFile, Name: file.URL}) {
		facts = append(facts, "from "+file.URL)
	}
	return path, facts
}

func (p *printer) proof(f *doctor.Finding, most int) {
	lines := distinctProof(f.Proof)
	for i, e := range lines {
		if i == most {
			p.label("", fmt.Sprintf("and %d more (--json lists them)", len(lines)-i))
			break
		}
		place, at := placeText(e.Source), timeText(e)
		if utf8.RuneCountInString(place+at)+labelWidth+3 > p.style.Width && at != "" {
			p.literal(labelOnce("proof", i), p.paint(term.Dim, place))
			p.literal("", "  "+strings.TrimPrefix(at, ", "))
		} else {
			p.literal(labelOnce("proof", i), p.paint(term.Dim, place)+painted(at))
		}
		for _, line := range term.Wrap(clip(strings.TrimSpace(e.Text), 3*p.style.Width), p.style.Width-labelWidth-5) {
			p.literal("", "  "+line)
		}
	}
}

// distinctProof leaves out what says the same of the same place again.
func distinctProof(all []*evidence.Event) []*evidence.Event {
	type said struct {
		source evidence.Source
		text   string
	}
	seen := map[said]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(e *evidence.Event) bool {
		s := said{e.Source, e.Text}
		again := seen[s]
		seen[s] = true
		return again
	})
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

// next lists what to do, place by place.
func (p *printer) next(f *doctor.Finding) {
	first := "next"
	for _, g := range nextGroups(f.Next, p.image) {
		if g.Heading != "" {
			p.label(first, g.Heading)
			first = ""
		}
		p.steps(first, g.Steps)
		first = ""
	}
}

// steps writes commands as they are, each behind what it does; what must be known of it stands below.
func (p *printer) steps(label string, steps []NextStep) {
	const indent = "           "
	for i, s := range steps {
		p.literal(labelOnce(label, i), painted(fmt.Sprintf("%-9s", s.Does+":"))+p.paint(term.Bold, s.Command))
		for _, line := range term.Wrap(s.Note, p.style.Width-labelWidth-14) {
			if line != "" {
				p.literal("", indent+line)
			}
		}
		if s.Back != "" {
			p.literal("", indent+"to take it back: "+s.Back)
		}
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
	verdict, well := r.Nothing()
	switch {
	case verdict == "":
		return
	case well:
		p.printf("%s\n", p.paint(term.Green, verdict))
	default:
		p.wrapped(verdict)
	}
	if hint := r.codesHint(); hint != "" {
		p.wrapped(hint)
	}
}

// wrapped writes prose from the margin on.
func (p *printer) wrapped(text string) {
	for _, line := range term.Wrap(text, p.style.Width) {
		p.printf("%s\n", line)
	}
}

// masked says first that the names are not real.
func (p *printer) masked(set *evidence.Set) {
	if set.Machine.Masked {
		p.wrapped(maskedNames)
		p.printf("\n")
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
	for i, line := range term.Wrap(text, p.style.Width-labelWidth-3) {
		p.literal(labelOnce(label, i), line)
	}
}

// literal writes a line as it is: paths and commands are copied from the screen, so they are never wrapped.
// The text is a string or painted.
func (p *printer) literal(label string, text any) {
	p.printf("   %-*s%s\n", labelWidth, label, text)
}

// clip shortens a text to a number of characters and makes it printable.
func clip(s string, most int) string {
	s = term.Printable(s)
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + " ..."
	}
	return s
}
