// Package doctor turns evidence into findings: what is wrong, with which file of which update, what proves it, and
// what to do next. It sees a Set of evidence and nothing else, so it cannot change a machine. The checks themselves
// are in doctor/check, one file each.
package doctor

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Severity says what a finding means for the updates of this machine.
type Severity string

// The severities; only an error makes a diagnosis end with exit code 3.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Confidence says how far the evidence carries.
type Confidence string

// The confidences. Only what is proven may lead to a repair.
const (
	Proven Confidence = "proven"
	Likely Confidence = "likely"
)

// Turn says who can put it right.
type Turn string

// The turns. With a server's or the network's, this computer is not at fault and nothing on it is to be reset.
const (
	OwnersTurn   Turn = "owner"   // of this computer; a check that says nothing means it
	ServersTurn  Turn = "server"  // whoever runs the update server
	NetworksTurn Turn = "network" // whoever runs the network on the way to it
	PolicysTurn  Turn = "policy"  // whoever sets this computer's policies
	WindowsTurn  Turn = "windows" // Windows' own: it goes on by itself, mostly at the next start
)

// Elsewhere reports that somebody else than this computer is at fault.
func (t Turn) Elsewhere() bool { return t == ServersTurn || t == NetworksTurn }

// Check looks for one cause.
type Check struct {
	ID    string // kebab-case, stable: the name of its docs page and of its scenarios
	Title string // what it finds, in one line
	// Reads names the kinds of evidence it rests on.
	Reads []evidence.Kind
	// ConsequenceOf names the checks whose findings explain this one's when they are about the same update.
	ConsequenceOf []string
	// Unproven says that its pattern stands in no real log and in no document of Microsoft's. Such a check reports at
	// most Likely, but for a file that was looked for and is not there.
	Unproven bool
	// Turn is whose turn it is, for findings that do not say it themselves.
	Turn Turn
	Run  func(*Exam) []Finding
}

// Exam is what a check may look at: the evidence of one installation, and the history that is made of it.
type Exam struct {
	Evidence *evidence.Set
	History  []history.Entry    // newest first
	Attempts []history.Attempts // the same by update
	views    map[any]any
}

// NewExam merges the history of a Set.
func NewExam(set *evidence.Set) *Exam {
	exam := &Exam{Evidence: set, History: history.Merge(set), views: map[any]any{}}
	exam.Attempts = history.ByUpdate(exam.History)
	return exam
}

// View gives what several checks ask of an exam alike, made once. The key is a type of the asker's own, so that no two
// askers meet.
func View[K comparable, T any](x *Exam, key K, of func(*Exam) T) T {
	if v, ok := x.views[key].(T); ok {
		return v
	}
	v := of(x)
	x.views[key] = v
	return v
}

// File is a file that a finding is about; what is not known is left out.
type File struct {
	Path   string
	Size   int64 // bytes; 0 unknown
	SHA1   string
	SHA256 string
	URL    string
}

// Missing is a thing that is not there.
type Missing struct {
	Kind string // one of the Missing… kinds
	Name string
}

// The kinds of missing things.
const (
	MissingFile        = "file"
	MissingDirectory   = "directory"
	MissingRegistryKey = "registry-key"
	MissingService     = "service"
	MissingTask        = "task"
	MissingPackage     = "package"
)

// Finding is one cause, or one consequence of one.
type Finding struct {
	ID         string // check and digest of update and files: the same in every run and on every PC
	Check      string
	Severity   Severity
	Confidence Confidence
	Title      string // one line
	Detail     string // what it means and whose turn it is, a few sentences
	Surer      string // what would make it surer; empty when proven
	Turn       Turn
	Codes      []hresult.Code
	Update     update.Ref
	Files      []File
	Missing    []Missing
	BecauseOf  []string // IDs of the findings that this one follows from
	Proof      []*evidence.Event
	Next       []string // commands, in order
}

// Examine runs the checks over the evidence, as Run does.
func Examine(set *evidence.Set, checks []Check) []Finding { return NewExam(set).Run(checks) }

// Run runs the checks. Causes come first, each followed by what follows from it.
func (x *Exam) Run(checks []Check) []Finding {
	var all []Finding
	known := map[string]bool{}
	for _, c := range checks {
		for _, f := range c.Run(x) {
			f.Check = c.ID
			f.Turn = cmp.Or(f.Turn, c.Turn, OwnersTurn)
			if c.Unproven {
				f.hedge()
			}
			f.Codes = distinct(f.Codes)
			f.ID = identify(&f)
			if !known[f.ID] {
				known[f.ID] = true
				all = append(all, f)
			}
		}
	}
	linkConsequences(all, checks)
	slices.SortStableFunc(all, bySeverity)
	return rootsFirst(all)
}

// hedge takes back a certainty that rests on nothing but a pattern which no real log has confirmed.
func (f *Finding) hedge() {
	if f.Confidence != Proven || slices.ContainsFunc(f.Proof, seenAbsent) {
		return
	}
	f.Confidence = Likely
	f.Surer = "a real log in which these lines had this cause; none is known yet"
}

// seenAbsent reports that a file was looked for on the installation and is not there.
func seenAbsent(e *evidence.Event) bool {
	state := e.Field(evidence.State)
	return e.Kind == evidence.FileState && (state == evidence.Absent || state == evidence.NoFolder)
}

// identify digests what the finding is about, not how, where or when it was seen.
func identify(f *Finding) string {
	h := sha256.New()
	put := func(s string) { h.Write([]byte(strings.ToLower(s) + "\x00")) }
	if !f.Update.ID.GUID.IsZero() {
		put(f.Update.ID.GUID.String())
	} else {
		put(string(f.Update.KB))
	}
	var names []string
	for _, file := range f.Files {
		names = append(names, fileIdentity(file))
	}
	if len(f.Files) == 0 {
		for _, m := range f.Missing {
			names = append(names, m.Kind+":"+strings.ToLower(m.Name))
		}
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		put(n)
	}
	return f.Check + "-" + hex.EncodeToString(h.Sum(nil)[:6])
}

// fileIdentity is what a file is called on every PC: below the component store its component and name, elsewhere its
// name alone, since drives, folders and servers differ.
func fileIdentity(f File) string {
	const store = `\winsxs\`
	if path := strings.ToLower(f.Path); strings.Contains(path, store) {
		return path[strings.Index(path, store)+len(store):]
	}
	if f.Path == "" && f.URL == "" {
		return ""
	}
	return strings.ToLower(fileName(f))
}

func bySeverity(a, b Finding) int {
	rank := map[Severity]int{Error: 0, Warning: 1, Info: 2}
	sure := map[Confidence]int{Proven: 0, Likely: 1}
	return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(sure[a.Confidence], sure[b.Confidence]))
}

func distinct(codes []hresult.Code) []hresult.Code {
	var out []hresult.Code
	for _, c := range codes {
		if c != 0 && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// Worst gives the exit-relevant severity of a list of findings, Info when there is none.
func Worst(findings []Finding) Severity {
	worst := Info
	for _, f := range findings {
		switch {
		case f.Severity == Error:
			return Error
		case f.Severity == Warning:
			worst = Warning
		}
	}
	return worst
}
