package check

import (
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/update"
)

// ComponentPayloadMissing finds a file that is missing from the component store (WinSxS): servicing looked for it
// and said so, or the readiness scan listed it, and nothing repaired it since.
func ComponentPayloadMissing() doctor.Check {
	return doctor.Check{
		ID:    "component-payload-missing",
		Title: "Files are missing from the component store",
		Reads: []evidence.Kind{
			evidence.PayloadMissing, evidence.PayloadCorrupt, evidence.PayloadRepaired, evidence.StoreScan,
			evidence.FileState, evidence.Attempt,
		},
		Run: componentPayloadMissing,
	}
}

func componentPayloadMissing(x *doctor.Exam) []doctor.Finding {
	victims := payloadVictims(x.Evidence)
	repairs, mends, good := wholeRepairs(x.Evidence), payloadMends(x.Evidence), goodEnds(x)
	g := newGathering()
	for e := range x.Evidence.Of(evidence.PayloadMissing, evidence.PayloadCorrupt) {
		path := componentPath(x.Evidence, e)
		victim := victims[strings.ToLower(path)]
		if repairs.after(e) || mends[payloadKey(e)].after(e) || good.installs.after(victim, e) {
			continue
		}
		state, looked := x.Evidence.FileState(path)
		if looked && state.Field(evidence.State) == evidence.Present {
			continue
		}
		proof := []*evidence.Event{e}
		if looked && state.Field(evidence.State) != evidence.Unknown {
			proof = append(proof, state)
		}
		g.addPayload(e, victim, path, proof)
	}
	for i := range g.list {
		describeStore(&g.list[i])
	}
	return g.list
}

// componentPath is where the file stands in the store.
func componentPath(set *evidence.Set, e *evidence.Event) string {
	root := set.Machine.SystemRoot
	if root == "" {
		root = "%windir%"
	}
	return root + `\WinSxS\` + e.Field(evidence.Component) + `\` + e.Field(evidence.Name)
}

// payloadVictims tells for each missing file which update stumbled over it; a scan that lists the file names none.
func payloadVictims(set *evidence.Set) map[string]update.Ref {
	victims := map[string]update.Ref{}
	for e := range set.Of(evidence.PayloadMissing, evidence.PayloadCorrupt) {
		path := strings.ToLower(componentPath(set, e))
		victims[path] = victims[path].Merge(e.Update)
	}
	return victims
}

// payloadKey tells files by component and name, without case.
func payloadKey(e *evidence.Event) string {
	return strings.ToLower(e.Field(evidence.Component) + `\` + e.Field(evidence.Name))
}

// payloadMends are the repairs of files, by file.
func payloadMends(set *evidence.Set) byName {
	b := byName{}
	for r := range set.Of(evidence.PayloadRepaired) {
		b.add(payloadKey(r), r)
	}
	return b
}

// after reports that a stands behind the last of b's alike events: in one source by place, else by time when both
// are comparable.
func after(a, b *evidence.Event) bool {
	if a.Source.Path == b.Source.Path && a.Source.Line > 0 && b.Source.Line > 0 {
		return max(a.Source.Line, a.LastSource.Line) > max(b.Source.Line, b.LastSource.Line)
	}
	if a.Local || b.Local || a.Time.IsZero() || b.Time.IsZero() {
		return false
	}
	return a.Latest().After(b.Latest())
}

// addPayload puts the file into the finding of its update; files without a known update share one.
func (g *gathering) addPayload(e *evidence.Event, victim update.Ref, path string, proof []*evidence.Event) {
	i := g.of(victim, doctor.Finding{Severity: doctor.Error, Confidence: doctor.Proven})
	f := &g.list[i]
	f.Codes = append(f.Codes, e.Code)
	f.Proof = append(f.Proof, proof...)
	if e.Field(evidence.Name) == "" { // a number of files, and none by name
		f.Confidence = doctor.Likely
		return
	}
	if g.first(mention{finding: i, path: strings.ToLower(path)}) {
		f.Files = append(f.Files, doctor.File{Path: path})
		f.Missing = append(f.Missing, doctor.Missing{Kind: doctor.MissingFile, Name: path})
	}
}

func describeStore(f *doctor.Finding) {
	f.Title = fmt.Sprintf("%s missing from the component store", filesAre(len(f.Files)))
	if len(f.Files) == 0 {
		f.Title, f.Surer = "Files are missing from the component store", "the lines above the summary, which name the files"
	}
	if !f.Update.IsZero() {
		f.Title += fmt.Sprintf("; %s fails on it", nameOf(f.Update))
	}
	f.Detail = "Windows keeps a copy of each of its own files in the component store (WinSxS). An update builds on these " +
		"copies and cannot be installed while one is missing. Repair the store, then install the update again. Renaming SoftwareDistribution does not " +
		"help here."
	f.Next = []string{
		"DISM /Online /Cleanup-Image /RestoreHealth",
		"sfc /scannow",
		openWindowsUpdate,
	}
}
