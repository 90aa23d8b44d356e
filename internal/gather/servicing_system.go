package gather

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/hresult"
)

// profileAtWork is the user profile that the servicing stack said last that it loads, and how many failures since.
type profileAtWork struct {
	sid   string
	since int
}

// sid is the identity of a user account, in words or as a key below \REGISTRY\USER.
var sid = regexp.MustCompile(`\bS-1-5-21-\d+-\d+-\d+-\d+\b`)

// loads remembers the profile that a line says is loaded.
func (s *servicingReader) loads(e *cbslog.Entry) {
	if bytes.HasPrefix(e.Text, []byte("Loading user account SID")) {
		s.profile = profileAtWork{sid: string(sid.Find(e.Text))}
	}
}

// system tells of failures that lie in the system around servicing.
func (s *servicingReader) system(ev *cbslog.Event) {
	if ev.Kind != cbslog.Failure {
		return
	}
	s.profileFailure(ev)
	s.bootFiles(ev)
	s.refused(ev)
}

// profileFailure knows a failure over a user's profile: the line names the account's key, or a hive fails to load right
// behind the line that names the account.
func (s *servicingReader) profileFailure(ev *cbslog.Event) {
	const near = 3
	s.profile.since++
	status, _ := cbslog.Status(ev.Text)
	gone := isMissing(ev.Code) || status == "STATUS_OBJECT_NAME_NOT_FOUND" || status == "STATUS_OBJECT_PATH_NOT_FOUND"
	if !gone {
		return
	}
	account := ""
	switch {
	case strings.Contains(ev.Text, "ProfileRootKey") || strings.Contains(strings.ToUpper(ev.Text), `\REGISTRY\USER\`):
		account = sid.FindString(ev.Text)
	case strings.Contains(ev.Text, "AutoHive") && s.profile.since <= near:
		account = s.profile.sid
	}
	if account != "" {
		s.add(evidence.ProfileFailed, ev, map[string]string{evidence.Name: account})
	}
}

// noRoom is the disk-full error in the lines of whoever writes the files that Windows starts from.
var noRoom = regexp.MustCompile(`(?i)(?:BFSVC|BootFiles).*(?:error|fail).*\b(?:0x70|(?:0x)?80070070)\b`)

// bootFiles knows a system partition that has no room for the files that Windows starts from.
func (s *servicingReader) bootFiles(ev *cbslog.Event) {
	if lower := strings.ToLower(ev.Text); !strings.Contains(lower, "bfsvc") && !strings.Contains(lower, "bootfiles") {
		return // which most are, and quicker to see than by a pattern
	}
	if noRoom.MatchString(ev.Text) {
		told := *ev
		told.Code, told.HasCode = 0x80070070, true
		s.add(evidence.PartitionFull, &told, nil)
	}
}

// refusals are the names that CSI has for failures whose number the line lacks.
var refusals = map[string]hresult.Code{
	"STATUS_ACCESS_DENIED":     0x80070005,
	"STATUS_SHARING_VIOLATION": 0x80070020,
	"STATUS_DELETE_PENDING":    0x80070005,
	"STATUS_DISK_FULL":         0x80070070,
	"STATUS_NOT_SAME_DEVICE":   0x80070011,
}

// refused knows a failure for want of rights or space. The path is that of the object that CSI names.
func (s *servicingReader) refused(ev *cbslog.Event) {
	code := ev.Code
	if status, ok := cbslog.Status(ev.Text); ok && refusals[status] != 0 {
		code = refusals[status]
	}
	if !slices.Contains(troubles, code) {
		return
	}
	told := *ev
	told.Code, told.HasCode = code, true
	fields := map[string]string{evidence.Component: ev.Component}
	if ev.Component == "" && strings.Contains(ev.Text, "[HRESULT = 0x") { // pasted without its head, and written so by CBS alone
		fields[evidence.Component] = "CBS"
	}
	if ev.Level.String() == "Error" {
		fields[evidence.Level] = evidence.LevelError
	}
	path := objectPath(ev.Text)
	if code == otherVolume {
		path = cmp.Or(profilePath(ev.Text), path)
	}
	if path != "" {
		fields[evidence.Path] = path
	}
	s.add(evidence.Trouble, &told, fields)
}

// otherVolume is ERROR_NOT_SAME_DEVICE: a line with it has two paths, and the one below Users or ProgramData is that of the folder
// that is elsewhere.
const otherVolume hresult.Code = 0x80070011

// profilePath is the first path in a line that is below Users or ProgramData; "" when there is none.
func profilePath(text string) string {
	for _, s := range append(cbslog.Strings(text), quotedPath.FindAllString(text, 8)...) {
		if lower := strings.ToLower(s) + `\`; strings.Contains(lower, `:\users\`) || strings.Contains(lower, `:\programdata\`) {
			return plainPath(strings.TrimRight(s, " .,;:)"))
		}
	}
	return ""
}

// quotedPath is a path in a line of CBS itself, in brackets, quotes or at its end.
var quotedPath = regexp.MustCompile(`(?i)(?:\\\\\?\\|\\\?\?\\)?[a-z]:\\[^\[\]"'<>|*?\r\n]+`)

// objectPath is the file or key that a line of the servicing log is about: the first string of CSI that is a path, else
// what looks like one. "" when there is none.
func objectPath(text string) string {
	for _, s := range cbslog.Strings(text) {
		if plain := strings.TrimPrefix(strings.TrimPrefix(s, `\??\`), `\SystemRoot\`); strings.Contains(plain, `\`) {
			return strings.TrimPrefix(s, `\??\`)
		}
	}
	path := strings.TrimRight(quotedPath.FindString(text), " .,;:)")
	path = strings.TrimPrefix(strings.TrimPrefix(path, `\\?\`), `\??\`)
	if i := strings.Index(path, " - "); i > 0 {
		path = path[:i]
	}
	return strings.TrimSpace(path)
}
