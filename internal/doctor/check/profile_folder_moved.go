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
	if len(moved) == 0 {
		return movedByWord(x, lines)
	}
	if len(fails)+len(lines) == 0 {
		return nil
	}
	attempts, codes := attemptsOf(fails)
	f := movedFinding(updateOf(fails, lines), moved[0].Field(evidence.Expected))
	f.Surer = "a result of 0x80070011 (not the same device), in CBS.log or of the update"
	f.Codes, f.Proof = slices.Concat(codes, codesOf(lines)), slices.Concat(proofOf(moved, 2), attempts, proofOf(lines, 3))
	if slices.Contains(f.Codes, notSameDevice) {
		f.Confidence, f.Surer = doctor.Proven, ""
	}
	return []doctor.Finding{f}
}

func movedFinding(u update.Ref, folder string) doctor.Finding {
	return doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Likely, Update: u,
		Title: fmt.Sprintf("%s is not where Windows puts it, and %s fails", folder, nameOf(u)),
		Detail: "Servicing makes hard links and keeps copies on the system drive, and cannot do so for folders that were moved to another drive " +
			"or put behind a link. Microsoft does not support that for servicing: move the folder back, then install again.",
		Next: []string{fmt.Sprintf(`reg query "%s"`, profileList), `dir /al %SystemDrive%\`},
	}
}

// movedByWord is what lines alone come to, where no registry says where the folders are: servicing could not link or move
// a file of a profile, or of ProgramData, since it is on another volume; or servicing says so of no path at all, which in Microsoft's
// article comes of these folders.
func movedByWord(x *doctor.Exam, lines []*evidence.Event) []doctor.Finding {
	for range x.Evidence.Of(evidence.SystemFolder) {
		return nil // they are where they should be
	}
	lines = slices.DeleteFunc(slices.Clone(lines), func(e *evidence.Event) bool { return e.Code != notSameDevice })
	named := slices.DeleteFunc(slices.Clone(lines), func(e *evidence.Event) bool {
		path := e.Field(evidence.Path) + `\`
		return !within(path, `\users\`) && !within(path, `\programdata\`)
	})
	folder := "Users or ProgramData"
	switch {
	case len(named) > 0:
		lines, folder = named, folderAbove(named[0].Field(evidence.Path))
	case len(lines) == 0 || slices.ContainsFunc(lines, ofAnotherPath):
		return nil
	}
	u := updateOf(nil, lines)
	f := movedFinding(u, folder)
	f.Codes, f.Proof = codesOf(lines), proofOf(lines, 3)
	f.Surer = "the folders and their entries in the registry: redx diagnose --image DIR"
	return []doctor.Finding{f}
}

// ofAnotherPath tells the lines that name a path, or that are not of servicing.
func ofAnotherPath(e *evidence.Event) bool {
	component := e.Field(evidence.Component)
	return e.Field(evidence.Path) != "" || component != "CBS" && component != "CSI"
}

// folderAbove gives a path up to Users or ProgramData.
func folderAbove(path string) string {
	for _, name := range []string{`\users\`, `\programdata\`} {
		if i := strings.Index(strings.ToLower(path), name); i >= 0 {
			return path[:i+len(name)-1]
		}
	}
	return path
}
