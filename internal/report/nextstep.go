package report

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/image"
)

// NextStep is one thing to do next: a command, what it does to the computer it is typed on, and what one must know first.
type NextStep struct {
	Command string
	Does    string // "looks", "opens", "changes" or "asks"
	Note    string // "" for none
	Back    string // the command that takes it back; "" for none

	typed typed
	only  string // when it is to be done at all; "" for always
}

// typed is where a command is typed.
type typed int

const (
	onDisk   typed = iota // where redx runs, while the disk is connected
	anywhere              // on any computer
	there                 // on the computer that was looked at, while its Windows runs
)

// NextGroup is what is to be done in one place, in order.
type NextGroup struct {
	Heading string // where, or only when; "" where that goes without saying
	Steps   []NextStep
}

// nextRules know commands by their beginning; the first that fits counts. What none knows only looks.
var nextRules = []struct {
	begins, does, note string
	anywhere           bool // it may be typed on any computer
}{
	{"redx repair --allow-irreversible", "asks", "cancels Windows Update's own transfer jobs, which cannot be undone", false},
	{"redx repair undo", "asks", "takes the repair back", false},
	{"redx repair", "asks", "shows what it would rename, asks, and deletes nothing", false},
	{"redx explain", "looks", "", true},
	{"start https://www.microsoft.com/software-download", "opens", "setup of Windows: back up first; take the version and language that this PC has, start setup there, and choose to keep files and apps; where that cannot be chosen, stop: version, edition or language is another", false},
	{"start https://support.microsoft.com/help/5028997", "opens", "how to make the partition larger: back up first, or hand it over", false},
	{"start https:", "opens", "", true},
	{"start ms-settings:", "opens", "there: check for updates", false},
	{"appwiz.cpl", "opens", "there: repair the product, or remove it and install it again; have its setup at hand first", false},
	{"cleanmgr", "opens", "", false},
	{"shutdown /r", "changes", "restarts at once: save all work first", false},
	{"shutdown /s", "changes", "shuts down at once: save all work first", false},
	{
		`DISM /Image:LETTER:\ /Cleanup-Image /RevertPendingActions`, "changes",
		"LETTER is the drive of that Windows there: dir C:\\Users, dir D:\\Users and so on find it by its people (never X:, which is the recovery " +
			"environment itself); back up before, since it cannot be undone; good: The operation completed successfully; then restart, and check for updates", false,
	},
	{
		"DISM /Online /Cleanup-Image /RestoreHealth", "changes",
		"repairs the store with files from Windows Update, and can stand still for long; good: The restore operation completed successfully", false,
	},
	{
		"expand ", "changes",
		"FILE.msu is what you have downloaded, FOLDER an empty folder that you make for it; of what comes out, the .cab that is named after the " +
			"KB is the one for the next command, not WSUSSCAN.cab", false,
	},
	{`DISM /Online /Add-Package /PackagePath:FOLDER\`, "changes", "installs it; good: The operation completed successfully; not applicable: take another entry of that page", false},
	{
		"DISM /Online /Add-Package", "changes",
		"installs FILE.msu, which is what you have downloaded; good: The operation completed successfully; not applicable: take another entry of that page; Windows 10 and before want the .cab " +
			"that is in it: expand -f:* FILE.msu FOLDER", false,
	},
	{"DISM /Online /Remove-Package", "changes", "removes the package", false},
	{"sfc ", "changes", "repairs files of Windows from the store; good: found no integrity violations, or repaired all that it found", false},
	{"sc config ", "changes", "", false},
	{"net stop ", "changes", "", false},
	{"net start ", "changes", "", false},
	{"ren ", "changes", "", false},
	{"mkdir ", "changes", "", false},
	{"xcopy ", "changes", "", false},
	{"w32tm /resync", "changes", "", false},
	{"powershell -Command \"Delete-", "changes", "", false},
	{`reg query HKLM\SYSTEM\DriverDatabase\`, "looks", "Active names the folder that Windows expects", false},
	{`dir /s /b %windir%\WinSxS\`, "looks", "finds copies; the folder that holds one goes into FileRepository under the name above. Leave folders called f or r: they hold differences only. If none is found: from a healthy PC of the same build", false},
	{`reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\`, "looks", "shows where each product was installed from: the package may still be there", false},
	{`dir "`, "looks", "if its setup is still there, its package goes to the path above, under that name", false},
	{"icacls ", "looks", "if it fails again; good: SYSTEM or TrustedInstaller with (F), and no DENY; if it cannot find the file, ask it for the folder", false},
	{"chkdsk C: /scan", "looks", "good: found no problems", false},
	{"fltmc filters", "looks", "lists what works between programs and files; what is not Microsoft's is mostly antivirus or backup: pause that", false},
	{"reagentc /info", "looks", "Windows RE status Disabled: nothing uses the partition, leave this update alone, and you are done; Enabled: go on", false},
	{"curl -I ", "looks", "404: still missing, tell the administrator of the server; 200: it is there now, check for updates again; anything else says nothing of the file", false},
	{"reg export", "looks", "keeps a copy", false},
	{"reg delete", "changes", "removes the half that is left; reg import of the copy brings it back", false},
	{`powershell -Command "Get-Partition`, "looks", "where partitions of Type System stand on two disks, that is the cause", false},
}

// conditions say of commands that are not for everybody when they are to be typed at all, and where; the ones that they
// stand above come last.
var conditions = []struct{ begins, only string }{
	{
		`DISM /Image:LETTER:\ /Cleanup-Image /RevertPendingActions`, "only if the restart did not help, in the recovery environment of that PC (hold Shift and choose Restart; Troubleshoot, " +
			"Advanced options, Command Prompt):",
	},
	{`dir /s /b %windir%\WinSxS\`, "or quicker, only for experts, since nobody but the system may write there:"},
	{"chkdsk C: /scan", "only if it is damaged again after that, since the disk may be failing:"},
}

// nextStep says what a command does.
func nextStep(command string) NextStep {
	s := NextStep{Command: command, Does: "looks", typed: there}
	for _, r := range nextRules {
		if strings.HasPrefix(command, r.begins) {
			s.Does, s.Note = r.does, r.note
			if r.anywhere {
				s.typed = anywhere
			}
			break
		}
	}
	for _, c := range conditions {
		if strings.HasPrefix(command, c.begins) {
			s.only = c.only
		}
	}
	flags := ""
	if at := strings.Index(command, " --image "); at >= 0 && strings.HasPrefix(command, "redx ") {
		s.typed, flags = onDisk, command[at:]
	}
	if command == "redx repair"+flags {
		s.Back = "redx repair undo" + flags
	}
	return s
}

// nextGroups puts commands together by where they are typed, those with a condition last. On the computer itself all are
// typed there.
func nextGroups(commands []string, img Image) []NextGroup {
	var groups []NextGroup
	for _, c := range commands {
		s := nextStep(c)
		heading := s.heading(img)
		i := slices.IndexFunc(groups, func(g NextGroup) bool { return g.Heading == heading })
		if i < 0 {
			i = len(groups)
			groups = append(groups, NextGroup{Heading: heading})
		}
		groups[i].Steps = append(groups[i].Steps, s)
	}
	rank := func(g NextGroup) int {
		if g.Steps[0].only != "" {
			return int(there) + 1
		}
		return int(g.Steps[0].typed)
	}
	slices.SortStableFunc(groups, func(a, b NextGroup) int { return rank(a) - rank(b) })
	return groups
}

// heading says where a step is done, or only when.
func (s NextStep) heading(img Image) string {
	const prompt = ", in a Command Prompt as administrator:"
	switch {
	case s.only != "":
		return s.only
	case img.Kind == image.Online:
		return ""
	case s.typed == onDisk:
		return "where redx runs, while the disk is connected:"
	case s.typed == anywhere:
		return "on any computer:"
	case img.Kind == image.Logs:
		return "on the PC that the logs come from" + prompt
	}
	return "on the PC that fails, with its disk back in it" + prompt
}

// worked says how to see that it helped, and which command looks again when it did not; "" for what needs no proof.
func (r *Result) worked(f *doctor.Finding) (sign, again string) {
	if f.Severity != doctor.Error || len(f.Next) == 0 {
		return "", ""
	}
	sign = "when the update history of Windows shows what failed as installed"
	if kb := f.Update.KB; kb != "" {
		sign = "when the update history of Windows shows " + string(kb) + ", or a later one in its place, as installed"
	}
	switch r.Image.Kind {
	case image.Online:
		return sign + "; if it fails again, look again:", "redx diagnose"
	case image.Offline:
		return sign + "; if it fails again, look again: redx diagnose on that PC, or, with the disk connected:", strings.TrimSpace("redx diagnose " + r.Target)
	}
	return sign + "; if it fails again, collect that PC's logs anew, there:", "redx collect -o evidence.zip"
}
