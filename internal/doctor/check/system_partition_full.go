package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// recoveryCodes are the results of an update of the recovery environment that found no room in its partition.
var recoveryCodes = []hresult.Code{
	0x80070643, // ERROR_INSTALL_FAILURE, which alone proves nothing
	0x800f0828, // CBS_E_INSUFFICIENT_DISK_SPACE
}

// recoveryKBs are updates of the recovery environment alone (Microsoft's articles of these numbers); others bear it in
// their title.
var recoveryKBs = []update.KB{
	"KB5034439", "KB5034440", "KB5034441", "KB5042320", "KB5042321", "KB5042322", "KB5048239", "KB5050411", "KB5050758",
	"KB5057588", "KB5057589",
}

// SystemPartitionFull finds that the recovery partition, or the one that Windows starts from, has no room for an update.
func SystemPartitionFull() doctor.Check {
	return doctor.Check{
		ID:    "system-partition-full",
		Title: "The recovery or system partition is too small",
		Reads: []evidence.Kind{evidence.Attempt, evidence.PartitionFull},
		Run:   systemPartitionFull,
	}
}

// isRecovery reports an update of the recovery environment.
func isRecovery(u update.Ref) bool {
	title := strings.ToLower(u.Title)
	return slices.Contains(recoveryKBs, u.KB) || strings.Contains(title, "recovery environment") || strings.Contains(title, "winre")
}

func systemPartitionFull(x *doctor.Exam) []doctor.Finding {
	fails := slices.DeleteFunc(standing(x, recoveryCodes...), func(s stuck) bool { return !isRecovery(s.update) })
	var words []*evidence.Event
	cured := curesOf(x)
	for e := range x.Evidence.Of(evidence.PartitionFull) {
		if !cured.of(e) {
			words = append(words, e)
		}
	}
	if len(fails)+len(words) == 0 {
		return nil
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: updateOf(fails, words),
		Detail: "The update writes to a small hidden partition beside C:, and there is no room. That partition must grow " +
			"by 250 MB, as Microsoft's article KB5028997 says how; changing partitions can lose data, so back up first, or leave it to somebody " +
			"who knows how. Until then this update may fail again and again; other updates do not wait for it. This is not " +
			"about room on C:, and nothing is wrong with the downloads: resetting them does not help.",
		Codes: slices.Concat(codes, codesOf(words)), Proof: slices.Concat(proofOf(words, 3), attempts),
		Next: []string{"reagentc /info", "start https://support.microsoft.com/help/5028997", openWindowsUpdate},
	}
	f.Title = fmt.Sprintf("The recovery partition is too small for %s", nameOf(f.Update))
	if len(fails) == 0 {
		f.Title = fmt.Sprintf("The partition that Windows starts from, or the recovery partition, has no room for %s", nameOf(f.Update))
	}
	if len(words) == 0 || len(fails) == 0 {
		f.Confidence = doctor.Likely
		f.Surer = "event 4502 of WinREAgent in the System log, or the size of the recovery partition: reagentc /info, then diskpart"
	}
	return []doctor.Finding{f}
}
