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
	good := goodEnds(x)
	for e := range x.Evidence.Of(kinds...) {
		if !good.settled(e) {
			out = append(out, e)
		}
	}
	return out
}

// fault is one standing event with what it is about.
type fault struct {
	event *evidence.Event
	thing doctor.Missing    // Name empty: it names nothing
	path  string            // of the file that is missing or damaged, if it is one
	more  []*evidence.Event // what else shows it
	sure  bool              // the evidence proves it
}

// attemptsAlone gives, in an excerpt, the attempts that still fail with one of these codes, each of which servicing has for one
// thing alone: no line is there that could name it.
func attemptsAlone(x *doctor.Exam, codes ...hresult.Code) []fault {
	if !x.Evidence.Machine.Excerpt {
		return nil
	}
	var out []fault
	for _, s := range standing(x, codes...) {
		out = append(out, fault{event: s.last.Proof[0]})
	}
	return out
}

// gathered makes one finding for each update that the faults stand in the way of; those of no known update share one.
func gathered(faults []fault, describe func(*doctor.Finding)) []doctor.Finding {
	g := newGathering()
	for i := range faults {
		g.add(&faults[i])
	}
	for i := range g.list {
		describe(&g.list[i])
		switch f := &g.list[i]; {
		case f.Confidence == doctor.Proven:
			f.Surer = ""
		case f.Surer == "":
			f.Surer = "the line that names what it is about: CBS.log and the CbsPersist cabinets beside it"
		}
	}
	return g.list
}

// gathering is the findings made so far, and what is known of each.
type gathering struct {
	list   []doctor.Finding
	index  update.Index[int] // of the findings, by their updates
	none   int               // the one of no known update, -1 for none
	things map[mention]bool  // that a finding names already
}

// mention is something that a finding has: a missing thing, a file's path, an event.
type mention struct {
	finding int
	missing doctor.Missing
	path    string
	event   *evidence.Event
}

func newGathering() *gathering { return &gathering{none: -1, things: map[mention]bool{}} }

// first reports that it is said for the first time.
func (g *gathering) first(s mention) bool {
	again := g.things[s]
	g.things[s] = true
	return !again
}

// of gives the finding of an update; if there is none, fresh becomes it.
func (g *gathering) of(u update.Ref, fresh doctor.Finding) int {
	i := g.none
	if !u.IsZero() {
		i = -1
		for known := range g.index.Same(u) {
			if (i < 0 || known < i) && g.list[known].Update.Same(u) {
				i = known
			}
		}
	}
	if i < 0 {
		i = len(g.list)
		g.list = append(g.list, fresh)
	}
	if u.IsZero() {
		g.none = i
	}
	if merged := g.list[i].Update.Merge(u); merged != g.list[i].Update {
		g.list[i].Update = merged
		g.index.Add(merged, i)
	}
	return i
}

func (g *gathering) add(f *fault) {
	i := g.of(f.event.Update, doctor.Finding{Severity: doctor.Error, Confidence: doctor.Likely})
	to := &g.list[i]
	if f.sure {
		to.Confidence = doctor.Proven
	}
	if f.event.Code.Failed() {
		to.Codes = append(to.Codes, f.event.Code)
	}
	for _, e := range append([]*evidence.Event{f.event}, f.more...) {
		if g.first(mention{finding: i, event: e}) {
			to.Proof = append(to.Proof, e)
		}
	}
	thing := doctor.Missing{Kind: f.thing.Kind, Name: strings.ToLower(f.thing.Name)}
	if f.thing.Name != "" && g.first(mention{finding: i, missing: thing}) {
		to.Missing = append(to.Missing, f.thing)
	}
	if f.path != "" && g.first(mention{finding: i, path: strings.ToLower(f.path)}) {
		to.Files = append(to.Files, doctor.File{Path: f.path})
	}
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
	for e := range set.Named(evidence.KeyState, name) {
		return e, true
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
