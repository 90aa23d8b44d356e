package gather

import (
	"bytes"
	"errors"
	"path/filepath"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/format/checksur"
	"github.com/redx-update/redx/internal/format/dismlog"
	"github.com/redx-update/redx/internal/format/eventtext"
	"github.com/redx-update/redx/internal/format/msilog"
	"github.com/redx-update/redx/internal/format/pfro"
	"github.com/redx-update/redx/internal/format/poqexec"
	"github.com/redx-update/redx/internal/format/setupapi"
	"github.com/redx-update/redx/internal/format/setuplog"
	"github.com/redx-update/redx/internal/format/shown"
	"github.com/redx-update/redx/internal/format/wulog"
)

// reader knows one kind of file and says what its records mean.
type reader struct {
	name  string
	sniff func(head []byte) bool
	read  func(*input) error
}

// The names of forms that are asked for.
const (
	savedEvidence = "saved evidence"
	errorReport   = "error report"
	setupLog      = "setup log"
	installerLog  = "Windows Installer log"
	shownText     = "text that was shown"
)

// readers are asked in this order. The ones with a signature come first; among the text logs, the more particular.
func readers() []reader {
	return []reader{
		{"event log", signature(0, "ElfFile\x00"), readEventLog},
		{"ESE database", signature(4, "\xef\xcd\xab\x89"), readDatabase},
		{"SQLite database", signature(0, "SQLite format 3\x00"), readSQLite},
		{"cabinet", signature(0, "MSCF"), readCabinet},
		{savedEvidence, evidence.SniffSaved, readSaved},
		{"ReportingEvents.log", sniffReporting, readReporting},
		{errorReport, sniffErrorReport, readErrorReport},
		{"trace", sniffTrace, readTrace},
		{"SetupAPI log", setupapi.Sniff, readSetupAPI},
		{"PFRO.log", pfro.Sniff, readPFRO},
		{"poqexec.log", poqexec.Sniff, readPoqexec},
		{"CheckSUR.log", checksur.Sniff, readCheckSUR},
		{"WindowsUpdate.log", wulog.Sniff, readUpdateLog},
		{setupLog, setuplog.Sniff, readSetupLog},
		{"DISM log", dismlog.Sniff, readDISM},
		{"servicing log", cbslog.Sniff, readServicing},
		{installerLog, msilog.Sniff, readInstallerLog},
		{"pasted events", eventtext.Sniff, readPastedEvents},
		{setupLog, setuplog.SniffPlain, readSetupLog},
		{shownText, shown.Sniff, readShown},
	}
}

// text tells the readers of files that are text throughout, whatever their encoding.
func (r reader) text() bool {
	switch r.name {
	case "ReportingEvents.log", errorReport, "SetupAPI log", "PFRO.log", "poqexec.log", "CheckSUR.log",
		"WindowsUpdate.log", setupLog, "DISM log", "servicing log", installerLog, "pasted events", shownText:
		return true
	}
	return false
}

// recognise finds the reader for a file by its content.
func recognise(head []byte) (reader, bool) {
	for _, r := range readers() {
		if r.sniff(head) {
			return r, true
		}
	}
	return reader{}, false
}

var errUnrecognised = errors.New("its content is not what its name says: damaged, or made by something else")

// mustBeKnown reports the names that promise a content: if that is not recognised, something is lost. Text logs may be
// empty of all that redx looks for, and other databases and cabinets lie about in bundles.
func mustBeKnown(path string) bool {
	name := base(path)
	for _, pattern := range []string{
		"*.evtx", "*.etl", "cbs.log", "cbspersist_*", "datastore.edb", "qmgr.db", "catdb", "store.db", "history.db", "history.db.aside*",
	} {
		if ok, _ := filepath.Match(pattern, name); ok {
			return true
		}
	}
	return false
}

func signature(at int, sig string) func([]byte) bool {
	return func(head []byte) bool { return len(head) >= at && bytes.HasPrefix(head[at:], []byte(sig)) }
}

func readSaved(in *input) error { return evidence.Load(in.lines(), in.out) }
