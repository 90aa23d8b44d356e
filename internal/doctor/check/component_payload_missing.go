package check

import (
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
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
	var groups []doctor.Finding
	for e := range x.Evidence.Of(evidence.PayloadMissing, evidence.PayloadCorrupt) {
		path := componentPath(x.Evidence, e)
		victim := victims[strings.ToLower(path)]
		if repairedLater(x.Evidence, e) || installedLater(x, e, victim) {
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
		groups = addPayload(groups, e, victim, path, proof)
	}
	for i := range groups {
		describeStore(&groups[i])
	}
	return groups
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

// samePayload compares by component and file, without case.
func samePayload(a, b *evidence.Event) bool {
	return strings.EqualFold(a.Field(evidence.Name), b.Field(evidence.Name)) &&
		strings.EqualFold(a.Field(evidence.Component), b.Field(evidence.Component))
}

// repairedLater reports that a repair of this file, or a scan that repaired all it found, came after the event. In
// one source order decides, between sources time.
func repairedLater(set *evidence.Set, e *evidence.Event) bool {
	for r := range set.Of(evidence.PayloadRepaired) {
		if samePayload(e, r) && after(r, e) {
			return true
		}
	}
	for s := range set.Of(evidence.StoreScan) {
		detected, repaired := size(s.Field(evidence.Detected)), size(s.Field(evidence.Repaired))
		if after(s, e) && s.Code == hresult.OK && repaired >= detected && s.Field(evidence.Result) != "" {
			return true
		}
	}
	return false
}

// installedLater reports that the update which stumbled over the file was installed after all.
func installedLater(x *doctor.Exam, e *evidence.Event, victim update.Ref) bool {
	if victim.IsZero() {
		return false
	}
	for _, h := range x.History {
		if h.Result != update.Succeeded || !h.Update.Same(victim) {
			continue
		}
		for _, p := range h.Proof {
			if after(p, e) {
				return true
			}
		}
	}
	return false
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
func addPayload(
	groups []doctor.Finding, e *evidence.Event, victim update.Ref, path string, proof []*evidence.Event,
) []doctor.Finding {
	i := 0
	for i < len(groups) && groups[i].Update != victim && !groups[i].Update.Same(victim) {
		i++
	}
	if i == len(groups) {
		groups = append(groups, doctor.Finding{Severity: doctor.Error, Confidence: doctor.Proven, Update: victim})
	}
	f := &groups[i]
	f.Codes = append(f.Codes, e.Code)
	f.Proof = append(f.Proof, proof...)
	for _, known := range f.Files {
		if strings.EqualFold(known.Path, path) {
			return groups
		}
	}
	f.Files = append(f.Files, doctor.File{Path: path})
	f.Missing = append(f.Missing, doctor.Missing{Kind: doctor.MissingFile, Name: path})
	return groups
}

func describeStore(f *doctor.Finding) {
	f.Title = fmt.Sprintf("%s missing from the component store", filesAre(len(f.Files)))
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
