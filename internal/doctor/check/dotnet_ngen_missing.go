package check

import (
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// DotnetNgenMissing finds the service that compiles .NET's assemblies, clr_optimization_..., pointing at a program that
// is gone: installers that want to start it fail with "file not found".
func DotnetNgenMissing() doctor.Check {
	return doctor.Check{
		ID:    "dotnet-ngen-missing",
		Title: "The program of .NET's optimization service is missing",
		Reads: []evidence.Kind{
			evidence.ServiceStartFailed, evidence.ServiceFile, evidence.KeyState, evidence.FileState, evidence.ServicingEnd,
		},
		Run: dotnetNgenMissing,
	}
}

func dotnetNgenMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	var unnamed []*evidence.Event
	named := false
	for _, e := range unsettled(x, evidence.ServiceStartFailed) {
		name := strings.ToLower(e.Field(evidence.Name))
		switch {
		case !missingCode(e):
		case name == "":
			unnamed = append(unnamed, e)
		case strings.HasPrefix(name, "clr_optimization"):
			named = true
			if f, ok := ngenFault(x.Evidence, e); ok {
				faults = append(faults, f)
			}
		}
	}
	// A line that names no service belongs to those that do, be they mended or not.
	switch {
	case len(faults) > 0:
		faults[0].more = addProof(faults[0].more, unnamed)
	case !named && len(unnamed) > 0:
		faults = append(faults, fault{event: unnamed[0], more: unnamed[1:], sure: true})
	}
	return gathered(faults, describeNgen)
}

// ngenFault says which of the two is missing, the service or its program; false when both are there.
func ngenFault(set *evidence.Set, e *evidence.Event) (fault, bool) {
	name := e.Field(evidence.Name)
	f := fault{event: e, sure: true}
	f.thing = doctor.Missing{Kind: doctor.MissingService, Name: name}
	if key, ok := keyOf(set, name); ok && key.Field(evidence.State) == evidence.Absent {
		f.more = []*evidence.Event{key}
		return f, true
	}
	for s := range set.Named(evidence.ServiceFile, name) {
		state, there, absent := looked(set, s.Field(evidence.Path))
		if there {
			return f, false
		}
		f.path, f.more = s.Field(evidence.Path), []*evidence.Event{s}
		f.thing = doctor.Missing{Kind: doctor.MissingFile, Name: f.path}
		if absent {
			f.more = append(f.more, state)
		}
	}
	return f, true
}

func describeNgen(f *doctor.Finding) {
	f.Title = "The program of .NET's optimization service is missing" + failsOn(f)
	f.Detail = "An installer of the update starts .NET's optimization service (clr_optimization_...). The service or the program " +
		"that it names, mscorsvw.exe, is not there, and the update is rolled back with \"file not found\". Repair the .NET Framework; if that " +
		"version of it is not installed any more, keep a copy of the stale service's key and remove the service."
	f.Next = []string{"sc qc clr_optimization_v4.0.30319_32", "sc qc clr_optimization_v4.0.30319_64"}
	for _, m := range f.Missing {
		if m.Kind == doctor.MissingService && plainName(m.Name) {
			f.Next = []string{"sc qc " + m.Name}
			break
		}
	}
	f.Next = append(f.Next, "start https://aka.ms/dotnet-framework-repair-tool", restoreHealth, openWindowsUpdate)
}
