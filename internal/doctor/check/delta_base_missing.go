package check

import (
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// DeltaBaseMissing finds an update that came as differences only, whose base on this computer is absent or another.
func DeltaBaseMissing() doctor.Check {
	return doctor.Check{
		ID:            "delta-base-missing",
		Title:         "The base of an update that came as differences is missing",
		Reads:         []evidence.Kind{evidence.DeltaBaseMissing, evidence.ServicingEnd, evidence.StoreScan, evidence.FileState, evidence.Attempt},
		ConsequenceOf: []string{"component-payload-missing", "package-manifest-missing", "component-manifest-missing", "manifest-hash-mismatch"},
		Run:           deltaBaseMissing,
	}
}

func deltaBaseMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.DeltaBaseMissing) {
		f := fault{event: e, sure: e.Code.Failed() && !slices.Contains(checkpointCodes, e.Code)}
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
	if len(faults) == 0 {
		faults = failedDeltas(x)
	}
	return gathered(faults, func(f *doctor.Finding) { describeDelta(f, addPackage(x.Evidence)) })
}

// failedDeltas gives the attempts that end with one of the codes of differences, which mean nothing else.
func failedDeltas(x *doctor.Exam) []fault {
	var out []fault
	for _, s := range standing(x) {
		if isDelta(s.last.Code) {
			out = append(out, fault{event: s.last.Proof[0], more: s.last.Proof[1:]})
		}
	}
	return out
}

// checkpointCodes are the results of a cumulative update whose checkpoint is not there, as administrators report them.
var checkpointCodes = []hresult.Code{
	0x800F0838, // of servicing
	0x80070228, // of DISM
}

// isDelta reports the codes of differences: PSFX_E_... and servicing's word for a missing checkpoint.
func isDelta(c hresult.Code) bool {
	return c >= 0x800F0980 && c <= 0x800F0991 || c == checkpointCodes[0]
}

// describeCheckpoint is for cumulative updates since Windows 11 24H2 and Server 2025, which are differences to a checkpoint.
func describeCheckpoint(f *doctor.Finding, add []string) {
	f.Title = "The checkpoint that a cumulative update builds on is missing" + failsOn(f)
	f.Detail = "Since Windows 11 24H2 and Windows Server 2025 a cumulative update holds the differences to a checkpoint, an earlier " +
		"cumulative update, and this one's is not installed. Windows Update brings both by itself. By hand: put every .msu that the catalog's " +
		"page offers for the update into one folder, and install the newest from there; DISM takes the others from the same folder."
	f.Surer = "the list of installed packages, and the .msu files that the catalog's page of the update offers"
	f.Next = []string{"DISM /Online /Get-Packages /Format:Table"}
	if f.Update.KB != "" {
		f.Next = append(f.Next, catalogPage(f.Update.KB))
	}
	f.Next = append(append(f.Next, add...), openWindowsUpdate)
}

func describeDelta(f *doctor.Finding, add []string) {
	if slices.ContainsFunc(f.Codes, func(c hresult.Code) bool { return slices.Contains(checkpointCodes, c) }) {
		describeCheckpoint(f, add)
		return
	}
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
		f.Next = append(append(f.Next, catalogPage(f.Update.KB)), add...)
	}
	f.Next = append(f.Next, openWindowsUpdate)
}
