package repair

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
)

// risks say what the commands of findings risk, by their first words. The longer words stand before the shorter.
var risks = []struct{ command, risk string }{
	{"DISM /Online /Add-", "installs what it names; can be taken back by removing that package or driver"},
	{"DISM /Online /Get-", harmless},
	{
		"DISM /Online /Remove-Package",
		"removes what it names, and all that builds on it; note the name first, to be able to install it again",
	},
	{
		`DISM /Image:LETTER:\ /Cleanup-Image /RevertPendingActions`,
		"only from the recovery environment, and only when a restart did not help: takes back all that is pending, and " +
			"cannot be undone",
	},
	{
		"DISM ",
		"changes the component store and cannot be taken back by redx; takes files from Windows Update, or with /Source " +
			"from an image whose build and revision are the component's own (any other ends with 0x800F081F)",
	},
	{"sfc ", "replaces changed system files by those of the component store; only after DISM has succeeded"},
	{"curl ", "none: it asks the server for the file"},
	{"icacls ", "without /reset or /grant it only shows the rights; with them it changes them, and redx keeps no copy"},
	{"sc query", harmless},
	{"sc qc", harmless},
	{"sc config", "changes when a service starts; note the old start type first"},
	{"net start", "starts a service"},
	{"net stop", "stops a service, and those that need it"},
	{"shutdown ", "restarts the computer: save all work first"},
	{"w32tm /resync", "sets the clock by the network's time"},
	{"w32tm ", harmless},
	{"netsh winhttp show", harmless},
	{"nslookup ", harmless},
	{"ping ", harmless},
	{"reagentc /info", harmless},
	{"reg query", harmless},
	{"reg export", "none: it keeps a copy"},
	{"fsutil volume diskfree", harmless},
	{"fltmc filters", harmless},
	{"pnputil /enum-", harmless},
	{"gpresult", "none: it writes a report into the folder for temporary files"},
	{"dir ", harmless},
	{`powershell -Command "Delete-DeliveryOptimizationCache`, "empties a cache; what is needed comes again"},
	{"cleanmgr", "deletes what is chosen there: look before you confirm"},
	{"chkdsk", "with /f or /r it mends the file system and can take hours; without, it only looks"},
	{"bitsadmin /list", harmless},
	{"findstr ", harmless},
	{"expand ", "writes files into the folder that it names"},
	{"schtasks /query", harmless},
	{"mkdir ", "makes a folder, with the rights of the one that it stands in"},
	{"appwiz.cpl", "opens the list of programs; repairing one there may ask for its source"},
}

const (
	harmless = "none: it only looks"
	// unlisted is the risk of a command that has none of its own.
	unlisted = "it changes this computer, and redx cannot take it back: read what it does first"
)

// advice gives the commands of the findings that redx does not run. What redx itself does, and pages that are only
// opened, are none.
func advice(findings []doctor.Finding) []Advice {
	var out []Advice
	for i := range findings {
		f := &findings[i]
		if len(supported[f.Check]) > 0 {
			continue
		}
		for _, command := range f.Next {
			if !strings.HasPrefix(command, "redx ") && !strings.HasPrefix(command, "start ") {
				out = addAdvice(out, command, f.ID)
			}
		}
	}
	return out
}

func addAdvice(list []Advice, command, id string) []Advice {
	for i := range list {
		if list[i].Command == command {
			list[i].BecauseOf = append(list[i].BecauseOf, id)
			return list
		}
	}
	return append(list, Advice{command, risk(command), []string{id}})
}

func risk(command string) string {
	for _, r := range risks {
		if len(command) >= len(r.command) && strings.EqualFold(command[:len(r.command)], r.command) {
			return r.risk
		}
	}
	return unlisted
}

// leftAlone says what the plan does not touch: first what people fear for, then the findings it leaves.
func leftAlone(p *Plan, s *Scene, findings []doctor.Finding, o Options) []Left {
	list := []Left{
		{"installed updates", "no step touches them"},
		{"the component store, pending.xml, catroot, policies, access rights", "redx never changes them"},
	}
	if !p.Empty() {
		list = append(list, Left{"what is moved away", "kept under another name, never deleted"})
	}
	if slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Rung == SoftwareDistribution }) {
		list = append(list, Left{"the update history", "Windows' own list starts anew; redx history reads the kept one as well"})
	}
	if s.Looked && !s.Live && !p.Empty() {
		list = append(list, Left{"the services of that Windows", "it is not running; that the update comes again, only it can prove"})
	}
	if o.Article {
		return list
	}
	for i := range findings {
		f := &findings[i]
		if why := leftBecause(f, findings, s, o); f.Severity == doctor.Error && why != "" {
			list = append(list, Left{name(f), why})
		}
	}
	return list
}

