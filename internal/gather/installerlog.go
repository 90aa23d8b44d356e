package gather

import (
	"slices"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/msilog"
	"github.com/redx-update/redx/internal/hresult"
)

// Results of Windows Installer (msi.h).
var (
	installerDone     = []int{0, 1641, 3010}    // done, two of them with a restart
	installerNoSource = []int{1612, 1635, 1706} // the package of the product, or of the patch, was not found
)

// readInstallerLog reads the log of one run of Windows Installer. That a kept package is gone counts only where the run did
// not end well: it may be found where the product came from.
func readInstallerLog(in *input) error {
	s := msilog.NewScanner(in.lines())
	var found *evidence.Event
	product := ""
	for s.Scan() {
		e := s.Entry()
		if e.Product != "" {
			product = e.Product
		}
		switch {
		case e.Ended && slices.Contains(installerDone, e.Result):
			found = nil
		case e.Package != "":
			found = in.installerSource(e, hresult.Code(0x80070000|1612), found)
			found.Fields[evidence.Path] = e.Package
		case slices.Contains(installerNoSource, e.Error):
			found = in.installerSource(e, hresult.Code(0x80070000|e.Error), found)
		case e.Ended && slices.Contains(installerNoSource, e.Result):
			found = in.installerSource(e, hresult.Code(0x80070000|e.Result), found)
		}
	}
	if found != nil {
		if product != "" {
			found.Fields[evidence.Name] = product
		}
		in.out.Code(found.Code, found.Source, []byte(found.Text))
		in.out.Add(*found)
	}
	return s.Err()
}

// installerSource is the event of a line, unless there is one already: the first that names the package tells most.
func (in *input) installerSource(e *msilog.Entry, code hresult.Code, before *evidence.Event) *evidence.Event {
	if before != nil && (e.Package == "" || before.Fields[evidence.Path] != "") {
		return before
	}
	return &evidence.Event{
		Kind: evidence.InstallerSourceMissing, Source: in.line(e.Line), Code: code, Text: string(e.Text),
		Fields: map[string]string{},
	}
}
