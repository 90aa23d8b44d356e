package check

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// ComponentManifestMissing finds a component that an installed package is made of and that the component store does
// not have: 0x80073701 of every update that builds on it.
func ComponentManifestMissing() doctor.Check {
	return doctor.Check{
		ID:    "component-manifest-missing",
		Title: "A component's manifest is missing from the component store",
		Reads: []evidence.Kind{
			evidence.ComponentManifestMissing, evidence.ManifestDamaged, evidence.ManifestRepaired, evidence.ServicingEnd,
			evidence.StoreScan, evidence.FileState, evidence.Attempt,
		},
		Run: componentManifestMissing,
	}
}

// assemblyMissing is ERROR_SXS_ASSEMBLY_MISSING.
const assemblyMissing hresult.Code = 0x80073701

func componentManifestMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	named := false
	mends := manifestMends(x.Evidence)
	for _, e := range unsettled(x, evidence.ComponentManifestMissing, evidence.ManifestDamaged) {
		f, ok := manifestFault(x.Evidence, e)
		if !ok || mends.after(e) {
			continue
		}
		named = named || f.thing.Name != ""
		faults = append(faults, f)
	}
	if named {
		faults = keepCulprits(keepNamed(faults))
	}
	if len(faults) == 0 {
		faults = attemptsAlone(x, assemblyMissing)
	}
	return gathered(faults, func(f *doctor.Finding) { describeComponents(f, addPackage(x.Evidence)) })
}

// manifestFault says what a line about a manifest proves; false when the manifest is there, or is damaged only.
func manifestFault(set *evidence.Set, e *evidence.Event) (fault, bool) {
	f := fault{event: e, sure: true}
	component := e.Field(evidence.Component)
	path := underWindows(set, `WinSxS\Manifests\`+component+".manifest")
	state, there, absent := looked(set, path)
	switch {
	case component != "" && absent:
		f.path, f.more = path, []*evidence.Event{state}
		f.thing = doctor.Missing{Kind: doctor.MissingFile, Name: path}
	case e.Kind == evidence.ManifestDamaged || component != "" && there:
		return f, false
	case component != "":
		f.path, f.thing = path, doctor.Missing{Kind: doctor.MissingFile, Name: path}
	case e.Field(evidence.Name) != "":
		f.thing = doctor.Missing{Kind: doctor.MissingPackage, Name: e.Field(evidence.Name)}
	default:
		f.sure = false
	}
	return f, true
}

// mends are the repairs of manifests: of all that were damaged, or of one component's.
type mends struct {
	whole *marks
	some  byName
}

func manifestMends(set *evidence.Set) mends {
	return mends{wholeRepairs(set), mended(set, evidence.ManifestRepaired, evidence.Component)}
}

// after reports that what an event tells of was repaired later.
func (m mends) after(e *evidence.Event) bool {
	return m.whole.after(e) || m.some[e.Field(evidence.Component)].after(e)
}

// keepNamed leaves out the faults of updates that others name a thing for: the code is repeated in many lines.
func keepNamed(faults []fault) []fault {
	var out []fault
	for _, f := range faults {
		if f.thing.Name != "" {
			out = append(out, f)
		}
	}
	return out
}

// keepCulprits leaves out the packages that are only being installed, where another line says which it stumbles over.
func keepCulprits(faults []fault) []fault {
	installs := func(f fault) bool {
		return f.thing.Kind == doctor.MissingPackage && strings.Contains(f.event.Text, "resolve execution p")
	}
	if !slices.ContainsFunc(faults, func(f fault) bool { return !installs(f) }) {
		return faults
	}
	return slices.DeleteFunc(faults, installs)
}

func describeComponents(f *doctor.Finding, add []string) {
	kbs := packageKBs(f.Proof)
	f.Title = "A component is missing from the component store" + failsOn(f)
	if len(kbs) > 0 {
		f.Title = "A part of the installed " + string(kbs[0]) + " is missing from the component store" + failsOn(f)
	}
	f.Detail = "An update that is installed is made of components, and the store (WinSxS) no longer has one of them, so " +
		"every update that builds on it fails. Repair the store; if that finds no source, install the update that the component " +
		"belongs to again. Renaming SoftwareDistribution does not help here."
	f.Surer = "a line that names the component or its package, or the disk itself: redx diagnose --image DIR"
	f.Next = []string{restoreHealth}
	for _, kb := range kbs {
		f.Next = append(f.Next, catalogPage(kb))
	}
	if len(kbs) > 0 {
		f.Next = append(f.Next, add...)
	}
	f.Next = append(f.Next, openWindowsUpdate)
}
