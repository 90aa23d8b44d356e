package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// networkCodes say that the update server was not reached, or that something on the way answered in its place.
var networkCodes = []hresult.Code{
	0x8024402c, 0x80072ee7, // the name was not resolved
	0x80072ee2, 0x8024401c, // no answer in time
	0x80072efd, 0x80072efe, 0x80072eff, // no connection, or broken off
	0x80240438,             // WU_E_PT_ENDPOINT_UNREACHABLE
	0x8024401b,             // proxy authentication required
	0x8024402f,             // an answer that is none: WU_E_PT_ECP_SUCCEEDED_WITH_ERRORS
	0x80072f76, 0x80072f78, // an answer that cannot be understood
	0x80244017, 0x80244018, // denied, forbidden
	0x80240439, // WU_E_PT_INVALID_FORMAT: what came was not what the server sends
	0x80244010, // more trips to the server than allowed
}

// serverCodes say that the update server itself has failed: HTTP status 500, 502, 503 and 504.
var serverCodes = []hresult.Code{0x8024401f, 0x80244021, 0x80244022, 0x80244023, 0x801901f4, 0x801901f6, 0x801901f7, 0x801901f8}

// NetworkOrProxy finds that the update server is not reached again and again, and that nothing came through since. One
// failure is none: computers sleep and move.
func NetworkOrProxy() doctor.Check {
	return doctor.Check{
		ID:    "network-or-proxy",
		Title: "The update server is not reached",
		Reads: []evidence.Kind{
			evidence.ScanFailed, evidence.ScanDone, evidence.DownloadFailed, evidence.DownloadDone, evidence.Trouble, evidence.Attempt,
			evidence.UpdateServer, evidence.Policy,
		},
		ConsequenceOf: []string{"clock-or-tls-wrong", "updates-paused-or-blocked"},
		Turn:          doctor.NetworksTurn,
		Run:           networkOrProxy,
	}
}

func networkOrProxy(x *doctor.Exam) []doctor.Finding {
	t := triesWith(x, slices.Concat(networkCodes, serverCodes))
	if t.number < 2 && !linesTell(x.Evidence, t) && !x.Evidence.Machine.Excerpt || len(t.codes()) == 0 {
		return nil
	}
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(t.fails),
		Title: "The update server is not reached: " + reasonOf(t.codes()),
		Detail: "Windows Update tried again and again, and nothing came through since. This computer's files are not at fault: do " +
			"not reset it. Look at the name resolution, the proxy and the firewall on the way.",
		Codes: t.codes(), Proof: t.proof(),
		Next: []string{"netsh winhttp show proxy", "nslookup windowsupdate.microsoft.com", openWindowsUpdate},
	}
	server, named := configuredServer(x.Evidence)
	if named && plainURL.MatchString(server.Field(evidence.URL)) {
		name := host(server.Field(evidence.URL))
		f.Title = fmt.Sprintf("The update server %s is not reached: %s", name, reasonOf(t.codes()))
		f.Proof = append(f.Proof, server)
		f.Next = []string{"netsh winhttp show proxy", "nslookup " + name, "curl -I " + server.Field(evidence.URL)}
	}
	if len(t.codes()) > 0 && !slices.ContainsFunc(t.codes(), func(c hresult.Code) bool { return !slices.Contains(serverCodes, c) }) {
		f.Turn = doctor.ServersTurn
		f.Title = strings.Replace(f.Title, "is not reached", "fails", 1)
		f.Detail = "The server answers that it has failed or is not available. This computer is not at fault: do not reset it. Tell " +
			"whoever runs the server: its web server and application pool, its load, its database."
	}
	if t.number < 3 {
		f.Confidence = doctor.Likely
		f.Surer = "more tries: the log of Windows Update's events (WindowsUpdateClient/Operational), or redx diagnose again in a day"
	}
	return []doctor.Finding{f}
}

// tries are the unhealed tries to reach the server that ended with certain codes.
type tries struct {
	scans, downloads, lines []*evidence.Event
	fails                   []stuck
	number                  int // searches, transfers and attempts, without single lines
}

// triesWith gathers them. Anything that came through later heals all of them.
func triesWith(x *doctor.Exam, codes []hresult.Code) tries {
	t := tries{fails: standing(x, codes...)}
	well := cameThrough(x.Evidence)
	for e := range x.Evidence.Of(evidence.ScanFailed) {
		if slices.Contains(codes, e.Code) && !isStore(e) && !unplugged(e) && !well.after(e) {
			t.scans = append(t.scans, e)
		}
	}
	for e := range x.Evidence.Of(evidence.DownloadFailed) {
		if slices.Contains(codes, e.Code) && ofUpdates(x.Evidence, e) && !well.after(e) {
			t.downloads = append(t.downloads, e)
		}
	}
	t.lines = slices.DeleteFunc(troubled(x.Evidence, codes), func(e *evidence.Event) bool { return unplugged(e) || well.after(e) })
	t.fails = slices.DeleteFunc(t.fails, func(s stuck) bool { return well.after(s.last.Proof[0]) })
	t.number = count(t.scans) + count(t.downloads)
	for _, s := range t.fails {
		t.number += s.times
	}
	return t
}

