package winevents

import (
	"strings"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// updateClient reads the update agent's events. Fields on real logs: 19 updateTitle updateGuid updateRevisionNumber
// serviceGuid; 20 errorCode and the same; 25 errorCode serviceGuid; 26 updateCount serviceGuid; 41, 43, 44 updateTitle
// updateGuid updateRevisionNumber. Described: all others.
func updateClient(r *evtx.Record) Event {
	e := Event{Update: ref(r), Code: code(r.Get("errorCode")), Subject: r.Get("serviceGuid")}
	name := or(e.Update.Title, "an update")
	switch r.EventID {
	case 16:
		e.Kind, e.Text = Unreachable, "The update service could not be reached"
	case 17, 18:
		e.Kind, e.Text = InstallReady, "Updates are downloaded and ready to be installed"+list(r, &e)
	case 19:
		e.Kind, e.Text = InstallDone, "Installed "+name
	case 20:
		e.Kind, e.Text = InstallFailed, failed("Failed to install "+name, e.Code)
	case 21, 22:
		e.Kind, e.Text = RestartNeeded, "A restart is needed to finish updates"+list(r, &e)
	case 23:
		e.Kind, e.Text = UninstallDone, "Uninstalled "+name
	case 24:
		e.Kind, e.Text = UninstallFailed, failed("Failed to uninstall "+name, e.Code)
	case 25:
		e.Kind, e.Text = ScanFailed, failed("Failed to search for updates", e.Code)
	case 26:
		e.Kind, e.Text = ScanDone, "Searched for updates, found "+or(r.Get("updateCount"), "some")
	case 27:
		e.Kind, e.Text = UpdatesPaused, "Automatic updates were paused"
	case 28:
		e.Kind, e.Text = UpdatesResumed, "Automatic updates were resumed"
	case 31:
		e.Kind, e.Text = DownloadFailed, failed("Failed to download "+name, e.Code)
	case 34, 36:
		e.Kind, e.Text = SelfUpdateFailed, failed("The update agent failed to update itself", e.Code)
	case 35, 37:
		e.Kind, e.Text = SelfUpdateDone, "The update agent updated itself"
	case 41:
		e.Kind, e.Text = DownloadDone, "Downloaded "+name
	case 43:
		e.Kind, e.Text = InstallStarted, "Started to install "+name
	case 44:
		e.Kind, e.Text = DownloadStarted, "Started to download "+name
	}
	return e
}

// list reads the field that names several updates by title, one a line (described). With one alone it is the update.
func list(r *evtx.Record, e *Event) string {
	var titles []string
	for line := range strings.Lines(first(r, "updatelist", "updateList")) {
		if line = strings.Trim(line, "- \t\r\n"); line != "" {
			titles = append(titles, line)
		}
	}
	if len(titles) == 1 {
		e.Update = update.Ref{Title: titles[0], KB: update.FindKB(titles[0])}
	}
	if len(titles) == 0 {
		return ""
	}
	return ": " + strings.Join(titles, "; ")
}

// servicing reads the component servicing's events. Fields on real logs: 1 PackageIdentifier InitialPackageState
// InitialPackageStateTextized IntendedPackageState IntendedPackageStateTextized Client; 2 and 4 PackageIdentifier
// IntendedPackageState IntendedPackageStateTextized ErrorCode Client; 8, 10 and 14 UpdateName PackageIdentifier ErrorCode
// Client. Described: all others.
func servicing(r *evtx.Record) Event {
	pkg, feature := r.Get("PackageIdentifier"), r.Get("UpdateName")
	e := Event{Code: code(r.Get("ErrorCode")), Subject: or(feature, pkg)}
	e.Update.KB, _ = update.ParseKB(pkg)
	if e.Update.KB == "" {
		e.Update.KB = update.FindKB(pkg)
	}
	pkg = or(pkg, "a package")
	feature = or(feature, "a feature") + " of " + pkg
	to := " to " + strings.ToLower(or(r.Get("IntendedPackageStateTextized"), "another state"))
	switch r.EventID {
	case 1:
		e.Kind, e.Text = PackageStarted, "Started to change package "+pkg+to
	case 2:
		e.Kind, e.Text = PackageDone, "Changed package "+pkg+to
	case 3:
		e.Kind, e.Text = PackageFailed, failed("Failed to change package "+pkg+to, e.Code)
	case 4:
		e.Kind, e.Text = PackageRestart, "A restart is needed to change package "+pkg+to
	case 5:
		e.Kind, e.Text = PackageNotApplicable, "Package "+pkg+" does not apply to this computer"
	case 6:
		e.Kind, e.Text = PackagePartial, "Package "+pkg+" was installed in part"
	case 7:
		e.Kind, e.Text = FeatureStarted, "Started to turn on "+feature
	case 8:
		e.Kind, e.Text = FeatureStarted, "Started to turn off "+feature
	case 9:
		e.Kind, e.Text = FeatureDone, "Turned on "+feature
	case 10:
		e.Kind, e.Text = FeatureDone, "Turned off "+feature
	case 11:
		e.Kind, e.Text = FeatureFailed, failed("Failed to turn on "+feature, e.Code)
	case 12:
		e.Kind, e.Text = FeatureFailed, failed("Failed to turn off "+feature, e.Code)
	case 13:
		e.Kind, e.Text = FeatureRestart, "A restart is needed to turn on "+feature
	case 14:
		e.Kind, e.Text = FeatureRestart, "A restart is needed to turn off "+feature
	case 1013, 1014, 1015:
		e.Kind, e.Text = StoreChecked, "The component store was checked for corruption"+counts(r)
	}
	return e
}

// counts shows all fields: those of the corruption events were not on any sample.
func counts(r *evtx.Record) string {
	var s []string
	for _, f := range r.Data {
		if f.Value != "" {
			s = append(s, f.Name+" "+f.Value)
		}
	}
	if len(s) == 0 {
		return ""
	}
	return ": " + strings.Join(s, ", ")
}

// standalone reads the events of the standalone installer (described): UpdateTitle ErrorCode ErrorString CommandLine.
func standalone(r *evtx.Record) Event {
	title := first(r, "UpdateTitle", "updateTitle", "param1")
	e := Event{Update: update.Ref{Title: title, KB: update.FindKB(title)}}
	name := or(title, "an update package")
	switch r.EventID {
	case 2:
		e.Kind, e.Text = InstallDone, "The standalone installer installed "+name
	case 3:
		e.Code = code(first(r, "ErrorCode", "errorCode", "param2"))
		if e.Code > hresult.OK && e.Code <= 0xffff {
			e.Code |= 0x80070000
		}
		e.Kind, e.Text = InstallFailed, failed("The standalone installer failed to install "+name, e.Code)
	}
	return e
}
