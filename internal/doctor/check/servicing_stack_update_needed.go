package check

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
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
	said, have := saysNeeded(x.Evidence), stacksSeen(x.Evidence)
	for _, e := range unsettled(x, evidence.StackRequired) {
		needed := e.Field(evidence.Needed)
		if needed == "" && said || have.enough(needed, e) {
			continue
		}
		f := fault{event: e, sure: true}
		if needed != "" {
			f.thing = doctor.Missing{Kind: doctor.MissingPackage, Name: "servicing stack " + needed}
		}
		faults = append(faults, f)
	}
	for _, group := range x.Attempts {
		// The code of the update agent and of servicing says nothing else than this, so it stands for the line.
		last, failing := group.Standing()
		if failing && slices.Contains(stackCodes, last.Code) && len(faults) == 0 {
			faults = append(faults, fault{event: last.Proof[0], sure: false})
		}
	}
	return gathered(faults, func(f *doctor.Finding) { describeStackUpdate(f, x.Evidence) })
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

// stacks are the versions of the servicing stack that were loaded, or that the registry says are installed.
type stacks struct {
	versions  map[string]*stackSeen
	installed []int // the newest of those in the registry
}

type stackSeen struct {
	number []int
	loads  marks
}

// maxStacks bounds how many versions are told apart; a computer sees some ten in its life.
const maxStacks = 1000

func stacksSeen(set *evidence.Set) *stacks {
	s := stacks{versions: map[string]*stackSeen{}}
	for l := range set.Of(evidence.StackLoaded) {
		version := l.Field(evidence.Name)
		number := numbers(version)
		if l.Field(evidence.Status) != "" && slices.Compare(number, s.installed) > 0 {
			s.installed = number
		}
		if s.versions[version] == nil && len(number) > 0 && len(s.versions) < maxStacks {
			s.versions[version] = &stackSeen{number: number}
		}
		if seen := s.versions[version]; seen != nil {
			seen.loads.add(l)
		}
	}
	return &s
}

// enough reports that a stack which is as new as needed is installed, or was loaded after the event.
func (s *stacks) enough(needed string, e *evidence.Event) bool {
	want := numbers(needed)
	if needed == "" || len(s.installed) > 0 && slices.Compare(s.installed, want) >= 0 {
		return needed != ""
	}
	for _, v := range s.versions {
		if slices.Compare(v.number, want) >= 0 && v.loads.after(e) {
			return true
		}
	}
	return false
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

// productName takes the name of a Windows that the catalog's titles begin with, such as "Windows 10" or "Windows Server 2019".
var productName = regexp.MustCompile(`^Windows (?:Server )?\d+(?:\.\d)?(?: R2)?`)

func describeStackUpdate(f *doctor.Finding, set *evidence.Set) {
	f.Title = nameOf(f.Update) + " needs a newer servicing stack than this computer has"
	f.Detail = "The part of Windows that installs updates must itself be brought up to date before this update can be installed. Nothing " +
		"is damaged."
	if len(f.Missing) > 0 {
		f.Detail += " It must be at least the " + f.Missing[0].Name + "."
	}
	f.Detail += " Install the servicing stack update of this version of Windows first, then the update again."
	f.Surer = "CBS.log names the version that is needed"
	wanted := strings.ReplaceAll(strings.TrimSpace("servicing stack update "+productName.FindString(set.Machine.Product)), " ", "%20")
	f.Next = append([]string{"start https://www.catalog.update.microsoft.com/Search.aspx?q=" + wanted}, addPackage(set)...)
	f.Next = append(f.Next, openWindowsUpdate)
}
