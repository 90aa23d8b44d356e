package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

const notSameDevice hresult.Code = 0x80070011

// movedCodes are the results of an attempt that stumbled over a folder which is on another volume or behind a link.
var movedCodes = []hresult.Code{notSameDevice, hresult.PathNotFound, hresult.FileNotFound}

// ProfileFolderMoved finds that Users or ProgramData were moved to another place while an update fails for it. Moved
// folders on a computer whose updates succeed are no finding.
func ProfileFolderMoved() doctor.Check {
	return doctor.Check{
		ID:    "profile-folder-moved",
		Title: "The folder of user profiles, or ProgramData, was moved",
		Reads: []evidence.Kind{evidence.SystemFolder, evidence.Attempt, evidence.Trouble, evidence.SetupFailed},
		Run:   profileFolderMoved,
	}
}

func profileFolderMoved(x *doctor.Exam) []doctor.Finding {
	var moved []*evidence.Event
	for e := range x.Evidence.Of(evidence.SystemFolder) {
		if e.Field(evidence.State) == evidence.Linked || !strings.EqualFold(e.Field(evidence.Path), e.Field(evidence.Expected)) {
			moved = append(moved, e)
		}
	}
	fails := standing(x, movedCodes...)
	lines := carrying(x, []hresult.Code{notSameDevice})
	well := wentWell(x.Evidence, installed, evidence.Attempt)
	for e := range x.Evidence.Of(evidence.SetupFailed) {
		if slices.Contains(movedCodes, e.Code) && !well.after(e) {
			lines = append(lines, e)
		}
	}
	if len(moved) == 0 || len(fails)+len(lines) == 0 {
		return nil
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Likely, Update: updateOf(fails, lines),
		Title: fmt.Sprintf("%s is not where Windows puts it, and %s fails", moved[0].Field(evidence.Expected), nameOf(updateOf(fails, lines))),
		Detail: "Servicing makes hard links and keeps copies on the system drive, and cannot do so for folders that were moved to another drive " +
			"or put behind a link. Microsoft does not support that for servicing: move the folder back, then install again.",
		Surer: "a result of 0x80070011 (not the same device), in CBS.log or of the update",
		Codes: slices.Concat(codes, codesOf(lines)), Proof: slices.Concat(proofOf(moved, 2), attempts, proofOf(lines, 3)),
		Next: []string{fmt.Sprintf(`reg query "%s"`, profileList), `dir /al %SystemDrive%\`},
	}
	if slices.Contains(f.Codes, notSameDevice) {
		f.Confidence, f.Surer = doctor.Proven, ""
	}
	return []doctor.Finding{f}
}