// leftBecause says why a finding leads to no step; empty when it does.
func leftBecause(f *doctor.Finding, all []doctor.Finding, s *Scene, o Options) string {
	c := cause(f, all)
	switch {
	case c != nil:
		return "it follows from " + c.ID
	case f.Turn == doctor.ServersTurn:
		return "it is the server's, and this computer is not at fault"
	case f.Turn == doctor.NetworksTurn:
		return "it is the network's, and this computer is not at fault"
	case f.Confidence != doctor.Proven:
		return "it is not proven; to be surer: " + f.Surer
	case len(supported[f.Check]) == 0:
		return "redx does not mend it by itself: see the advice"
	case elsewhere(f, s.Root):
		return "it is about files of " + otherAgent(s.Root) + ", which are not repaired here"
	case carries(f, all, TransferJobs) && !s.Live:
		return "transfer jobs can be cancelled on the running Windows only"
	case carries(f, all, TransferJobs) && !o.AllowIrreversible:
		return "cancelling transfer jobs cannot be undone, and was not allowed"
	}
	return ""
}

// turn says whose turn it is when redx has nothing to do.
func turn(p *Plan, s *Scene, findings []doctor.Finding, o Options) []string {
	if !p.Empty() {
		return nil
	}
	if o.Article {
		return []string{"nobody's: there is no SoftwareDistribution to rename; Windows makes it anew"}
	}
	var out []string
	for i := range findings {
		f := &findings[i]
		if f.Severity != doctor.Error || cause(f, findings) != nil {
			continue
		}
		if t := turnOf(f, s, o); !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// warnings say which findings the article's procedure does not help with. It waives the proof, not the knowledge.
func warnings(p *Plan, findings []doctor.Finding) []string {
	if !p.Article || p.Empty() {
		return nil
	}
	var out []string
	for i := range findings {
		f := &findings[i]
		if f.Severity != doctor.Error || f.Confidence != doctor.Proven || len(supported[f.Check]) > 0 || cause(f, findings) != nil {
			continue
		}
		out = append(out, "this does not help with: "+name(f)+whoseElse(f))
	}
	return out
}

func whoseElse(f *doctor.Finding) string {
	switch f.Turn {
	case doctor.ServersTurn:
		return "; that is the job of whoever runs the update server"
	case doctor.NetworksTurn:
		return "; that is the job of whoever runs the network"
	}
	return ""
}

// turnOf says whose turn one finding is that redx does nothing about.
func turnOf(f *doctor.Finding, s *Scene, o Options) string {
	rungs := supported[f.Check]
	switch {
	case f.Turn == doctor.ServersTurn:
		return "the job of whoever runs the update server; do not reset this computer: " + f.Title
	case f.Turn == doctor.NetworksTurn:
		return "the job of whoever runs the network; do not reset this computer: " + f.Title
	case f.Confidence != doctor.Proven:
		return "yours: redx repairs only what is proven; to be surer: " + f.Surer
	case f.Turn == doctor.WindowsTurn:
		return "Windows' own: " + f.Title
	case len(rungs) == 0:
		return "yours, by the commands below; redx does not run them: " + f.Title
	case elsewhere(f, s.Root):
		return "that of " + otherAgent(s.Root) + ", whose files these are: " + f.Title
	case !slices.ContainsFunc(rungs, o.allows):
		return fmt.Sprintf("yours: what can help, %v, is not allowed here: redx repair", rungs)
	case slices.Contains(rungs, TransferJobs) && s.Live:
		return "yours: cancelling Windows Update's transfer jobs cannot be undone; redx does it when that is allowed (--allow-irreversible)"
	case slices.Contains(rungs, TransferJobs):
		return "that Windows' own: its transfer jobs can be cancelled only while it runs"
	}
	return "Windows': the folders that a repair would move are not there; check for updates again"
}

// otherAgent is the agent that has its files in another root than this one.
func otherAgent(root Root) string {
	if root.Own {
		return "Windows' own agent"
	}
	return "redx's own agent"
}
