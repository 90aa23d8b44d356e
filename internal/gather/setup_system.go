package gather

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/setuplog"
	"github.com/redx-update/redx/internal/format/wdslog"
	"github.com/redx-update/redx/internal/hresult"
)

// setupReader follows one log of setup: which profile and which driver it was at last.
type setupReader struct {
	in      *input
	profile string // path or SID
	driver  string // the INF that the last line of trouble named
	open    []byte // a line that ends before the path it is about, as happens to pasted ones
}

var (
	// hiveGone is the line of the part of setup that readies the system's own profile; the path may be that of Windows PE.
	hiveGone = regexp.MustCompile(`(?i)Required profile hive does not exist: \[([^\]]+)\]`)
	// profileNamed names the profile that setup is at, by its folder or its account.
	profileNamed = regexp.MustCompile(`(?i)\bprofile\b.*?((?:\\\\\?\\)?[a-z]:\\[^"'\[\]<>|*?]+|S-1-5-21-[\d-]+)`)
	// reserved is what setup shows when the partition that Windows starts from is full (Microsoft's support article of that name).
	reserved = regexp.MustCompile(`(?i)couldn['’]t update (?:the )?system reserved partition`)
	// infNamed is the path of a driver's INF file.
	infNamed = regexp.MustCompile(`(?i)(?:\b[a-z]:|\\)\\[^"'\[\]<>|*?:]*\.inf\b|[\w.$~-]+\.inf\b`)
)

func (r *setupReader) line(e *setuplog.Entry) {
	if r.open != nil && !e.HasTime {
		e.Text = append(r.open, e.Text...)
	}
	if r.open = nil; bytes.HasSuffix(bytes.TrimRight(e.Text, " "), []byte("Required profile hive does not exist:")) {
		r.open = append(bytes.Clone(e.Text), ' ')
		return
	}
	result, coded := setuplog.ParseResult(e.Text)
	if coded {
		r.in.out.Code(result.Code, r.in.line(e.Line), e.Text)
		if kind, ok := setupFault(e.Text, result.Code); ok {
			r.in.tell(kind, e.Line, e.Time, e.HasTime, result.Code, e.Text)
		}
	}
	if e.Level != wdslog.Info && bytes.Contains(bytes.ToLower(e.Text), []byte(".inf")) {
		if m := infNamed.Find(e.Text); m != nil {
			r.driver = string(m)
		}
	}
	switch {
	case coded && result.Extend != 0:
		r.add(evidence.SetupFailed, e, result.Code, evidence.Extend, hresult.Extend(result.Extend).Hex(), evidence.Name, r.driver)
	case bytes.Contains(e.Text, []byte("InsufficientSystemPartitionDiskSpace")) && bytes.Contains(e.Text, []byte("HardBlock")),
		bytes.Contains(e.Text, []byte("system reserved partition")) && reserved.Match(e.Text):
		r.add(evidence.PartitionFull, e, 0x80070070)
	case coded && slices.Contains(troubles, result.Code):
		r.in.trouble(r.event(e, result.Code), e.Component, e.Level, "")
	default:
		r.profiles(e)
	}
}

// profiles knows the lines in which setup stumbles over a user's profile, or over the system's own.
func (r *setupReader) profiles(e *setuplog.Entry) {
	if !bytes.Contains(e.Text, []byte("rofile")) && !bytes.Contains(e.Text, []byte("MigPlatformStartupOffline")) {
		return
	}
	text := string(e.Text)
	if m := hiveGone.FindStringSubmatch(text); m != nil {
		r.add(evidence.ProfileHiveMissing, e, hresult.FileNotFound, evidence.Path, r.hivePath(m[1]))
		return
	}
	if m := profileNamed.FindStringSubmatch(text); m != nil {
		r.profile = strings.TrimPrefix(strings.TrimRight(m[1], ` .,;:)\`), `\\?\`)
	}
	mismatch := strings.Contains(text, "User profile suffix mismatch")
	startup := strings.Contains(text, "MigPlatformStartupOffline") && strings.Contains(text, "00003")
	if mismatch || startup {
		name, path := r.profile, ""
		if strings.Contains(r.profile, `\`) {
			name, path = "", r.profile
		}
		r.add(evidence.ProfileFailed, e, hresult.PathNotFound, evidence.Name, name, evidence.Path, path)
	}
}

// hivePath gives a path of the new Windows as it is called once it runs: setup may see its drive by another letter.
func (r *setupReader) hivePath(said string) string {
	said = strings.TrimPrefix(said, `\??\`)
	lower := strings.ToLower(said)
	i := strings.Index(lower, `\windows\`)
	if root := r.in.root; i > 0 && root != "" {
		return root + said[i+len(`\windows`):]
	}
	return said
}

func (r *setupReader) event(e *setuplog.Entry, code hresult.Code) evidence.Event {
	out := evidence.Event{Source: r.in.line(e.Line), Code: code, Text: string(e.Text)}
	if e.HasTime {
		out.Time, out.Local = e.Time, true
	}
	return out
}

func (r *setupReader) add(kind evidence.Kind, e *setuplog.Entry, code hresult.Code, fields ...string) {
	out := r.event(e, code)
	out.Kind, out.Fields = kind, map[string]string{}
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] != "" {
			out.Fields[fields[i]] = fields[i+1]
		}
	}
	r.in.out.Add(out)
}
