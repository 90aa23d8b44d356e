package report

import (
	"strings"

	"github.com/redx-update/redx/internal/image"
)

// NextStep is one thing to do next: a command, what it does to the computer it is typed on, and what one must know first.
type NextStep struct {
	Command string
	Does    string // "looks", "opens", "changes" or "asks"
	Note    string // "" for none
	// Here says that it is typed where redx runs; else on the computer that was looked at, while its Windows runs.
	Here bool
}

// nextRules know commands by their beginning; the first that fits counts. What none knows only looks.
var nextRules = []struct {
	begins, does, note string
	anywhere           bool // it may be typed on any computer
}{
	{"redx repair --allow-irreversible", "asks", "cancels Windows Update's own transfer jobs, which cannot be undone", false},
	{"redx repair undo", "asks", "takes the repair back", false},
	{"redx repair", "asks", "shows what it would rename, asks, and deletes nothing; redx repair undo takes it back", false},
	{"redx explain", "looks", "", true},
	{"start https:", "opens", "", true},
	{"start ms-settings:", "opens", "there: check for updates", false},
	{"appwiz.cpl", "opens", "there: repair the product, or take it off and install it again", false},
	{"cleanmgr", "opens", "", false},
	{"shutdown /r", "changes", "restarts at once: save all work first", false},
	{"shutdown /s", "changes", "shuts down at once: save all work first", false},
	{
		`DISM /Image:C:\ /Cleanup-Image /RevertPendingActions`, "changes",
		"only if a restart does not help, and from the recovery environment, where Windows often has another letter than C:; cannot be undone", false,
	},
	{"DISM /Online /Cleanup-Image /RestoreHealth", "changes", "repairs files of Windows", false},
	{"DISM /Online /Add-Package", "changes", "installs the package; on Windows 10 and before it wants the .cab inside of an .msu, or: wusa FILE.msu", false},
	{"DISM /Online /Remove-Package", "changes", "removes the package", false},
	{"sfc ", "changes", "repairs files of Windows", false},
	{"sc config ", "changes", "", false},
	{"net stop ", "changes", "", false},
	{"net start ", "changes", "", false},
	{"ren ", "changes", "", false},
	{"mkdir ", "changes", "", false},
	{"xcopy ", "changes", "", false},
	{"w32tm /resync", "changes", "", false},
	{"powershell -Command \"Delete-", "changes", "", false},
	{"reg export", "looks", "keeps a copy", false},
	{"reg delete", "changes", "removes the half that is left; reg import of the copy brings it back", false},
	{`powershell -Command "Get-Partition`, "looks", "where partitions of Type System stand on two disks, that is the cause", false},
}

// nextStep says what a command does.
func nextStep(command string, img Image) NextStep {
	s := NextStep{Command: command, Does: "looks", Here: img.Kind == image.Online}
	for _, r := range nextRules {
		if !strings.HasPrefix(command, r.begins) {
			continue
		}
		s.Does, s.Note = r.does, r.note
		s.Here = s.Here || r.anywhere || strings.HasPrefix(command, "redx ") && strings.Contains(command, " --image ")
		break
	}
	return s
}

// nextSteps splits commands into those for where redx runs and those for the computer that was looked at.
func nextSteps(commands []string, img Image) (here, there []NextStep) {
	for _, c := range commands {
		if s := nextStep(c, img); s.Here {
			here = append(here, s)
		} else {
			there = append(there, s)
		}
	}
	return here, there
}

// thereText says which computer that is.
func thereText(img Image) string {
	const prompt = "in an elevated Command Prompt there (not on the PC that you read this on):"
	if img.Kind == image.Logs {
		return "on the PC that the logs come from, " + prompt
	}
	return "put the disk back, start that PC, then " + prompt
}
