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

// accessCodes say that a file or key was refused, or is held by another program.
var accessCodes = []hresult.Code{0x80070005, 0x80070020}

// AccessDenied finds a file or key that servicing was refused, or that another program holds, in a session that failed for it. The
// code stands in most healthy logs; a line without a failed session or update is nothing.
func AccessDenied() doctor.Check {
	return doctor.Check{
		ID:    "access-denied",
		Title: "Servicing is denied access to a file or key",
		Reads: []evidence.Kind{evidence.Trouble, evidence.ServicingEnd, evidence.Attempt},
		ConsequenceOf: []string{
			"component-payload-missing", "payload-damaged", "pending-operation-interrupted", "manifest-hash-mismatch", "disk-full",
		},
		Run: accessDenied,
	}
}

func accessDenied(x *doctor.Exam) []doctor.Finding {
	fails := standing(x, accessCodes...)
	lines := carrying(x, accessCodes)
	var named []*evidence.Event
	for _, e := range lines {
		if e.Field(evidence.Path) != "" {
			named = append(named, e)
		}
	}
	if len(fails)+len(lines) == 0 {
		return nil
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: updateOf(fails, lines),
		Detail: "Windows was refused a file or key while it installed. The log does not say whether another program held it, which is usual " +
			"(antivirus, backup), or whether its rights were changed. First pause the antivirus and backup programs and install again. If " +
			"it fails on the same name, compare its rights (where a healthy PC has no such file, those of its folder) with a healthy PC of the same " +
			"build, and give back what differs; do not delete or rename it, and do not take ownership of folders of Windows.",
		Codes: slices.Concat(codes, codesOf(lines)),
		Proof: slices.Concat(proofOf(named, 3), attempts),
		Next:  []string{"fltmc filters", openWindowsUpdate},
	}
	if len(named) == 0 {
		f.Proof = append(f.Proof, proofOf(lines, 3)...)
	}
	f.Title = fmt.Sprintf("Access is denied to %s, or a file is held by another program", nameOf(f.Update))
	for _, e := range proofOf(named, 3) {
		path := e.Field(evidence.Path)
		if !slices.ContainsFunc(f.Files, func(o doctor.File) bool { return strings.EqualFold(o.Path, path) }) {
			f.Files = append(f.Files, doctor.File{Path: path})
		}
	}
	if len(named) > 0 {
		f.Title = fmt.Sprintf("Access to %s is denied, or another program holds it; %s fails on it", f.Files[0].Path, nameOf(f.Update))
		f.Next = []string{"fltmc filters", openWindowsUpdate, showRights(f.Files[0].Path)}
	}
	ended := endedWith(x.Evidence, accessCodes)
	if len(named) == 0 || len(fails) == 0 && !slices.ContainsFunc(named, ended.has) {
		f.Confidence = doctor.Likely
		f.Surer = "the line that names the file, and the end of its session: CBS.log and the CbsPersist cabinets beside it"
	}
	return []doctor.Finding{f}
}

// carrying gives the lines of trouble that a failed session or update rests on: those of a session that failed with one
// of the codes, and, where no session is known (an excerpt), those that the log itself calls an error, and of
// an excerpt also what does not pass by itself. What was cured later is left out.
func carrying(x *doctor.Exam, codes []hresult.Code) []*evidence.Event {
	fails := standing(x, codes...)
	ended, cured := endedWith(x.Evidence, codes), curesOf(x)
	someEnd := x.Evidence.Machine.Excerpt && endsWith(x.Evidence, codes)
	well := wentWell(x.Evidence, func(e *evidence.Event) bool { return !e.Code.Failed() }, evidence.ServicingEnd)
	var out []*evidence.Event
	for _, e := range troubled(x.Evidence, codes) {
		servicing := e.Field(evidence.Component) == "CBS" || e.Field(evidence.Component) == "CSI"
		alone := x.Evidence.Machine.Excerpt && !slices.Contains(accessCodes, e.Code) && !well.after(e) // rights come and go; room does not
		telling := servicing && (someEnd || alone) || e.Field(evidence.Path) != "" || e.Field(evidence.Level) == evidence.LevelError
		if !telling || e.Session == "" && !servicing && len(fails) == 0 {
			continue
		}
		if e.Session != "" && !ended.has(e) || cured.of(e) {
			continue
		}
		out = append(out, e)
	}
	return out
}

// sessions are some of the sessions of servicing.
type sessions map[string]bool

// endedWith gives the sessions that ended with one of the codes.
func endedWith(set *evidence.Set, codes []hresult.Code) sessions {
	s := sessions{}
	for end := range set.Of(evidence.ServicingEnd) {
		if end.Session != "" && slices.Contains(codes, end.Code) {
			s[sessionKey(end)] = true
		}
	}
	return s
}

// endsWith reports that servicing ended the work on a package with one of the codes.
func endsWith(set *evidence.Set, codes []hresult.Code) bool {
	for end := range set.Of(evidence.ServicingEnd) {
		if slices.Contains(codes, end.Code) {
			return true
		}
	}
	return false
}

// has reports that a line stands in one of them.
func (s sessions) has(e *evidence.Event) bool { return s[sessionKey(e)] }

// cures are the signs that something was installed or serviced, by update.
type cures struct {
	any     signs // of installations, whatever the update
	updates update.Index[*signs]
	single  map[update.Ref]*signs
}

func curesOf(x *doctor.Exam) *cures { return doctor.View(x, viewKey("cures"), makeCures) }

func makeCures(x *doctor.Exam) *cures {
	c := cures{single: map[update.Ref]*signs{}}
	for d := range x.Evidence.Of(evidence.Attempt, evidence.ServicingEnd) {
		switch {
		case d.Kind == evidence.ServicingEnd && !d.Code.Failed() && d.Field(evidence.Restart) == "":
		case d.Kind == evidence.Attempt && installed(d):
			c.any.add(d)
		default:
			continue
		}
		s := c.single[d.Update]
		if s == nil {
			s = &signs{}
			c.single[d.Update] = s
			c.updates.Add(d.Update, s)
		}
		s.add(d)
	}
	return &c
}

// of reports that what a line tells of was cured: its update was installed later, or, when it names none, any was.
func (c *cures) of(e *evidence.Event) bool {
	if e.Update.IsZero() {
		return c.any.after(e)
	}
	for s := range c.updates.Same(e.Update) {
		if s.after(e) {
			return true
		}
	}
	return false
}

// updateOf gives the update that a finding is about, when all agree on one.
func updateOf(fails []stuck, lines []*evidence.Event) update.Ref {
	u := oneUpdate(fails)
	if len(fails) > 1 {
		return update.Ref{}
	}
	for _, e := range lines {
		switch {
		case e.Update.IsZero():
		case u.IsZero() || u.Same(e.Update):
			u = u.Merge(e.Update)
		default:
			return update.Ref{}
		}
	}
	return u
}

// showRights is the command that shows who may do what with a file or key; where it cannot be asked of this path, of the store.
func showRights(path string) string {
	if !quotable(path) || !strings.Contains(path, `:\`) {
		return "icacls %windir%\\WinSxS"
	}
	return `icacls "` + path + `"`
}
