package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
)

// stackCodes are the results of an attempt that wants a newer servicing stack.
var stackCodes = []hresult.Code{
	0x800F0823, // CBS_E_NEW_SERVICING_STACK_REQUIRED
	0x80242017, // WU_E_UH_NEW_SERVICING_STACK_REQUIRED
}

// ServicingStackUpdateNeeded finds an update that wants a newer servicing stack than there is.
func ServicingStackUpdateNeeded() doctor.Check {
	return doctor.Check{
		ID:    "servicing-stack-update-needed",
		Title: "An update needs a newer servicing stack first",
		Reads: []evidence.Kind{evidence.StackRequired, evidence.StackLoaded, evidence.ServicingEnd, evidence.Attempt},
		Run:   servicingStackUpdateNeeded,
	}
}

func servicingStackUpdateNeeded(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.StackRequired) {
		if newerLoaded(x.Evidence, e) || e.Field(evidence.Needed) == "" && saysNeeded(x.Evidence) {
			continue
		}
		f := fault{event: e, sure: true}
		if needed := e.Field(evidence.Needed); needed != "" {
			f.thing = doctor.Missing{Kind: doctor.MissingPackage, Name: "servicing stack " + needed}
		}
		faults = append(faults, f)
	}
	for _, group := range history.ByUpdate(x.History) {
		// The code of the update agent and of servicing says nothing else than this, so it stands for the line.
		last, failing := group.Standing()
		if failing && slices.Contains(stackCodes, last.Code) && len(faults) == 0 {
			faults = append(faults, fault{event: last.Proof[0], sure: false})
		}
	}
	return gathered(faults, describeStackUpdate)
}

// saysNeeded reports that a line says which version is needed; those that give only the code repeat it.
func saysNeeded(set *evidence.Set) bool {
	for e := range set.Of(evidence.StackRequired) {
		if e.Field(evidence.Needed) != "" {
			return true
		}
	}
	return false
}

// newerLoaded reports that a stack which is new enough was loaded after the event.
func newerLoaded(set *evidence.Set, e *evidence.Event) bool {
	for l := range set.Of(evidence.StackLoaded) {
		installed := l.Field(evidence.Status) != ""
		if (installed || after(l, e)) && e.Field(evidence.Needed) != "" && atLeast(l.Field(evidence.Name), e.Field(evidence.Needed)) {
			return true
		}
	}
	return false
}

// atLeast compares two versions of numbers and dots.
func atLeast(have, want string) bool {
	a, b := numbers(have), numbers(want)
	return len(a) > 0 && slices.Compare(a, b) >= 0
}

func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	return out
}

func describeStackUpdate(f *doctor.Finding) {
	f.Title = nameOf(f.Update) + " needs a newer servicing stack than this computer has"
	f.Detail = "The part of Windows that installs updates must itself be brought up to date before this update can be installed. Nothing " +
		"is damaged."
	if len(f.Missing) > 0 {
		f.Detail += " It must be at least the " + f.Missing[0].Name + "."
	}
	f.Detail += " Install the servicing stack update of this version of Windows first, then the update again."
	f.Surer = "CBS.log names the version that is needed"
	f.Next = []string{"start https://www.catalog.update.microsoft.com/Search.aspx?q=servicing%20stack%20update", addPackage, openWindowsUpdate}
}
