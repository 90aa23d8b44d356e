package gather

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/format/checksur"
	"github.com/redx-update/redx/internal/format/dismlog"
	"github.com/redx-update/redx/internal/format/wdslog"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/servicing"
)

// readCheckSUR reads what the readiness tool of older systems found and mended.
func readCheckSUR(in *input) error {
	counts := newSURCounts()
	defer counts.tell(in)
	var found cbslog.Corruption
	for rec, err := range checksur.Records(in.lines()) {
		if err != nil {
			return err
		}
		counts.add(&rec)
		if rec.Kind == checksur.Unavailable {
			in.unavailable(&rec)
		}
		switch {
		case rec.Kind == checksur.Found:
			found = rec.Corruption
		case rec.Kind == checksur.Mended && rec.Corruption.File == found.File && rec.Corruption.Component == (servicing.Component{}):
			rec.Corruption.Component = found.Component // the line above it names that, this one the file alone
		}
		if kind, fields, ok := corruptionFault(&rec.Corruption); ok {
			in.out.Add(evidence.Event{Kind: kind, Source: in.line(rec.Line), Text: rec.Text, Fields: fields})
		}
	}
	return nil
}

// unavailable takes a file that the readiness tool wanted for a repair and did not have. It wants manifests of components also
// where only their files are missing, so these say nothing.
func (in *input) unavailable(rec *checksur.Record) {
	kind := "CSI Payload File Missing"
	switch lower := strings.ToLower(rec.Path); {
	case strings.HasPrefix(lower, `servicing\packages\`):
		kind = "CBS MUM Missing"
	case !strings.HasPrefix(lower, `winsxs\`) || strings.HasPrefix(lower, `winsxs\manifests\`):
		return
	}
	c, ok := cbslog.ParseCorruption("(f)\t" + kind + "\t0x00000000\t" + strings.TrimPrefix(rec.Path, `winsxs\`))
	if k, fields, known := corruptionFault(&c); ok && known {
		in.out.Add(evidence.Event{Kind: k, Source: in.line(rec.Line), Text: rec.Text, Fields: fields})
	}
}

func readDISM(in *input) error {
	s := dismlog.NewScanner(in.lines())
	for s.Scan() {
		e := s.Entry()
		c, ok := e.Code()
		if !ok || !c.Failed() {
			continue
		}
		in.out.Code(c, in.line(e.Line), e.Text)
		if kind, ok := dismFault(e, c); ok {
			in.tell(kind, e.Line, e.Time, e.HasTime, c, e.Text)
		} else if e.Level == wdslog.Error && isTrouble(c) {
			ev := evidence.Event{Source: in.line(e.Line), Code: c, Text: string(e.Text), Time: e.Time, Local: e.HasTime}
			in.trouble(ev, "DISM", e.Level, objectPath(ev.Text))
		}
	}
	return s.Err()
}

// dismFault says what a failing line of DISM's log means.
func dismFault(e *dismlog.Entry, c hresult.Code) (evidence.Kind, bool) {
	text := string(e.Text) + " " + string(e.Function)
	if isMissing(c) && (strings.Contains(text, "get_ServicingStackDirectory") ||
		strings.Contains(text, "Failed to bind the online servicing stack")) {
		return evidence.StackMissing, true
	}
	if slices.Contains(folderCodes, c) && tempMade.MatchString(text) {
		return evidence.TempFailed, true
	}
	return toolFault(c)
}

// dismErrors are the codes that say all there is to say where DISM itself fails with them.
var dismErrors = map[hresult.Code]evidence.Kind{
	codeFeatureRefused:  evidence.FeatureRefused,
	codeWIMMount:        evidence.WIMMountBroken,
	codeStackRequired:   evidence.StackRequired,
	codeRebootRequired:  evidence.PendingUnresolved,
	codeAssemblyMissing: evidence.ComponentManifestMissing,
	codeDeltaFirst + 8:  evidence.DeltaBaseMissing, // PSFX_E_INVALID_DELTA_COMBINATION
	codeNoCheckpoint:    evidence.DeltaBaseMissing,
	0x800f0831:          evidence.PackageManifestMissing, // CBS_E_STORE_CORRUPTION
	0x80070228:          evidence.DeltaBaseMissing,       // the same, as DISM says it
}

// tell adds an event of a log that names no update, with the wall-clock time of its line.
func (in *input) tell(kind evidence.Kind, line int, at time.Time, timed bool, c hresult.Code, text []byte) {
	e := evidence.Event{Kind: kind, Source: in.line(line), Code: c, Text: string(text)}
	if timed {
		e.Time, e.Local = at, true
	}
	in.out.Add(e)
}

// readCabinet reads the servicing logs in a cabinet, into which Windows rolls CBS.log. Other cabinets are passed over.
func readCabinet(in *input) error {
	if !strings.HasPrefix(base(in.path), "cbspersist") {
		return nil
	}
	c, err := cab.Open(in.file, in.file.Size())
	if err != nil {
		return err
	}
	return c.Each(func(f cab.File, r io.Reader) error {
		if !strings.HasSuffix(strings.ToLower(f.Name), ".log") {
			return nil
		}
		inner := *in
		inner.path = in.path + `\` + f.Name
		if err := readServicingFrom(&inner, &cancelReader{ctx: in.ctx, r: r}); err != nil {
			if in.ctx.Err() != nil {
				return err
			}
			in.out.Unread(inner.path, err)
		}
		return nil
	})
}
