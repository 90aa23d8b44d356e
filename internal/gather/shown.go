package gather

import (
	"io"
	"strconv"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/shown"
	"github.com/redx-update/redx/internal/format/wdslog"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

// readShown reads what Windows has shown to somebody.
func readShown(in *input) error { return in.shown(in.lines()) }

func (in *input) shown(r io.Reader) error {
	records, err := shown.Records(r)
	for i := range records {
		in.wasShown(&records[i])
	}
	return err
}

func (in *input) wasShown(r *shown.Record) {
	e := evidence.Event{Source: in.line(r.Line), Code: r.Code, Text: r.Text}
	if r.Code.Failed() {
		in.out.Code(r.Code, e.Source, []byte(r.Text))
	}
	switch r.Kind {
	case shown.UpdateFailed:
		a := attemptFields{update.Install, evidence.PhaseInstall, update.Failed}
		if r.Download {
			a.phase = evidence.PhaseDownload
		}
		e.Kind, e.Fields = evidence.Attempt, a.fields()
		e.Update = update.Ref{Title: r.Title, KB: update.FindKB(r.Title)}
	case shown.StartFailed:
		e.Kind, e.Fields = evidence.PendingUnresolved, fieldOf(evidence.Path, r.Path)
	case shown.ServiceFailed:
		e.Kind, e.Fields = evidence.ServiceFailed, fieldOf(evidence.Name, r.Name)
		if r.Name == "" {
			in.trouble(e, "", wdslog.Error, "")
			return
		}
	case shown.RepairPending:
		e.Kind = evidence.PendingUnresolved
	case shown.PackageState:
		name, _ := servicing.ParsePackage(r.Name)
		e.Kind, e.Update = evidence.PackageState, update.Ref{KB: name.KB()}
		e.Fields = map[string]string{evidence.Name: r.Name, evidence.Status: strconv.Itoa(r.State), evidence.State: evidence.StateFailed}
	default:
		in.failureShown(e, r)
		return
	}
	in.out.Add(e)
}

// failureShown takes the code that a tool or a dialog ends with, where it says something by itself. A script is denied access
// for reasons of its own, as over the network.
func (in *input) failureShown(e evidence.Event, r *shown.Record) {
	component := "Windows Update"
	if r.Kind == shown.ToolFailed {
		component = "DISM"
	}
	switch kind, ok := toolFault(e.Code); {
	case ok && r.Kind == shown.ToolFailed:
		e.Kind = kind
		in.out.Add(e)
	case !isTrouble(e.Code), r.Name != "" && e.Code == accessDenied:
	default:
		in.trouble(e, component, wdslog.Error, "")
	}
}

const accessDenied hresult.Code = 0x80070005

// toolFault says what the code means with which a tool for the component store ends.
func toolFault(c hresult.Code) (evidence.Kind, bool) {
	if c == codeSourceMissing || c == codeStoreCorrupt {
		return evidence.SourceMissing, true
	}
	kind, ok := dismErrors[c]
	return kind, ok
}
