package check

import (
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// pathCodes are the results of an attempt that did not find a folder.
var pathCodes = []hresult.Code{
	hresult.PathNotFound,
	0x8007010b, // ERROR_DIRECTORY
	0x8007000f, // ERROR_INVALID_DRIVE
	0x80070015, // ERROR_NOT_READY
}

// TempPathMissing finds that the folder for temporary files which all of Windows uses is not there, and that servicing
// stumbles over it.
func TempPathMissing() doctor.Check {
	return doctor.Check{
		ID:       "temp-path-missing",
		Title:    "The folder for temporary files is missing",
		Reads:    []evidence.Kind{evidence.Environment, evidence.FileState, evidence.TempFailed, evidence.Attempt, evidence.ServicingEnd},
		Unproven: true,
		Run:      tempPathMissing,
	}
}

func tempPathMissing(x *doctor.Exam) []doctor.Finding {
	fails := standing(x, pathCodes...)
	var gone, proof []*evidence.Event
	for e := range x.Evidence.Of(evidence.Environment) {
		if state, lost := absent(x.Evidence, e.Field(evidence.Path)); lost {
			proof = append(proof, e)
			if !slices.Contains(gone, state) {
				gone = append(gone, state)
			}
		}
	}
	words := tempWords(x, len(fails)+len(gone) > 0)
	if len(words) == 0 && (len(fails) == 0 || len(gone) == 0) {
		return nil
	}
	for e := range x.Evidence.Of(evidence.Environment) {
		if state, ok := x.Evidence.FileState(e.Field(evidence.Path)); ok && len(gone) == 0 && state.Field(evidence.State) == evidence.Present {
			return nil // it is there now
		}
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: updateOf(fails, words),
		Title: "The folder for temporary files that Windows' own programs use is not there",
		Detail: "The variables TEMP and TMP of the system name a folder that is missing, usually on a drive that was taken out. Make the " +
			"folder again, or set both back to %SystemRoot%\\TEMP (System Properties, Environment Variables), then restart.",
		Codes: slices.Concat(codesOf(words), codes), Proof: slices.Concat(proofOf(words, 3), proof, gone, attempts),
		Next: []string{`reg query "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment" /v TEMP`, "shutdown /r /t 0"},
	}
	if len(f.Codes) == 0 {
		f.Codes = []hresult.Code{hresult.PathNotFound}
	}
	for _, state := range gone {
		if path := state.Field(evidence.Path); quotable(path) {
			f.Next = append([]string{`mkdir "` + path + `"`}, f.Next...)
		}
		f.Missing = append(f.Missing, doctor.Missing{Kind: doctor.MissingDirectory, Name: state.Field(evidence.Path)})
	}
	if len(gone) == 0 || len(words) == 0 {
		f.Confidence = doctor.Likely
		f.Surer = "both: the line in CBS.log that no temporary file can be made, and the folder that is not there (redx diagnose --image DIR)"
	}
	return []doctor.Finding{f}
}

// tempWords are the lines by which nothing temporary could be made. Unless more speaks for it, those behind which servicing went
// well say nothing, but for one whose own session failed.
func tempWords(x *doctor.Exam, more bool) []*evidence.Event {
	cured, failed := curesOf(x), sessions{}
	for end := range x.Evidence.Of(evidence.ServicingEnd) {
		if end.Session != "" && end.Code.Failed() {
			failed[sessionKey(end)] = true
		}
	}
	well := wentWell(x.Evidence, func(e *evidence.Event) bool { return !e.Code.Failed() }, evidence.ServicingEnd)
	var words []*evidence.Event
	for e := range x.Evidence.Of(evidence.TempFailed) {
		if !cured.of(e) && (more || failed.has(e) || !well.after(e)) {
			words = append(words, e)
		}
	}
	return words
}
