package report

import (
	"slices"
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
	{"start https://www.microsoft.com/software-download", "opens", "setup for an in-place upgrade: take the same version, edition and language", true},
	{"start https:", "opens", "", true},
	{"start ms-settings:", "opens", "there: check for updates", false},
	{"appwiz.cpl", "opens", "there: repair the product, or remove it and install it again; have its setup at hand first", false},
	{"cleanmgr", "opens", "", false},
	{"shutdown /r", "changes", "restarts at once: save all work first", false},
	{"shutdown /s", "changes", "shuts down at once: save all work first", false},
	{
		`DISM /Image:C:\ /Cleanup-Image /RevertPendingActions`, "changes",
		"not there, but in the recovery environment (hold Shift and choose Restart; Troubleshoot, Command Prompt), and only if the restart did " +
			"not help; Windows often has another letter than C: there (dir finds it); cannot be undone", false,
	},
	{"DISM /Online /Cleanup-Image /RestoreHealth", "changes", "repairs files of Windows", false},
	{"DISM /Online /Add-Package", "changes", "installs the package; Windows 10 and before want the .cab that is inside of an .msu: expand -f:* FILE.msu FOLDER", false},
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
	{`reg query HKLM\SYSTEM\DriverDatabase\`, "looks", "Active names the folder that Windows expects", false},
	{`dir /s /b %windir%\WinSxS\`, "looks", "a folder that it names has the files (not one called f or r: those hold differences); if it finds none, take them from a healthy PC", false},
	{`reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\`, "looks", "shows where each product was installed from: the package may still be there", false},
	{"icacls ", "looks", "if it fails again; good: SYSTEM or TrustedInstaller with (F), and no DENY; if it cannot find the file, ask it for the folder", false},
	{"fltmc filters", "looks", "lists what works between programs and files; what is not Microsoft's is mostly antivirus or backup: pause that", false},
	{"reagentc /info", "looks", "Enabled: the partition is in use and must grow; Disabled: nothing uses it, hide the update", false},
	{"curl -I ", "looks", "404: still missing, tell the administrator of the server; 200: it is there now, check for updates again", false},
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
		if at := strings.Index(command, " --image "); at >= 0 {
			s.Note = strings.Replace(s.Note, "redx repair undo", "redx repair undo"+command[at:], 1)
		}
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

// hereText says that redx itself is run where the disk hangs; "" where there is no other computer, or nothing to run on the disk.
func hereText(img Image, here []NextStep) string {
	onDisk := func(s NextStep) bool { return strings.Contains(s.Command, " --image ") }
	if img.Kind == image.Online || !slices.ContainsFunc(here, onDisk) {
		return ""
	}
	return "here, while the disk is still connected:"
}

// thereText says which computer that is.
func thereText(img Image) string {
	const prompt = "in an elevated Command Prompt there (not on the PC that you read this on):"
	if img.Kind == image.Logs {
		return "on the PC that the logs come from, " + prompt
	}
	return "put the disk back, start that PC, then " + prompt
}
