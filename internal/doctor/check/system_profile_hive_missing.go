package check

import (
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// SystemProfileHiveMissing finds that setup misses the registry hive of a profile of Windows' own.
func SystemProfileHiveMissing() doctor.Check {
	return doctor.Check{
		ID:       "system-profile-hive-missing",
		Title:    "The registry hive of the system's own profile is missing",
		Reads:    []evidence.Kind{evidence.ProfileHiveMissing, evidence.FileState, evidence.Attempt},
		Unproven: true,
		Run:      systemProfileHiveMissing,
	}
}

func systemProfileHiveMissing(x *doctor.Exam) []doctor.Finding {
	var out []doctor.Finding
	cured, told := curesOf(x), map[doctor.Missing]bool{}
	for e := range x.Evidence.Of(evidence.ProfileHiveMissing) {
		path := e.Field(evidence.Path)
		state, looked := x.Evidence.FileState(path)
		if cured.of(e) || looked && state.Field(evidence.State) == evidence.Present {
			continue
		}
		f := doctor.Finding{
			Severity: doctor.Error, Confidence: doctor.Likely, Codes: []hresult.Code{hresult.FileNotFound}, Proof: []*evidence.Event{e},
			Title: "The registry hive of the system's own profile is missing: " + path,
			Detail: "Setup readies this hive for the new Windows and stops without it. Bring it back from a backup, from System Restore, or as a " +
				"copy of C:\\Users\\Default\\NTUSER.DAT, while that Windows does not run.",
			Surer:   "the file itself: redx diagnose --image DIR",
			Files:   []doctor.File{{Path: path}},
			Missing: []doctor.Missing{{Kind: doctor.MissingFile, Name: path}},
			Next:    []string{`dir /a %windir%\System32\config\systemprofile`, openWindowsUpdate},
		}
		if _, gone := absent(x.Evidence, path); gone {
			f.Proof = append(f.Proof, state)
			f.Confidence, f.Surer = doctor.Proven, ""
		}
		if !told[f.Missing[0]] {
			told[f.Missing[0]] = true
			out = append(out, f)
		}
	}
	return out
}
