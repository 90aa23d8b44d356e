package cbslog

import (
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

// SessionLine is what a line says of a session of the servicing stack.
type SessionLine struct {
	ID     string // "30984386_2313972518"
	Client string // "WindowsUpdateAgent", "DISM Package Manager Provider", ...; when the session begins
	Begins bool
	Ends   bool
	Reboot bool // "Reboot required: yes", when it ends
}

// ParseSession reads "Session: N_N initialized by client X", "Session: N_N finalized. Reboot required: no
// [HRESULT = ...]", "Session: N_N", and "Exec: ... Session(Corruption Repairing): N_N". ok is false when no session
// is named.
func ParseSession(text string) (s SessionLine, ok bool) {
	rest, found := strings.CutPrefix(text, "Session: ")
	if !found {
		i := strings.Index(text, "Session")
		if i < 0 || !strings.HasPrefix(text, "Exec: ") {
			return s, false
		}
		if _, rest, found = strings.Cut(text[i:], ": "); !found {
			return s, false
		}
	}
	n := 0
	for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '_') {
		n++
	}
	if n < 3 || n > 40 || strings.Count(rest[:n], "_") != 1 {
		return s, false
	}
	s.ID, rest = rest[:n], rest[n:]
	if client, ok := strings.CutPrefix(rest, " initialized by client "); ok {
		s.Begins = true
		s.Client, _, _ = strings.Cut(client, ", external ")
	}
	if end, ok := strings.CutPrefix(rest, " finalized"); ok {
		s.Ends = true
		s.Reboot = strings.Contains(end, "Reboot required: yes")
	}
	return s, true
}

// ParseStack reads "Loaded Servicing Stack v10.0.19041.5547 with Core: <path>". The version's last part is the
// revision of the installed servicing stack.
func ParseStack(text string) (version, core string, ok bool) {
	rest, ok := strings.CutPrefix(text, "Loaded Servicing Stack v")
	if !ok {
		return "", "", false
	}
	version, core, _ = strings.Cut(rest, " with Core: ")
	return strings.TrimSpace(version), core, true
}

// ParseMissingFile reads "Failed to find file: <component>\<file> [HRESULT = ...]". What is no component file is
// given as the name alone.
func ParseMissingFile(text string) (f servicing.File, ok bool) {
	_, rest, ok := strings.Cut(text, "Failed to find file: ")
	if !ok {
		return f, false
	}
	rest, _, _ = strings.Cut(rest, " [HRESULT")
	rest = strings.TrimSpace(rest)
	if f, ok = servicing.ParseFile(rest); !ok {
		f = servicing.File{Name: rest}
	}
	return f, rest != ""
}

// DriverResult is the outcome for one driver of the driver operations queue.
type DriverResult struct {
	INF  string
	Code hresult.Code
}

// ParseDriver reads "Doqe: Recording result: 0x80070003, for Inf: x.inf" and "INSTALL index: 69, phase: 1, result 3,
// inf: x.inf", the latter's Win32 error given as an HRESULT.
func ParseDriver(text string) (d DriverResult, ok bool) {
	if rest, found := strings.CutPrefix(text, "Doqe: Recording result: "); found {
		result, inf, found := strings.Cut(rest, ", for Inf: ")
		d.INF = strings.TrimSpace(inf)
		d.Code, _, ok = number(result)
		return d, ok && found
	}
	_, rest, found := strings.Cut(text, ", result ")
	result, inf, isInf := strings.Cut(rest, ", inf: ")
	if !found || !isInf || !strings.Contains(text, "index: ") {
		return d, false
	}
	d.INF = strings.TrimSpace(inf)
	v, err := strconv.ParseUint(strings.TrimSpace(result), 0, 32)
	d.Code = hresult.Code(v)
	if v > 0 && v <= 0xffff {
		d.Code |= 0x80070000
	}
	return d, err == nil
}

// ParseUniversalTime reads "Universal Time is: 2022-09-15 05:18:07.052". Beside the line's own time it tells the
// machine's offset from UTC.
func ParseUniversalTime(text string) (time.Time, bool) {
	rest, ok := strings.CutPrefix(text, "Universal Time is: ")
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse("2006-01-02 15:04:05.999", strings.TrimSpace(rest))
	return t, err == nil
}

// ParseUpdate reads "WU creates the package, AppID:<application>, UpdateID:{GUID}, revision: N": the update for which
// Windows Update opens the package that the next line names.
func ParseUpdate(text string) (id update.ID, ok bool) {
	if !strings.HasPrefix(text, "WU creates the package") {
		return id, false
	}
	_, rest, _ := strings.Cut(text, "UpdateID:")
	name, rest, _ := strings.Cut(rest, ",")
	g, err := guid.Parse(name)
	if err != nil {
		return id, false
	}
	_, revision, _ := strings.Cut(rest, "revision: ")
	n, err := strconv.ParseUint(strings.TrimSpace(revision), 10, 32)
	if err != nil {
		n = 0
	}
	return update.ID{GUID: g, Revision: uint32(n)}, true
}
