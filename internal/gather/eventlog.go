package gather

import (
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/eventtext"
	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
	"github.com/redx-update/redx/internal/update"
)

// attemptKinds are the events that tell how an attempt ended.
var attemptKinds = map[winevents.Kind]attemptFields{
	winevents.InstallDone:     {update.Install, evidence.PhaseInstall, update.Succeeded},
	winevents.InstallFailed:   {update.Install, evidence.PhaseInstall, update.Failed},
	winevents.UninstallDone:   {update.Uninstall, evidence.PhaseInstall, update.Succeeded},
	winevents.UninstallFailed: {update.Uninstall, evidence.PhaseInstall, update.Failed},
	winevents.DownloadDone:    {update.Install, evidence.PhaseDownload, update.Succeeded},
	winevents.DownloadFailed:  {update.Install, evidence.PhaseDownload, update.Failed},
}

// packageAttempt gives the attempt that the end of a package's change is: only changes to and from the installed
// state are, the steps between them (staged, resolved) are not.
func packageAttempt(rec *evtx.Record, ev *winevents.Event) (attemptFields, bool) {
	a := attemptFields{phase: evidence.PhaseInstall, result: update.Succeeded}
	switch ev.Kind {
	case winevents.PackageDone:
	case winevents.PackageFailed:
		a.result = update.Failed
	default:
		return a, false
	}
	switch rec.Get("IntendedPackageStateTextized") {
	case "Installed":
		a.operation = update.Install
	case "Absent", "Uninstalled":
		a.operation = update.Uninstall
	default:
		return a, false
	}
	return a, true
}

// attemptFields are the fields of an attempt.
type attemptFields struct {
	operation update.Operation
	phase     string
	result    update.Result
}

func (a attemptFields) fields() map[string]string {
	f := map[string]string{evidence.Phase: a.phase, evidence.Result: string(a.result)}
	if a.operation != update.UnknownOperation {
		f[evidence.Operation] = string(a.operation)
	}
	return f
}

func readEventLog(in *input) error {
	f, err := evtx.Open(in.file, in.file.Size())
	if err != nil {
		return err
	}
	damaged := 0
	for rec, err := range f.Records(winevents.Filter()) {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		if err != nil {
			in.damage(&damaged, err)
		}
		if rec == nil {
			continue
		}
		if ev, ok := winevents.Interpret(rec); ok {
			in.winEvent(rec, &ev)
		}
	}
	return nil
}

// readPastedEvents reads records that somebody has copied out of an event log as text.
func readPastedEvents(in *input) error {
	s := eventtext.NewScanner(in.lines())
	for s.Scan() {
		rec := s.Record()
		if ev, ok := winevents.Interpret(&rec.Record); ok {
			in.winEvent(&rec.Record, &ev)
		}
	}
	return s.Err()
}

func (in *input) winEvent(rec *evtx.Record, ev *winevents.Event) {
	e := evidence.Event{
		Source: in.record(rec.Number), Time: rec.Time, Code: ev.Code, Update: ev.Update, Text: ev.Text,
	}
	if ev.Code.Failed() {
		in.out.Code(ev.Code, e.Source, []byte(ev.Text))
	}
	a, ok := attemptKinds[ev.Kind]
	if !ok {
		a, ok = packageAttempt(rec, ev)
	}
	if ok && !ev.Update.IsZero() {
		e.Kind, e.Fields = evidence.Attempt, a.fields()
		in.out.Add(e)
		return
	}
	switch {
	case ev.Kind == winevents.TransferFailed, ev.Kind == winevents.TransferStopped && ev.Code.Failed():
		e.Kind, e.Fields = evidence.DownloadFailed, transferFields(rec, ev)
	case ev.Kind == winevents.TransferStopped:
		e.Kind, e.Fields = evidence.DownloadDone, transferFields(rec, ev)
	case ev.Kind == winevents.InstallerSource:
		e.Kind, e.Fields = evidence.InstallerSourceMissing, fieldOf(evidence.Name, ev.Subject)
	default:
		if !systemEvent(&e, rec, ev) {
			return
		}
	}
	in.out.Add(e)
}

func transferFields(rec *evtx.Record, ev *winevents.Event) map[string]string {
	f := map[string]string{evidence.URL: ev.Subject}
	if job := rec.Get("Id"); job != "" {
		f[evidence.Job] = job
	}
	return f
}