// linesTell reports that single lines stand for more than one failure: they come again after a while, or they are all
// that is known, as in an excerpt, where nothing ever came through.
func linesTell(set *evidence.Set, t tries) bool {
	const while = 10 * time.Minute
	if set.Machine.Excerpt && len(t.lines) > 0 {
		return true
	}
	if count(t.lines) < 2 {
		return false
	}
	first, last := t.lines[0].Time, t.lines[0].Latest()
	for _, e := range t.lines {
		if e.Latest().After(last) {
			last = e.Latest()
		}
	}
	return !first.IsZero() && last.Sub(first) > while || cameThrough(set).none()
}

func (t tries) codes() []hresult.Code {
	_, codes := attemptsOf(t.fails)
	var out []hresult.Code
	for _, c := range slices.Concat(codesOf(t.scans), codesOf(t.downloads), codes, codesOf(t.lines)) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

func (t tries) proof() []*evidence.Event {
	attempts, _ := attemptsOf(t.fails)
	return slices.Concat(proofOf(t.scans, 3), proofOf(t.downloads, 3), proofOf(attempts, 3), proofOf(t.lines, 3))
}

// cameThrough are the signs that the way to the update server is open.
func cameThrough(set *evidence.Set) signs {
	return wentWell(set, func(e *evidence.Event) bool {
		switch e.Kind {
		case evidence.Attempt:
			return succeeded(e) && e.Field(evidence.Phase) == evidence.PhaseDownload
		case evidence.DownloadDone:
			return ofUpdates(set, e)
		default:
			return !isStore(e)
		}
	}, evidence.ScanDone, evidence.DownloadDone, evidence.Attempt)
}

// isStore reports a search for apps or for preview builds: these services come and go and bring no Windows updates.
func isStore(e *evidence.Event) bool {
	service := strings.ToLower(strings.Trim(e.Field(evidence.Service), "{}"))
	return strings.HasPrefix(service, "855e8a7c-") || strings.HasPrefix(service, "8b24b027-")
}

// unplugged reports what failed while the computer had no network at all, as at its first start: nothing is in the way then,
// and Windows Update tries again when there is one.
func unplugged(e *evidence.Event) bool { return e.Field(evidence.Network) == evidence.NetworkOff }

// ofUpdates reports a transfer of an update: from Microsoft's delivery of updates, or from the configured server.
func ofUpdates(set *evidence.Set, e *evidence.Event) bool {
	h := host(e.Field(evidence.URL))
	if e.Source.Line > 0 && e.Field(evidence.URL) == "" {
		return true // the update agent's own word
	}
	if e.Update.ID != (update.ID{}) || wsusContent.MatchString(e.Field(evidence.URL)) {
		return true
	}
	for _, d := range []string{"windowsupdate.com", "update.microsoft.com", "delivery.mp.microsoft.com"} {
		if h == d || strings.HasSuffix(h, "."+d) {
			return true
		}
	}
	server, ok := configuredServer(set)
	return ok && h != "" && h == host(server.Field(evidence.URL))
}

// configuredServer is the last word on which update server is configured.
func configuredServer(set *evidence.Set) (*evidence.Event, bool) {
	var last *evidence.Event
	for e := range set.Of(evidence.UpdateServer) {
		last = e
	}
	return last, last != nil
}

// reasonOf says in a few words what the first code means.
func reasonOf(codes []hresult.Code) string {
	reasons := map[hresult.Code]string{
		0x8024402c: "its name is not resolved", 0x80072ee7: "its name is not resolved", 0x80072ee2: "it does not answer in time",
		0x8024401c: "it does not answer in time", 0x80072efd: "no connection", 0x80072efe: "the connection is broken off",
		0x80072eff: "the connection is broken off", 0x8024401b: "the proxy wants a password", 0x80244017: "access is denied",
		0x80244018: "access is forbidden", 0x8024401f: "it has an error of its own (HTTP 500)", 0x80244022: "it is not available (HTTP 503)",
	}
	if len(codes) == 0 {
		return "no connection"
	}
	return cmp.Or(reasons[codes[0]], codes[0].String())
}
