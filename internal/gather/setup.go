package gather

import (
	"bytes"
	"regexp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/pfro"
	"github.com/redx-update/redx/internal/format/poqexec"
	"github.com/redx-update/redx/internal/format/setupapi"
	"github.com/redx-update/redx/internal/format/setuplog"
	"github.com/redx-update/redx/internal/hresult"
)

// The logs of setup, drivers and pending renames are read for their codes, and for the lines that name a cause.

func readSetupLog(in *input) error {
	s := setuplog.NewScanner(in.lines())
	reader := &setupReader{in: in}
	for s.Scan() {
		reader.line(s.Entry())
	}
	return s.Err()
}

// setupFault says what a failing line of setup's logs means.
func setupFault(text []byte, c hresult.Code) (evidence.Kind, bool) {
	switch {
	case isMissing(c) && bytes.Contains(text, []byte("Process Drivers for Migration")):
		return evidence.StackMissing, true
	case isMissing(c) && bytes.Contains(text, []byte("WimMount ImagePath")), c == codeWIMMount:
		return evidence.WIMMountBroken, true
	}
	return "", false
}

func readSetupAPI(in *input) error {
	s := setupapi.NewScanner(in.lines())
	for s.Scan() {
		e := s.Entry()
		c, ok := setupapi.ParseCode(e.Text)
		if !ok || !c.Failed() || e.Level == setupapi.Plain && e.Exit == "" && !unmarked.Match(e.Text) {
			continue
		}
		in.out.Code(c, in.line(e.Line), e.Text)
		if path, ok := repositoryINF(string(e.Text)); ok && isMissing(c) {
			in.missingINF(e, path, c)
		}
	}
	return s.Err()
}

// unmarked is a line that lost its mark when it was pasted: the path of an INF with a code right behind it is a failure.
var unmarked = regexp.MustCompile(`(?i)\.inf['"]\((?:0x)?0000000[23]\)`)

// repositoryINF finds the INF in the driver store that a line names: "Unable to load INF: '...\FileRepository\x.inf_
// amd64_0123\x.inf'(00000003)", "Failed to open driver package '...'".
func repositoryINF(text string) (path string, ok bool) {
	path = storedINF.FindString(text)
	return path, path != ""
}

var storedINF = regexp.MustCompile(`(?i)\b[a-z]:\\[^'"<>|*?:]*\\filerepository\\[^'"<>|*?:]*\.inf\b`)

func (in *input) missingINF(e *setupapi.Entry, path string, c hresult.Code) {
	ev := evidence.Event{
		Kind: evidence.DriverINFMissing, Source: in.line(e.Line), Code: c, Text: string(e.Text),
		Fields: map[string]string{evidence.Path: path, evidence.Name: base(path)},
	}
	if !e.Time.IsZero() {
		ev.Time, ev.Local = e.Time, true
	}
	in.out.Add(ev)
}

func readPFRO(in *input) error {
	s := pfro.NewScanner(in.lines())
	for s.Scan() {
		if e := s.Entry(); e.Code.Failed() {
			in.out.Code(e.Code, in.line(e.Line), e.Text)
		}
	}
	return s.Err()
}

// nameNotFound is STATUS_OBJECT_NAME_NOT_FOUND, with which the operations at a start of Windows end when a file that they
// move is gone.
const nameNotFound hresult.Code = 0xC0000034

// readPoqexec takes the operations that servicing carries out while Windows starts. One that fails ends them all, so a
// failure counts only where the log ends with it.
func readPoqexec(in *input) error {
	s := poqexec.NewScanner(in.lines())
	var last evidence.Event
	for s.Scan() {
		e := s.Entry()
		if e.Code.Failed() {
			in.out.Code(e.Code, in.line(e.Line), e.Text)
		}
		if len(e.Text) > 0 {
			last = evidence.Event{Source: in.line(e.Line), Time: e.Time, Code: e.Code, Text: string(e.Text)}
		}
	}
	if last.Code == nameNotFound {
		last.Kind, last.Fields = evidence.PendingUnresolved, fieldOf(evidence.Path, objectPath(last.Text))
		in.out.Add(last)
	}
	return s.Err()
}
