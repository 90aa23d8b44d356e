package check

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// unsettled gives the events of these kinds that nothing later has put right: neither did their session end well, nor
// was their update installed later. Of an update that is not known, any package that servicing installed later counts.
func unsettled(x *doctor.Exam, kinds ...evidence.Kind) []*evidence.Event {
	var out []*evidence.Event
	for e := range x.Evidence.Of(kinds...) {
		if !endedWell(x.Evidence, e) && !installedLater(x, e, e.Update) {
			out = append(out, e)
		}
	}
	return out
}

// endedWell reports that servicing ended what the event belongs to with success, later than it.
func endedWell(set *evidence.Set, e *evidence.Event) bool {
	for end := range set.Of(evidence.ServicingEnd) {
		if end.Code != hresult.OK || !after(end, e) {
			continue
		}
		sameSession := e.Session != "" && end.Session == e.Session && end.Source.Path == e.Source.Path
		if sameSession || end.Field(evidence.Name) != "" && (e.Update.IsZero() || end.Update.Same(e.Update)) {
			return true
		}
	}
	return false
}

// storeRepaired reports that a check of the component store repaired later all that it found.
func storeRepaired(set *evidence.Set, e *evidence.Event) bool {
	for s := range set.Of(evidence.StoreScan) {
		detected, repaired := size(s.Field(evidence.Detected)), size(s.Field(evidence.Repaired))
		if after(s, e) && s.Code == hresult.OK && repaired >= detected && s.Field(evidence.Result) != "" {
			return true
		}
	}
	return false
}

// fault is one standing event with what it is about.
type fault struct {
	event *evidence.Event
	thing doctor.Missing    // Name empty: it names nothing
	path  string            // of the file that is missing or damaged, if it is one
	more  []*evidence.Event // what else shows it
	sure  bool              // the evidence proves it
}

// gathered makes one finding for each update that the faults stand in the way of; those of no known update share one.
func gathered(faults []fault, describe func(*doctor.Finding)) []doctor.Finding {
	var out []doctor.Finding
	for i := range faults {
		out = addFault(out, &faults[i])
	}
	for i := range out {
		describe(&out[i])
		if out[i].Confidence == doctor.Proven {
			out[i].Surer = ""
		}
	}
	return out
}

func addFault(list []doctor.Finding, f *fault) []doctor.Finding {
	u := f.event.Update
	i := slices.IndexFunc(list, func(o doctor.Finding) bool { return o.Update == u || o.Update.Same(u) })
	if i < 0 {
		i = len(list)
		list = append(list, doctor.Finding{Severity: doctor.Error, Confidence: doctor.Likely, Update: u})
	}
	to := &list[i]
	to.Update = to.Update.Merge(u)
	if f.sure {
		to.Confidence = doctor.Proven
	}
	if f.event.Code.Failed() {
		to.Codes = append(to.Codes, f.event.Code)
	}
	to.Proof = addProof(to.Proof, append([]*evidence.Event{f.event}, f.more...))
	if f.thing.Name != "" && !slices.ContainsFunc(to.Missing, func(m doctor.Missing) bool { return sameThing(m, f.thing) }) {
		to.Missing = append(to.Missing, f.thing)
	}
	if f.path != "" && !slices.ContainsFunc(to.Files, func(o doctor.File) bool { return strings.EqualFold(o.Path, f.path) }) {
		to.Files = append(to.Files, doctor.File{Path: f.path})
	}
	return list
}

func sameThing(a, b doctor.Missing) bool {
	return a.Kind == b.Kind && strings.EqualFold(a.Name, b.Name)
}

func addProof(list, more []*evidence.Event) []*evidence.Event {
	for _, e := range more {
		if !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return list
}

// looked says whether a file was looked for, and gives the event that shows it.
func looked(set *evidence.Set, path string) (state *evidence.Event, there, absent bool) {
	state, ok := set.FileState(path)
	if !ok {
		return nil, false, false
	}
	switch state.Field(evidence.State) {
	case evidence.Present, evidence.Different:
		return state, true, false
	case evidence.Absent, evidence.NoFolder:
		return state, false, true
	}
	return nil, false, false
}

// keyOf gives what was seen of the key of a thing by its name: a service, a task.
func keyOf(set *evidence.Set, name string) (*evidence.Event, bool) {
	for e := range set.Of(evidence.KeyState) {
		if strings.EqualFold(e.Field(evidence.Name), name) {
			return e, true
		}
	}
	return nil, false
}

// underWindows is a path below the Windows folder, %windir% where that is not known.
func underWindows(set *evidence.Set, path string) string {
	root := set.Machine.SystemRoot
	if root == "" {
		root = "%windir%"
	}
	return root + `\` + path
}

// failsOn ends a title with the update that stumbles, if it is known.
func failsOn(f *doctor.Finding) string {
	if f.Update.IsZero() {
		return ""
	}
	return "; " + nameOf(f.Update) + " fails on it"
}

// catalogPage opens the Microsoft Update Catalog at an update, so that its package can be had.
func catalogPage(kb update.KB) string {
	return "start https://www.catalog.update.microsoft.com/Search.aspx?q=" + string(kb)
}

// missingCode reports an event that says "not found" of something, or gives no code.
func missingCode(e *evidence.Event) bool {
	return e.Code == 0 || e.Code == hresult.FileNotFound || e.Code == hresult.PathNotFound || e.Code == 0x80004005
}
