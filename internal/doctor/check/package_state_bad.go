package check

import (
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/update"
)

// PackageStateBad finds an installed package whose state in the registry is a failure, or one on the way to something
// while nothing waits for a restart.
func PackageStateBad() doctor.Check {
	return doctor.Check{
		ID:            "package-state-bad",
		Title:         "An installed package is in a bad state",
		Reads:         []evidence.Kind{evidence.PackageState, evidence.PackageInvalid, evidence.ServicingEnd, evidence.Attempt},
		ConsequenceOf: []string{"package-manifest-missing", "component-manifest-missing", "pending-operation-interrupted"},
		Unproven:      true,
		Run:           packageStateBad,
	}
}

func packageStateBad(x *doctor.Exam) []doctor.Finding {
	failing, some := failingUpdates(x.Attempts)
	var faults []fault
	for e := range x.Evidence.Of(evidence.PackageState) {
		failed := e.Field(evidence.State) == evidence.StateFailed
		own := false
		for range failing.Same(e.Update) {
			own = true
		}
		if !failed && !own {
			continue // on its way, and no attempt of this update has failed
		}
		faults = append(faults, fault{event: e, sure: own || failed && some, thing: packageThing(e)})
	}
	for _, e := range unsettled(x, evidence.PackageInvalid) {
		if f, ok := invalidFault(x.Evidence, e); ok {
			faults = append(faults, f)
		}
	}
	out := gathered(faults, describePackageState)
	for i := range out {
		if out[i].Confidence != doctor.Proven {
			out[i].Severity = doctor.Warning
		}
	}
	return out
}

// failingUpdates gives the updates whose last attempt failed, and whether there is one.
func failingUpdates(all []history.Attempts) (updates update.Index[bool], some bool) {
	for _, group := range all {
		if _, failing := group.Standing(); failing {
			updates.Add(group.Update, true)
			some = true
		}
	}
	return updates, some
}

// invalidFault takes servicing's own word for a package; false when the registry, which was read, says otherwise now.
func invalidFault(set *evidence.Set, e *evidence.Event) (fault, bool) {
	f := fault{event: e, sure: true, thing: packageThing(e)}
	for s := range set.Named(evidence.PackageState, e.Field(evidence.Name)) {
		f.more = []*evidence.Event{s}
		return f, true
	}
	return f, set.Machine.Build == "" // without a version the registry was not read
}

func packageThing(e *evidence.Event) doctor.Missing {
	return doctor.Missing{Kind: doctor.MissingPackage, Name: e.Field(evidence.Name)}
}

func describePackageState(f *doctor.Finding) {
	what := "A package"
	if len(f.Missing) > 1 {
		what = fmt.Sprintf("%d packages, one of them", len(f.Missing))
	}
	kb := packageKBs(f.Proof)
	if len(kb) > 0 {
		what += " of " + string(kb[0])
	}
	f.Title = what + " is in a bad state"
	f.Detail = "Servicing's registry says of a package that installing it failed, or that it is half-way and nothing finishes it. Updates that " +
		"build on it fail. Remove the package, or install it again; do not write its state by hand. Nothing is damaged as long as no update " +
		"fails on it."
	f.Surer = "an update that fails while the package is in this state"
	f.Next = []string{"DISM /Online /Get-Packages /Format:Table"}
	if len(f.Missing) > 0 && plainPackage(f.Missing[0].Name) {
		f.Next = append(f.Next, "DISM /Online /Remove-Package /PackageName:"+f.Missing[0].Name)
	}
	for _, kb := range kb {
		f.Next = append(f.Next, catalogPage(kb))
	}
	f.Missing = nil // nothing is missing; the package is there, and odd
}

// plainPackage reports a package's name that means nothing to any shell.
func plainPackage(s string) bool { return plainName(strings.ReplaceAll(s, "~", "")) }
