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
	// Upgrades are failures of setup that no finding is about.
	Upgrades []*evidence.Event
	By       history.Filter // what was asked for
	Target   string         // how a command names what was looked at, such as "--image DIR"; "" for this computer

	known  bool // an attempt of the update asked for is on record
	hidden int  // findings and failures that By leaves out
}

// NewResult takes all that was found and narrows it to what was asked for; the zero filter asks for all.
func NewResult(img Image, set *evidence.Set, findings []doctor.Finding, by history.Filter) *Result {
	return ResultOf(img, doctor.NewExam(set), findings, by)
}

// ResultOf is NewResult for what was found by an exam that is still at hand.
func ResultOf(img Image, exam *doctor.Exam, findings []doctor.Finding, by history.Filter) *Result {
	set := exam.Evidence
	open := unexplained(exam.Attempts, findings)
	r := &Result{
		Image: img, Set: set, By: by, Findings: doctor.Narrow(findings, by), Unexplained: by.Apply(open),
		known: by.Update != "" && len(history.Filter{Update: by.Update}.Apply(exam.History)) > 0,
	}
	if set.Machine.Masked {
		withoutNames(r.Findings)
	}
	r.hidden = len(findings) + len(open) - len(r.Findings) - len(r.Unexplained)
	return r
}

// withoutNames takes away the commands that go to a server by a name which is not its own, or into a folder by one.
func withoutNames(findings []doctor.Finding) {
	for i := range findings {
		findings[i].Next = slices.DeleteFunc(slices.Clone(findings[i].Next), func(c string) bool {
			return strings.HasPrefix(c, "curl ") || strings.HasPrefix(c, "nslookup ") || strings.HasPrefix(c, `dir "`)
		})
	}
}

// Unknown reports that one update was asked for and that no attempt of it is on record.
func (r *Result) Unknown() bool { return r.By.Update != "" && !r.known }

// unexplained gives the updates whose last attempt failed and that no finding is about.
func unexplained(attempts []history.Attempts, findings []doctor.Finding) []history.Entry {
	var out []history.Entry
	var about update.Index[bool]
	for i := range findings {
		about.Add(findings[i].Update, true)
	}
	for _, group := range attempts {
		last, failing := group.Standing()
		explained := false
		for range about.Same(group.Update) {
			explained = true
		}
		if failing && !explained {
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

// Nothing is the answer where nothing is found, and whether all is well then; "" where something is.
func (r *Result) Nothing() (verdict string, well bool) {
	switch {
	case len(r.Findings) > 0 || len(r.Unexplained) > 0 || len(r.Upgrades) > 0:
		return "", false
	case r.Unknown():
		return "Nothing here tells of " + r.By.Update + ": no attempt to install it is on record.", false
	case r.hidden > 0:
		return "Nothing of what was asked for is wrong, but something else is: leave --since and --update out to see it.", false
	case len(r.Set.Unread()) > 0:
		return incomplete, false
	case len(r.Collect()) > 0:
		return lacking, false
	}
	return "Nothing wrong found: " + nothingWrong(r), true
}

func nothingWrong(r *Result) string {
	if r.By.Update != "" {
		return r.By.Update + " does not fail, and none of the causes that redx looks for is there."
	}
	return "no update fails, and none of the causes that redx looks for is there."
}

// codesHint says of logs without a finding that there are codes of failures in them, which by itself means little.
func (r *Result) codesHint() string {
	if n := len(r.Set.Codes()); n == 0 || r.Image.Kind != image.Logs {
		return ""
	}
	return "Codes of failures stand in these logs, as in most; none of them is a cause that redx knows: redx explain " + r.Target + " lists them."
}

// paths says of a disk that hangs elsewhere how the paths in the report are meant; "" where there is nothing to say.
func (r *Result) paths() string {
	drive, _, ok := strings.Cut(r.Set.Machine.SystemRoot, `\`)
	if r.Image.Kind != image.Offline || !ok || len(r.Findings) == 0 {
		return ""
	}
	return "Paths are as that PC names them: its " + drive + " is " + r.Image.Path + " here."
}

// maskedNames says that names in the report are made up.
const maskedNames = "Names of people, computers and servers were replaced when this was collected: server1, user1 and the like stand for real " +
	"ones, which whoever collected it can tell."

// turnText says whose turn it is.
func turnText(t doctor.Turn) string {
	const reset = ": do not reset this computer"
	return map[doctor.Turn]string{
		doctor.OwnersTurn:   "yours, or that of whoever looks after the PC that fails",
		doctor.ServersTurn:  "that of whoever runs the update server" + reset,
		doctor.NetworksTurn: "that of whoever runs the network" + reset,
		doctor.PolicysTurn:  "that of whoever sets this computer's policies" + reset,
		doctor.WindowsTurn:  "Windows' own: it goes on by itself, mostly when it starts next",
	}[t]
}

// catalogPage is where the update that lacks something can be had from, in the Microsoft Update Catalog, and which
// update that is.
func catalogPage(f *doctor.Finding) (update.KB, string) {
	kb := f.Update.KB
	for _, m := range f.Missing {
		name := m.Name[strings.LastIndexByte(m.Name, '\\')+1:]
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".mum"), ".cat")
		if p, ok := servicing.ParsePackage(name); ok && p.KB() != "" {
			kb = p.KB()
		}
	}
	if _, ok := update.ParseKB(string(kb)); !ok || len(f.Missing) == 0 {
		return "", ""
	}
	return kb, "https://www.catalog.update.microsoft.com/Search.aspx?q=" + url.QueryEscape(string(kb))
}
