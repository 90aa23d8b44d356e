package check

import (
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// blockedCodes are the results of a search that a policy forbids.
var blockedCodes = []hresult.Code{
	0x8024002e, // WU_E_WU_DISABLED
	0x8024500c, // WU_E_REDIRECTOR_CONNECT_POLICY
}

// UpdatesPausedOrBlocked finds that updates are kept away on purpose: a policy forbids the search, or they are paused.
// A policy that sends the search to a server of one's own is none.
func UpdatesPausedOrBlocked() doctor.Check {
	return doctor.Check{
		ID:    "updates-paused-or-blocked",
		Title: "Updates are paused, or blocked by a policy",
		Reads: []evidence.Kind{
			evidence.Policy, evidence.Paused, evidence.ScanFailed, evidence.ScanDone, evidence.Trouble, evidence.Attempt,
		},
		Run: updatesPausedOrBlocked,
	}
}

func updatesPausedOrBlocked(x *doctor.Exam) []doctor.Finding {
	f, blocked := blockedByPolicy(x)
	if blocked {
		return []doctor.Finding{f}
	}
	return paused(x)
}

func blockedByPolicy(x *doctor.Exam) (doctor.Finding, bool) {
	var policies []*evidence.Event
	for e := range x.Evidence.Of(evidence.Policy) {
		policies = append(policies, e)
	}
	words := troubled(x.Evidence, blockedCodes)
	for e := range x.Evidence.Of(evidence.ScanFailed) {
		if slices.Contains(blockedCodes, e.Code) && !isStore(e) {
			words = append(words, e)
		}
	}
	words = unhealed(x.Evidence, words)
	fails := standing(x, blockedCodes...)
	if len(words)+len(fails) == 0 {
		return doctor.Finding{}, false
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(fails), Turn: doctor.PolicysTurn,
		Title: "A policy keeps this computer away from Windows Update",
		Detail: "The search is forbidden, so no update is found. Whoever manages this computer decides about that; on one's own computer a " +
			"\"debloat\" tool has often set it. redx never changes policies.",
		Codes: slices.Concat(codes, codesOf(words)), Proof: slices.Concat(policies, attempts, proofOf(words, 3)),
		Next: []string{
			`reg query HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate /s`, `gpresult /h %TEMP%\policies.html`,
		},
	}
	if len(policies) == 0 {
		f.Confidence = doctor.Likely
		f.Surer = "the policies themselves (the SOFTWARE hive): redx diagnose --image DIR"
	}
	return f, true
}

// paused tells of a pause that had not ended when the newest evidence was written.
func paused(x *doctor.Exam) []doctor.Finding {
	now := newest(x.Evidence)
	for e := range x.Evidence.Of(evidence.Paused) {
		if now.IsZero() || !e.Time.After(now) {
			continue
		}
		return []doctor.Finding{{
			Severity: doctor.Warning, Confidence: doctor.Proven, Proof: []*evidence.Event{e},
			Title:  "Updates are paused until " + e.Time.Format("2 January 2006"),
			Detail: "Somebody has paused them in the settings. Until then Windows installs none by itself; nothing is broken.",
			Next:   []string{openWindowsUpdate},
		}}
	}
	return nil
}
