package report

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

// Result is what a diagnosis came to, as its text, its JSON and its page show it.
type Result struct {
	Image    Image
	Set      *evidence.Set
	Findings []doctor.Finding // causes first
	// Unexplained are the last attempts of updates that fail and that no finding is about.
	Unexplained []history.Entry
	By          history.Filter // what was asked for

	known bool // an attempt of the update asked for is on record
}

// NewResult takes all that was found and narrows it to what was asked for; the zero filter asks for all.
func NewResult(img Image, set *evidence.Set, findings []doctor.Finding, by history.Filter) *Result {
	past := history.Merge(set)
	return &Result{
		Image: img, Set: set, By: by, Findings: doctor.Narrow(findings, by),
		Unexplained: by.Apply(unexplained(past, findings)),
		known:       len(history.Filter{Update: by.Update}.Apply(past)) > 0,
	}
}

// Unknown reports that one update was asked for and that no attempt of it is on record.
func (r *Result) Unknown() bool { return r.By.Update != "" && !r.known }

// unexplained gives the updates whose last attempt failed and that no finding is about.
func unexplained(past []history.Entry, findings []doctor.Finding) []history.Entry {
	var out []history.Entry
	for _, group := range history.ByUpdate(past) {
		last, failing := group.Standing()
		about := func(f doctor.Finding) bool { return f.Update.Same(group.Update) }
		if failing && !slices.ContainsFunc(findings, about) {
			last.Update = group.Update
			out = append(out, last)
		}
	}
	return out
}

// essentials are the files that most causes are proven by, with the names that logs go by in bundles.
var essentials = []struct{ where, names string }{
	{`C:\Windows\Logs\CBS\CBS.log`, "cbs*.log"},
	{`C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`, "datastore.edb"},
	{`C:\Windows\SoftwareDistribution\ReportingEvents.log`, "reportingevents.log"},
	{`C:\Windows\System32\winevt\Logs\System.evtx`, "system.evtx"},
}

// Collect says what is missing for an answer where there is none: of a bundle of logs, the files that most causes are
// proven by and the command that gathers them all. What could not be read stands in the evidence's own list.
func (r *Result) Collect() []string {
	if r.Image.Kind != image.Logs || r.Set.Machine.Whole || len(r.Findings) > 0 {
		return nil
	}
	var lines []string
	for _, e := range essentials {
		if !slices.ContainsFunc(r.Set.Sources(), func(read string) bool { return named(read, e.names) }) {
			lines = append(lines, e.where)
		}
	}
	if len(lines) > 0 {
		lines = append(lines, "or all of it, in an elevated Command Prompt of that computer: redx collect -o evidence.zip")
	}
	return lines
}

func named(file, pattern string) bool {
	name := strings.ToLower(file[strings.LastIndexAny(file, `\/`)+1:])
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// The answers where nothing is wrong in what was seen, and that is not all.
const (
	incomplete = "Nothing wrong found in what could be read, but the evidence is incomplete."
	lacking    = "Nothing wrong found in these logs, but most causes stand elsewhere. Collect what is missing:"
)

func nothingWrong(r *Result) string {
	if r.By.Update != "" {
		return r.By.Update + " does not fail, and none of the causes that redx looks for is there."
	}
	return "no update fails, and none of the causes that redx looks for is there."
}

// turnText says whose turn it is when it is not that of this computer's owner.
func turnText(t doctor.Turn) string {
	const hands = ", not this computer's: do not reset this computer"
	return map[doctor.Turn]string{
		doctor.ServersTurn:  "the update server's" + hands,
		doctor.NetworksTurn: "the network's" + hands,
		doctor.WindowsTurn:  "Windows' own: it goes on by itself, mostly when it starts next",
	}[t]
}

// catalogPage is where the update that lacks something can be had from, in the Microsoft Update Catalog.
func catalogPage(f *doctor.Finding) string {
	kb := f.Update.KB
	for _, m := range f.Missing {
		if name, ok := servicing.ParsePackage(m.Name); ok && m.Kind == doctor.MissingPackage && name.KB() != "" {
			kb = name.KB()
		}
	}
	if _, ok := update.ParseKB(string(kb)); !ok || len(f.Missing) == 0 {
		return ""
	}
	return "https://www.catalog.update.microsoft.com/Search.aspx?q=" + url.QueryEscape(string(kb))
}
