package check

import (
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// profileList is the key of the list of user profiles.
const profileList = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`

// ProfilePathMissing finds an entry of the list of user profiles whose folder is missing, and that servicing or setup
// stumbled over. An entry without a folder alone is no finding: many computers have one.
func ProfilePathMissing() doctor.Check {
	return doctor.Check{
		ID:            "profile-path-missing",
		Title:         "A user profile that the registry lists is not there",
		Reads:         []evidence.Kind{evidence.ProfileFailed, evidence.Profile, evidence.FileState, evidence.Attempt},
		ConsequenceOf: []string{"profile-folder-moved"},
		Run:           profilePathMissing,
	}
}

func profilePathMissing(x *doctor.Exam) []doctor.Finding {
	var out []doctor.Finding
	cured, told := curesOf(x), map[doctor.Missing]bool{}
	for e := range x.Evidence.Of(evidence.ProfileFailed) {
		if cured.of(e) {
			continue
		}
		f := doctor.Finding{
			Severity: doctor.Error, Confidence: doctor.Likely, Update: e.Update, Codes: []hresult.Code{profileCode(e)}, Proof: []*evidence.Event{e},
			Detail: "The registry lists a user whose folder is gone. Servicing and setup visit each profile and fail at this one. Keep a copy of " +
				"its key, then remove the key (or bring the folder back), and install again.",
			Surer: "the folder itself and the list of profiles: redx diagnose --image DIR",
			Next:  []string{fmt.Sprintf(`reg query "%s" /s`, profileList)},
		}
		if state := describeProfile(x.Evidence, e, &f); state == evidence.Present {
			continue
		}
		if !told[f.Missing[0]] {
			told[f.Missing[0]] = true
			out = append(out, f)
		}
	}
	return out
}

func profileCode(e *evidence.Event) hresult.Code {
	if e.Code.Failed() {
		return e.Code
	}
	return hresult.PathNotFound
}

// describeProfile names the profile, by its entry in the list where that is known, and gives the state of its folder.
func describeProfile(set *evidence.Set, e *evidence.Event, f *doctor.Finding) string {
	sid, path := e.Field(evidence.Name), e.Field(evidence.Path)
	if p := profileOf(set, sid, path); p != nil {
		sid, path = p.Field(evidence.Name), p.Field(evidence.Path)
		f.Proof = append(f.Proof, p)
	}
	f.Title = "Servicing fails at a user profile that is not there: " + firstOf(path, sid, "(not named)")
	f.Missing = []doctor.Missing{{Kind: doctor.MissingDirectory, Name: path}}
	if path == "" {
		f.Missing = []doctor.Missing{{Kind: doctor.MissingRegistryKey, Name: profileList + `\` + sid}}
	}
	if isSID(sid) {
		key := profileList + `\` + sid
		f.Next = []string{fmt.Sprintf(`reg query "%s"`, key), fmt.Sprintf(`reg export "%s" %%TEMP%%\profile.reg`, key)}
	}
	state, looked := set.FileState(path)
	if !looked || path == "" {
		return evidence.Unknown
	}
	s := state.Field(evidence.State)
	if s == evidence.Absent || s == evidence.NoFolder {
		f.Proof = append(f.Proof, state)
		f.Confidence, f.Surer = doctor.Proven, ""
	}
	return s
}

// profileOf gives the entry of the list for an account, also where that was put aside as .bak, else for a folder; nil
// when there is none.
func profileOf(set *evidence.Set, sid, path string) *evidence.Event {
	if sid != "" {
		for _, name := range []string{sid, sid + ".bak"} {
			for p := range set.Named(evidence.Profile, name) {
				return p
			}
		}
	}
	for p := range set.Of(evidence.Profile) {
		if path != "" && strings.EqualFold(p.Field(evidence.Path), path) {
			return p
		}
	}
	return nil
}

// isSID reports a security identifier, such as a shell takes without harm; .bak may follow.
func isSID(s string) bool {
	return strings.HasPrefix(s, "S-1-5-") && strings.Trim(strings.TrimSuffix(s, ".bak"), "S-0123456789") == ""
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
