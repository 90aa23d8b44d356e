package check

import (
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// restartCodes are the results of an attempt that has to wait for a restart.
var restartCodes = []hresult.Code{
	0x80242014, // WU_E_UH_POSTREBOOTSTILLPENDING
}

// RestartPending finds that Windows waits for a restart. A start of Windows after the flag was set ends it.
func RestartPending() doctor.Check {
	return doctor.Check{
		ID:            "restart-pending",
		Title:         "A restart is pending",
		Reads:         []evidence.Kind{evidence.RestartPending, evidence.SystemStarted, evidence.Attempt, evidence.Trouble, evidence.ScanDone},
		ConsequenceOf: []string{"pending-operation-interrupted"},
		Turn:          doctor.WindowsTurn,
		Run:           restartPending,
	}
}

func restartPending(x *doctor.Exam) []doctor.Finding {
	started := wentWell(x.Evidence, func(*evidence.Event) bool { return true }, evidence.SystemStarted)
	var flags []*evidence.Event
	for e := range x.Evidence.Of(evidence.RestartPending) {
		// PostRebootReporting says that the restart is over.
		if e.Field(evidence.Name) != "PostRebootReporting" && (e.Time.IsZero() || !started.after(e)) {
			flags = append(flags, e)
		}
	}
	fails := slices.DeleteFunc(standing(x, restartCodes...), func(s stuck) bool { return started.after(s.last.Proof[0]) })
	words := slices.DeleteFunc(unhealed(x.Evidence, troubled(x.Evidence, restartCodes)), started.after)
	if len(flags)+len(fails) == 0 && !tell(x.Evidence, words) {
		return nil
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(fails),
		Title: "Windows waits for a restart",
		Detail: "An update is installed up to the part that only a start of Windows can do. Until then, others fail or wait. Save all work, " +
			"then restart: not shut down, which with fast start-up is no start.",
		Codes: slices.Concat(codes, codesOf(words)), Proof: slices.Concat(flags, attempts, proofOf(words, 3)),
		Next: []string{"shutdown /r /t 0"},
	}
	if len(flags) == 0 {
		f.Confidence = doctor.Likely
		f.Surer = "the flags in the registry (the SOFTWARE hive): redx diagnose --image DIR"
	}
	if len(fails)+len(words) == 0 {
		f.Severity = doctor.Warning
	}
	return []doctor.Finding{f}
}
