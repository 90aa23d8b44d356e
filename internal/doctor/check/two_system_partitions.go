package check

import (
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// TwoSystemPartitions finds a feature update that setup rolled back because it does not know which of several disks
// Windows starts from: 0x80070002 while it prepared the rollback in the safe phase (Microsoft's list of upgrade
// errors).
func TwoSystemPartitions() doctor.Check {
	return doctor.Check{
		ID:    "two-system-partitions",
		Title: "A second disk has a system partition too",
		Reads: []evidence.Kind{evidence.SetupFailed, evidence.Attempt},
		Run:   twoSystemPartitions,
	}
}

func twoSystemPartitions(x *doctor.Exam) []doctor.Finding {
	failed := setupFailures(x, func(c hresult.Code, phase string) bool { return c == hresult.FileNotFound && phase == "0x20009" })
	if len(failed) == 0 {
		return nil
	}
	return []doctor.Finding{{
		Severity: doctor.Error, Confidence: doctor.Likely, Update: failed[0].Update,
		Title: "The feature update is rolled back: a second disk has a system partition too",
		Detail: "Setup finds more than one partition to start Windows from and gives up. Shut down, take off every disk but the one with Windows, " +
			"and run the update again.",
		Surer: "the partitions themselves, as the first command below lists them",
		Codes: []hresult.Code{hresult.FileNotFound}, Proof: proofOf(failed, 3),
		Next: []string{listPartitions, "shutdown /s /t 0", openWindowsUpdate},
	}}
}

// listPartitions shows what is on which disk.
const listPartitions = `powershell -Command "Get-Partition | Format-Table DiskNumber,PartitionNumber,Type,Size"`

// setupFailures gives the failures of setup that want accepts, by code and extend code in hex, and behind which nothing
// was installed and no setup has gone on.
func setupFailures(x *doctor.Exam, want func(c hresult.Code, extend string) bool) []*evidence.Event {
	well := wentWell(x.Evidence, func(e *evidence.Event) bool { return installed(e) && isFeatureUpdate(e) }, evidence.Attempt)
	var out []*evidence.Event
	for e := range x.Evidence.Of(evidence.SetupFailed) {
		if want(e.Code, e.Field(evidence.Extend)) && !well.after(e) {
			out = append(out, e)
		}
	}
	return out
}

// FailedUpgrades gives the feature updates that setup rolled back and that no finding is about.
func FailedUpgrades(set *evidence.Set, findings []doctor.Finding) []*evidence.Event {
	told := map[string]bool{}
	for _, c := range All() {
		told[c.ID] = slices.Contains(c.Reads, evidence.SetupFailed)
	}
	if slices.ContainsFunc(findings, func(f doctor.Finding) bool { return told[f.Check] }) {
		return nil
	}
	return setupFailures(&doctor.Exam{Evidence: set}, func(hresult.Code, string) bool { return true })
}
