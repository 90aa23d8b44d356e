package check

import (
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// DeltaBaseMissing finds an update that came as differences only, whose base on this computer is absent or another.
func DeltaBaseMissing() doctor.Check {
	return doctor.Check{
		ID:            "delta-base-missing",
		Title:         "The base of an update that came as differences is missing",
		Reads:         []evidence.Kind{evidence.DeltaBaseMissing, evidence.ServicingEnd, evidence.StoreScan, evidence.FileState},
		ConsequenceOf: []string{"component-payload-missing", "package-manifest-missing", "component-manifest-missing", "manifest-hash-mismatch"},
		Run:           deltaBaseMissing,
	}
}

func deltaBaseMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.DeltaBaseMissing) {
		f := fault{event: e, sure: e.Code.Failed()}
		if component := e.Field(evidence.Component); component != "" && e.Field(evidence.Name) != "" {
			f.path = underWindows(x.Evidence, `WinSxS\`+component+`\`+e.Field(evidence.Name))
			state, there, absent := looked(x.Evidence, f.path)
			if there {
				continue
			}
			if absent {
				f.more = []*evidence.Event{state}
			}
			f.sure = true
			f.thing = doctor.Missing{Kind: doctor.MissingFile, Name: f.path}
		}
		faults = append(faults, f)
	}
	return gathered(faults, describeDelta)
}

func describeDelta(f *doctor.Finding) {
	f.Title = "The base of a delta is missing or another one" + failsOn(f)
	if len(f.Files) > 0 {
		f.Title = "The base file " + fileNameOf(f.Files[0].Path) + " of a delta is missing" + failsOn(f)
	}
	f.Detail = "The update came as differences to files that this computer should have, and servicing could not apply them to what is " +
		"there. Install the whole package (.msu) from the Microsoft Update Catalog, which brings the files themselves; repair " +
		"the component store if that fails too. Renaming SoftwareDistribution does not help here."
	f.Surer = "the lines around it in CBS.log, with the code of the failure"
	f.Next = []string{restoreHealth}
	if f.Update.KB != "" {
		f.Next = append(f.Next, catalogPage(f.Update.KB), addPackage)
	}
	f.Next = append(f.Next, openWindowsUpdate)
}
