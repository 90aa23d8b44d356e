package check

import (
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// spaceCodes say that a volume has no room.
var spaceCodes = []hresult.Code{
	0x80070070, // ERROR_DISK_FULL
	0x800f0828, // CBS_E_INSUFFICIENT_DISK_SPACE
	0xc190020e, // MOSETUP_E_INSTALL_DISKSPACE_BLOCK
	0xc8000710, // JET_errDiskFull
	0xc8000211, // JET_errLogDiskFull
}

// DiskFull finds that an update fails for want of room on the disk. The recovery partition's want is another cause.
func DiskFull() doctor.Check {
	return doctor.Check{
		ID:            "disk-full",
		Title:         "The disk is full",
		Reads:         []evidence.Kind{evidence.Attempt, evidence.Trouble, evidence.ServicingEnd, evidence.SetupFailed, evidence.DatabaseDamaged},
		ConsequenceOf: []string{"system-partition-full"},
		Run:           diskFull,
	}
}

// roomLines are the words of setup, DISM and the update agent for it, where servicing says nothing. Setup's own code means
// nothing else; the others' may pass.
func roomLines(x *doctor.Exam) []*evidence.Event {
	var words, own []*evidence.Event
	cured := curesOf(x)
	for _, e := range unhealed(x.Evidence, troubled(x.Evidence, spaceCodes)) {
		component := e.Field(evidence.Component)
		switch {
		case cured.of(e) || component == "CBS" || component == "CSI":
		case e.Code == setupRoom:
			own = append(own, e)
		case e.Field(evidence.Level) == evidence.LevelError || component != "DISM":
			words = append(words, e)
		}
	}
	if tell(x.Evidence, words) {
		own = append(own, words...)
	}
	return own
}

// setupRoom is MOSETUP_E_INSTALL_DISKSPACE_BLOCK.
const setupRoom hresult.Code = 0xc190020e

func diskFull(x *doctor.Exam) []doctor.Finding {
	fails := slices.DeleteFunc(standing(x, spaceCodes...), func(s stuck) bool { return isRecovery(s.update) })
	lines := carrying(x, spaceCodes)
	well := agentWentWell(x.Evidence)
	if len(fails)+len(lines) == 0 {
		lines = roomLines(x)
	}
	for e := range x.Evidence.Of(evidence.DatabaseDamaged, evidence.SetupFailed) {
		if slices.Contains(spaceCodes, e.Code) && !well.after(e) {
			lines = append(lines, e)
		}
	}
	if len(fails)+len(lines) == 0 {
		return nil
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: updateOf(fails, lines),
		Detail: "Windows had no room for the update. Make room: the Recycle Bin, temporary files, earlier Windows versions, and kept copies of " +
			"earlier resets (SDTemp, SoftwareDistribution.old). A cumulative update wants about 10 GB, a feature update 20 GB.",
		Codes: slices.Concat(codes, codesOf(lines)), Proof: slices.Concat(attempts, proofOf(lines, 3)),
		Next: []string{"fsutil volume diskfree %SystemDrive%", "cleanmgr /d %SystemDrive%", openWindowsUpdate},
	}
	f.Title = "The disk is full: " + nameOf(f.Update) + " has no room"
	if len(fails) == 0 || len(lines) == 0 {
		f.Confidence = doctor.Likely
		f.Surer = "the room that is left on that disk now: fsutil volume diskfree"
	}
	return []doctor.Finding{f}
}
