package gather

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/wdslog"
	"github.com/redx-update/redx/internal/format/wulog"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// troubles are the codes that tell of the surroundings of an update. What a line with one of them means, the check that
// asks for it decides; it stands in healthy logs too.
var troubles = []hresult.Code{
	0x80070005, 0x80070020, 0x80070011, // rights, files held by others, files on another volume
	0x80070070, 0x800f0828, 0xc190020e, 0xc8000710, 0xc8000211, // space
	0x80072ee2, 0x80072ee7, 0x80072efd, 0x80072efe, 0x80072eff, 0x80072f76, 0x80072f78, // the way to the server
	0x80240438, 0x80240439, 0x80244010, 0x80244011, 0x80244016, 0x80244017, 0x80244018, 0x8024401b, 0x8024401c, 0x8024401f,
	0x80244021, 0x80244022, 0x80244023, 0x8024402c, 0x8024402f,
	0x80092003,                                                             // signatures
	0x80072f05, 0x80072f06, 0x80072f0d, 0x80072f7d, 0x80072f8f, 0x800b0101, // trust in it
	0x8024002e, 0x8024500c, // policies
	0x80242014,             // a restart is pending
	0x80070422, 0x80070424, // services
	0x80248002, 0x80248003, 0x80248004, 0x80248006, 0x80248011, 0x8024801b, 0x8024801c, // the datastore
	0x80246002, 0x8024601c, 0x80246010, 0x80246012, 0x80246008, 0x8020002b, 0x80200011, 0x80200013, 0x80190193, // transfers
}

// trouble gives a line of a text log that tells of the surroundings.
func (in *input) trouble(e evidence.Event, component string, level wdslog.Level, path string) {
	e.Kind = evidence.Trouble
	if e.Fields == nil {
		e.Fields = map[string]string{}
	}
	for name, value := range map[string]string{evidence.Component: component, evidence.Path: path} {
		if value != "" {
			e.Fields[name] = value
		}
	}
	if level == wdslog.Error {
		e.Fields[evidence.Level] = evidence.LevelError
	}
	in.out.Add(e)
}

// isTrouble reports a code that tells of the surroundings: one of troubles, or any of Delivery Optimization's or the
// database engine's.
func isTrouble(c hresult.Code) bool {
	return c>>16 == 0x80d0 || c>>16 == 0xc800 || slices.Contains(troubles, c)
}

// surroundings follows what the update agent says of searches and of its surroundings.
func (a *agentReader) surroundings(l *agentLine, code hresult.Code, coded bool) {
	if connected, ok := wulog.ParseNetwork(l.text); ok {
		a.network = nil
		if !connected {
			a.network = map[string]string{evidence.Network: evidence.NetworkOff}
		}
	}
	if found, ok := a.search(l, code, coded); ok {
		found.Fields = maps.Clone(a.network)
		a.add(l, found)
	}
	if !coded || cleaning.MatchString(l.text) {
		return
	}
	if !isTrouble(code) {
		return
	}
	e := evidence.Event{Source: l.source, Time: l.time, Local: l.local && !l.time.IsZero(), Text: l.contents, Code: code}
	e.Fields = maps.Clone(a.network)
	e.Update = update.Ref{ID: a.updates[l.tid].within(updateStays, l.time)}
	component, _, _ := strings.Cut(l.contents, ": ")
	switch component {
	case l.text:
		component = ""
	case "Report", "Reporter": // what it could not send is statistics, and goes to another server
		return
	}
	path, _ := wulog.DownloadPath(l.text)
	a.in.trouble(e, component, wdslog.None, path)
}

// Lines that end a search: "* END * Finding updates CallerId = ..., Exit code = 0x8024402C", "Found 0 updates and 61
// categories in search", "Updates found = 3"; of Windows before 10, "WU client failed Searching for update with error
// 0x80072ee2".
var (
	searchEnd   = regexp.MustCompile(`(?i)\bEND\b.*\bFinding updates\b.*\bExit code = (0x[0-9a-f]{1,8})`)
	searchFound = regexp.MustCompile(`(?i)^\s*\**\s*(?:Found \d+ updates? and \d+ categor|.*\bUpdates? found = \d+)`)
	searchFail  = regexp.MustCompile(`(?i)\bfailed Searching for update with error\b`)
)

func (a *agentReader) search(l *agentLine, code hresult.Code, coded bool) (evidence.Event, bool) {
	e := evidence.Event{Kind: evidence.ScanDone}
	switch {
	case searchFail.MatchString(l.text) && coded && code.Failed():
		e.Kind, e.Code = evidence.ScanFailed, code
	case searchEnd.MatchString(l.text):
		n, err := strconv.ParseUint(searchEnd.FindStringSubmatch(l.text)[1][2:], 16, 32)
		if c := hresult.Code(n); c.Failed() {
			e.Kind, e.Code = evidence.ScanFailed, c
		}
		return e, err == nil
	case searchFound.MatchString(l.text) && !(coded && code.Failed()):
	default:
		return e, false
	}
	return e, true
}
