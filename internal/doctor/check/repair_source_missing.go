package check

import (
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// sourceCodes are the results of a repair, or of a feature that is added, without a source of its files.
var sourceCodes = []hresult.Code{
	0x800F081F, // CBS_E_SOURCE_MISSING
	0x80073712, // ERROR_SXS_COMPONENT_STORE_CORRUPT
}

// RepairSourceMissing finds a repair of the component store, or a feature, that found no source to take files from.
// It mostly follows from what is missing there, which the other checks of the store name.
func RepairSourceMissing() doctor.Check {
	return doctor.Check{
		ID:    "repair-source-missing",
		Title: "Servicing has no source to take files from",
		Reads: []evidence.Kind{
			evidence.SourceMissing, evidence.StoreScan, evidence.ServicingEnd, evidence.PayloadCorrupt, evidence.PayloadMissing,
			evidence.PackageManifestMissing, evidence.ComponentManifestMissing, evidence.ManifestDamaged, evidence.Attempt,
		},
		ConsequenceOf: []string{
			"component-payload-missing", "package-manifest-missing", "component-manifest-missing", "manifest-hash-mismatch",
			"delta-base-missing", "feature-on-demand-blocked",
		},
		Run: repairSourceMissing,
	}
}

func repairSourceMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	repairs := wholeRepairs(x.Evidence)
	for _, e := range unsettled(x, evidence.SourceMissing, evidence.StoreScan, evidence.ServicingEnd) {
		coded := slices.Contains(sourceCodes, e.Code)
		if e.Kind != evidence.SourceMissing && !coded || repairs.after(e) {
			continue
		}
		faults = append(faults, fault{event: e, sure: e.Kind != evidence.SourceMissing || coded})
	}
	if len(faults) == 0 {
		faults = attemptsAlone(x, sourceCodes...)
	}
	return gathered(faults, describeSource)
}

func describeSource(f *doctor.Finding) {
	f.Title = "Servicing has no source to take files from" + failsOn(f)
	f.Detail = "Files of Windows are missing or damaged, and servicing found nowhere to take good ones from. Give it a source whose " +
		"build and revision are those of this Windows (install.wim of the same version, brought up to the same update); " +
		"any other ends with the same code. An in-place upgrade from setup's image comes last. Renaming SoftwareDistribution does not help here."
	f.Next = []string{
		restoreHealth,
		`DISM /Online /Cleanup-Image /RestoreHealth /Source:WIM:D:\sources\install.wim:1 /LimitAccess`,
		scanNow,
	}
}
