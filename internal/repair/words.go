package repair

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
)

// risks are the commands of findings that redx gives as advice, by their first words, with what they risk.
var risks = []struct{ command, risk string }{
	{
		"DISM ",
		"changes the component store and cannot be taken back by redx; takes files from Windows Update, or with /Source " +
			"from an image whose build and revision are the component's own (any other ends with 0x800F081F)",
	},
	{"sfc ", "replaces changed system files by those of the component store; only after DISM has succeeded"},
	{"curl ", "none: it asks the server for the file"},
}

// advice gives the commands of the findings that redx does not run.
func advice(findings []doctor.Finding) []Advice {
	var out []Advice
	for i := range findings {
		for _, command := range findings[i].Next {
			out = addAdvice(out, command, findings[i].ID)
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
	for _, r := range risks {
		if strings.HasPrefix(command, r.command) {
			return append(list, Advice{command, r.risk, []string{id}})
		}
	}
	return list
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
		switch c := cause(f, findings); {
		case f.Severity != doctor.Error:
		case c != nil:
			list = append(list, Left{name(f), "it follows from " + c.ID})
		case f.Check == contentMissing:
			list = append(list, Left{name(f), "it is the server's, and this computer is not at fault"})
		case f.Confidence != doctor.Proven:
			list = append(list, Left{name(f), "it is not proven; to be surer: " + f.Surer})
		case len(supported[f.Check]) == 0:
			list = append(list, Left{name(f), "redx does not mend it by itself: see the advice"})
		}
	}
	return list
}

// turn says whose turn it is when redx has nothing to do.
func turn(p *Plan, findings []doctor.Finding, o Options) []string {
	if !p.Empty() {
		return nil
	}
	if o.Article {
		return []string{"nobody's: there is no SoftwareDistribution to rename; Windows makes it anew"}
	}
	var out []string
	add := func(s string) {
		for _, have := range out {
			if have == s {
				return
			}
		}
		out = append(out, s)
	}
	for i := range findings {
		f := &findings[i]
		switch {
		case f.Severity != doctor.Error || cause(f, findings) != nil:
		case f.Check == contentMissing:
			add("the turn of whoever runs the update server: " + f.Title)
		case f.Check == componentMissing && f.Confidence == doctor.Proven:
			add("yours: the component store is mended by the commands below, not by redx")
		case f.Confidence != doctor.Proven:
			add("yours: redx repairs only what is proven; to be surer: " + f.Surer)
		default:
			add("Windows': the folders that a repair would move are not there; check for updates again")
		}
	}
	return out
}
