package check

import (
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// ServicingStackMissing finds a servicing stack whose folder in WinSxS is gone or empty: nothing can be serviced.
func ServicingStackMissing() doctor.Check {
	return doctor.Check{
		ID:    "servicing-stack-missing",
		Title: "The folder of the servicing stack is missing",
		Reads: []evidence.Kind{evidence.StackMissing, evidence.StackLoaded, evidence.ServicingEnd, evidence.FileState},
		Run:   servicingStackMissing,
	}
}

func servicingStackMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	absent, whole := stackFolders(x.Evidence)
	loads := stacksLoaded(x.Evidence)
	for _, e := range unsettled(x, evidence.StackMissing) {
		if loads.after(e) {
			continue
		}
		f := fault{event: e, sure: true}
		dir := stackDir(e.Field(evidence.Path))
		state, there, gone := looked(x.Evidence, dir)
		switch {
		case there, dir == "" && whole:
			continue
		case gone:
			f.more, f.path = []*evidence.Event{state}, dir
		case dir == "" && absent != nil:
			f.more, dir = []*evidence.Event{absent}, absent.Field(evidence.Path)
			f.path = dir
		}
		if dir != "" {
			f.thing = doctor.Missing{Kind: doctor.MissingDirectory, Name: dir}
		}
		faults = append(faults, f)
	}
	return gathered(faults, describeStack)
}

// stackDir is the folder of a servicing stack, of which a line may name a file.
func stackDir(path string) string {
	if i := strings.LastIndexByte(path, '\\'); i > 0 && strings.HasSuffix(strings.ToLower(path), ".dll") {
		return path[:i]
	}
	return path
}

// stackFolders gives the folder of an installed stack that is not there, and whether all of them are.
func stackFolders(set *evidence.Set) (absent *evidence.Event, whole bool) {
	for e := range set.Of(evidence.StackLoaded) {
		if e.Field(evidence.Status) != "installed" {
			continue
		}
		state, there, gone := looked(set, e.Field(evidence.Path))
		if gone {
			return state, false
		}
		whole = whole || there
	}
	return nil, whole
}

// stacksLoaded are the loads of a servicing stack.
func stacksLoaded(set *evidence.Set) *marks {
	var m marks
	for l := range set.Of(evidence.StackLoaded) {
		if l.Field(evidence.Status) == "" {
			m.add(l)
		}
	}
	return &m
}

func describeStack(f *doctor.Finding) {
	f.Title = "The servicing stack is missing; no update can be installed"
	f.Detail = "The servicing stack, the part of Windows that installs updates, has a folder of its own in WinSxS. It is not there, or is " +
		"empty. Bring it back from the servicing stack update of the same version, or from another computer of the same build, by a " +
		"tool that uses backup rights (robocopy /B). Do not take ownership of WinSxS."
	f.Next = []string{`dir /b %windir%\WinSxS\*servicingstack*`, "DISM /Online /Get-Packages /Format:Table"}
}
