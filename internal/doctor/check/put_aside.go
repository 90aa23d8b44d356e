package check

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// putAside gives the account of a repair that put aside a folder which the path is, or is in, and that Windows has not
// made anew; nil when there is none.
func putAside(set *evidence.Set, path string) *evidence.Event {
	for path != "" {
		if e, ok := set.PutAsideAt(path); ok {
			return e
		}
		path = path[:max(0, strings.LastIndexByte(path, '\\'))]
	}
	return nil
}

// settle turns a finding about a folder that was put aside into what it is now: Windows' turn. The failure lies before
// the repair, and what it was about has gone with the folder.
func settle(f *doctor.Finding, set *evidence.Set) {
	if len(f.Files) == 0 {
		return
	}
	var aside []*evidence.Event
	known := map[*evidence.Event]bool{}
	for _, file := range f.Files {
		e := putAside(set, file.Path)
		if e == nil {
			return
		}
		if !known[e] {
			known[e] = true
			aside = append(aside, e)
		}
	}
	f.Severity, f.Confidence, f.Surer, f.Turn = doctor.Info, doctor.Proven, "", doctor.WindowsTurn
	f.Title = "Put aside, and not made anew by Windows yet: " + strings.TrimPrefix(aside[0].Field(evidence.Path), rootOf(set)+`\`)
	f.Detail = "A repair has put it aside as " + aside[0].Field(evidence.Name) + "; Windows makes it anew, and downloads again what is " +
		"missing, when it searches for updates. If that does not help, the repair can be taken back."
	f.Proof = append(slices.Clone(aside), f.Proof...)
	f.Missing = nil
	f.Next = []string{openWindowsUpdate, "redx repair undo"}
}

// takenAway turns a finding about a database whose folder is not there any more into what it is now: Windows' turn, which builds it
// anew. One that a repair has put aside says so by itself.
func takenAway(f *doctor.Finding, set *evidence.Set, folder string) {
	if f.Turn == doctor.WindowsTurn {
		return
	}
	state, lost := absent(set, folder)
	if !lost {
		return
	}
	f.Severity, f.Confidence, f.Surer, f.Turn = doctor.Info, doctor.Proven, "", doctor.WindowsTurn
	f.Title = "The folder of a damaged database is not there any more: " + strings.TrimPrefix(folder, rootOf(set)+`\`)
	f.Detail = "The logs tell of its damage, and somebody has taken it away since. Windows builds it anew when it searches for updates."
	f.Proof = append([]*evidence.Event{state}, f.Proof...)
	f.Next = []string{openWindowsUpdate}
}

// repairFirst names redx itself where what was found is proven, which is when it repairs; else the commands that do it by
// hand stay.
func repairFirst(f *doctor.Finding) {
	if f.Confidence == doctor.Proven {
		f.Next = []string{"redx repair", openWindowsUpdate}
	}
}
