package wulog

import (
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Code finds the result code of a text: "*FAILED* [80070003]" (no 0x there), else what stands behind "hr", "error" or
// "result", else the first failure code. Success codes are given only behind those words. ok is false without a code.
func Code(text string) (code hresult.Code, ok bool) {
	if f, ok := ParseFailed(text); ok {
		return f.Code, true
	}
	for _, word := range [...]string{"hr = ", "hr=", "hr:", "error = ", "error: ", "with error ", "error ", "Result = ", "result = "} {
		if _, rest, found := strings.Cut(text, word); found {
			if code, _, ok = hex(rest); ok {
				return code, true
			}
		}
	}
	for rest := text; ; {
		i := strings.Index(rest, "0x")
		if i < 0 {
			return 0, false
		}
		rest = rest[i:]
		if code, _, ok = hex(rest); ok && code.Failed() {
			return code, true
		}
		rest = rest[2:]
	}
}

// hex reads exactly eight hex digits at the start of s, with or without 0x, or fewer with it.
func hex(s string) (code hresult.Code, rest string, ok bool) {
	digits, prefixed := strings.CutPrefix(s, "0x")
	n := 0
	for n < len(digits) && isHex(digits[n]) {
		n++
	}
	if n != 8 && (!prefixed || n == 0 || n > 8) || n < len(digits) && isWord(digits[n]) {
		return 0, s, false
	}
	v, err := strconv.ParseUint(digits[:n], 16, 32)
	return hresult.Code(v), digits[n:], err == nil
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isWord(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

// Failed is what "*FAILED* [code]" is said of.
type Failed struct {
	Code hresult.Code
	What string // the text behind it: a method, or source file and line
}

// ParseFailed reads "*FAILED* [80070003] What", where text may precede it.
func ParseFailed(text string) (f Failed, ok bool) {
	_, rest, ok := strings.Cut(text, "*FAILED* [")
	if !ok {
		return f, false
	}
	f.Code, rest, ok = hex(rest)
	rest, closed := strings.CutPrefix(rest, "]")
	f.What = strings.TrimSpace(rest)
	return f, ok && closed
}

// Job is a failed download job.
type Job struct {
	Service string // "BITS" or "DO" (Delivery Optimization)
	ID      guid.GUID
	Update  update.ID
	Code    hresult.Code
	URL     string // DO only; BITS names it in a line of its own, see ParseJobFile
}

// ParseJob reads "BITS job {GUID} failed, updateId = {GUID}.201, hr = 0x80190194" and "DO job {GUID} failed, updateId
// = {GUID}.201, hr = 0x80D05001. File URL = http://..., ...".
func ParseJob(text string) (j Job, ok bool) {
	service, rest, ok := strings.Cut(text, " job {")
	id, rest, closed := strings.Cut(rest, "} failed")
	if !ok || !closed {
		return j, false
	}
	j.Service = service[strings.LastIndexByte(service, ' ')+1:]
	if j.Service != "BITS" && j.Service != "DO" {
		return j, false
	}
	j.ID, _ = guid.Parse(id)
	if ids := UpdateIDs(rest); len(ids) > 0 {
		j.Update = ids[0]
	}
	j.Code, ok = Code(rest)
	j.URL = value(rest, "File URL = ")
	return j, ok
}

// JobFile is the file that a download job failed at.
type JobFile struct{ URL, Path string }

// ParseJobFile reads "Failed job file: URL = http://..., local path = C:\...".
func ParseJobFile(text string) (f JobFile, ok bool) {
	_, rest, ok := strings.Cut(text, "ailed job file: ")
	if !ok {
		return f, false
	}
	url, path, _ := strings.Cut(rest, ", local path = ")
	f.URL = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(url), "URL = "))
	f.Path, _, _ = strings.Cut(strings.TrimSpace(path), ", ")
	return f, f.URL != ""
}

// value gives what stands behind a name, up to a blank, comma or the end.
func value(text, name string) string {
	_, rest, _ := strings.Cut(text, name)
	if i := strings.IndexAny(rest, " ,\t"); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimRight(rest, ".")
}

// maxIDs bounds what UpdateIDs gives of one line.
const maxIDs = 64

// UpdateIDs gives the updates that a text names as "{GUID}.201" or "GUID.201", in order. GUIDs without a revision are
// something else (jobs, services, calls).
func UpdateIDs(text string) []update.ID {
	var out []update.ID
	for i := 0; i+37 < len(text) && len(out) < maxIDs; {
		dash := strings.IndexByte(text[i:], '-')
		if dash < 0 {
			break
		}
		if at := i + dash - 8; dash >= 8 {
			if id, size, ok := updateID(text[at:]); ok && (at == 0 || !isWord(text[at-1])) {
				out = append(out, id)
				i = at + size
				continue
			}
		}
		i += dash + 1
	}
	return out
}

// updateID reads GUID, an optional brace, and a revision at the start of s.
func updateID(s string) (id update.ID, size int, ok bool) {
	if len(s) < 38 {
		return id, 0, false
	}
	g, err := guid.Parse(s[:36])
	rest, found := strings.CutPrefix(strings.TrimPrefix(s[36:], "}"), ".")
	n := 0
	for n < len(rest) && n < 10 && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	v, errRev := strconv.ParseUint(rest[:n], 10, 32)
	if err != nil || !found || errRev != nil {
		return id, 0, false
	}
	return update.ID{GUID: g, Revision: uint32(v)}, len(s) - len(rest) + n, true
}

// Title reads the title of an update: "Title = ..." or "Title: ...", after asterisks and blanks.
func Title(text string) (title string, ok bool) {
	text = strings.TrimLeft(text, "* \t")
	for _, name := range [...]string{"Title = ", "Title: "} {
		if title, ok = strings.CutPrefix(text, name); ok {
			return strings.Trim(title, `" `), true
		}
	}
	return "", false
}

// DownloadPath finds a path below SoftwareDistribution\Download in a text.
func DownloadPath(text string) (path string, ok bool) {
	const folder = `\softwaredistribution\download`
	lower := strings.ToLower(text)
	at := strings.Index(lower, folder)
	if at < 0 || len(lower) != len(text) {
		return "", false
	}
	start := strings.LastIndexByte(text[:at], ':') - 1
	if start < 0 || strings.ContainsAny(text[start:at], "\"'<>|*?\t,;[") {
		return "", false
	}
	end := at + len(folder)
	if n := strings.IndexAny(text[end:], "\"'<>|*?\t ,;])"); n >= 0 {
		end += n
	} else {
		end = len(text)
	}
	path = strings.TrimRight(text[start:end], `.:\`)
	return path, len(path) > at-start+len(folder)
}
