package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// said makes an event without an update; its hour is that after noon, its line the hour.
func said(kind evidence.Kind, hour int, code hresult.Code, fields ...string) evidence.Event {
	return logged(kind, hour, update.Ref{}, code, fields...)
}

// inSession puts an event into a session.
func inSession(e evidence.Event) evidence.Event {
	e.Session = "31_1"
	return e
}

// undated takes an event's time away, as in an excerpt, and puts it into the registry or a log of its own.
func undated(e evidence.Event) evidence.Event {
	e.Time = time.Time{}
	return e
}

func config(name, start string) evidence.Event {
	return evidence.Event{
		Kind: evidence.ServiceConfig, Source: evidence.Source{Path: `HKLM\SYSTEM\ControlSet001\Services\` + name},
		Fields: map[string]string{evidence.Name: name, evidence.Start: start, evidence.Path: svchost, evidence.DLL: dll},
	}
}

func of(u update.Ref, e evidence.Event) evidence.Event {
	e.Update = u
	return e
}

const (
	svchost = `C:\Windows\System32\svchost.exe`
	dll     = `C:\Windows\System32\wuaueng.dll`
	edb     = `C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`
	offline = hresult.Code(0x8024402c)
	secure  = hresult.Code(0x80072f8f)
	full    = hresult.Code(0x80070070)
	denied  = hresult.Code(0x80070005)
	gone    = `C:\Users\gone`
	account = "S-1-5-21-1-2-3-1004"
	x64     = "http://au.download.windowsupdate.com/c/x.cab"
	storeID = "{855E8A7C-ECB4-4CA3-B045-1DFA50104289}"
)

var recovery = update.Ref{KB: "KB5034441"}

var examinedSystem = map[string]examination{
	"datastore: the engine says so": {
		[]evidence.Event{said(evidence.DatabaseDamaged, 1, 0xc80003fa, evidence.Path, edb)}, []string{"datastore-damaged proven "},
	},
	"datastore: it was searched later": {
		[]evidence.Event{said(evidence.DatabaseDamaged, 1, 0xc80003fa, evidence.Path, edb), said(evidence.ScanDone, 2, 0)}, nil,
	},
	"datastore: it was searched before": {
		[]evidence.Event{said(evidence.ScanDone, 1, 0), said(evidence.DatabaseDamaged, 2, 0xc80003fa, evidence.Path, edb)},
		[]string{"datastore-damaged proven "},
	},
	"datastore: the file is in use":         {[]evidence.Event{said(evidence.DatabaseDamaged, 1, 0xc8000408, evidence.Path, edb)}, nil},
	"datastore: another program's database": {[]evidence.Event{said(evidence.DatabaseDamaged, 1, 0xc80003fa, evidence.Path, `C:\x\a.edb`)}, nil},
	"datastore: one line of the agent":      {[]evidence.Event{said(evidence.Trouble, 1, 0x8024801c)}, nil},
	"datastore: the agent says so repeatedly": {
		[]evidence.Event{said(evidence.Trouble, 1, 0x8024801c), said(evidence.Trouble, 2, 0xc80003fa)}, []string{"datastore-damaged likely "},
	},

	"catalog: alone": {[]evidence.Event{said(evidence.CatalogFailed, 1, 0xc8000247)}, []string{"catalog-database-damaged likely "}},
	"catalog: asked wrongly, on a new Windows": {[]evidence.Event{said(evidence.CatalogFailed, 1, 0xc8000581)}, nil},
	"catalog: and an update is refused": {
		[]evidence.Event{said(evidence.CatalogFailed, 1, 0xc8000247), install(2, 0x80092003)},
		[]string{"catalog-database-damaged proven KB5034122"},
	},
	"catalog: installed since":             {[]evidence.Event{said(evidence.CatalogFailed, 1, 0xc8000247), install(2, 0)}, nil},
	"catalog: an update is refused, alone": {[]evidence.Event{install(2, 0x800b0100)}, nil},

	"queue: the engine says so": {
		[]evidence.Event{said(evidence.DatabaseDamaged, 1, 0xc80003fa, evidence.Path, `C:\ProgramData\Microsoft\Network\Downloader\qmgr.db`)},
		[]string{"bits-queue-damaged proven "},
	},
	"queue: the service ends, and is not reached": {
		[]evidence.Event{said(evidence.ServiceFailed, 1, 0xc80001f5, evidence.Name, "BITS"), said(evidence.Trouble, 2, 0x80246008)},
		[]string{"bits-queue-damaged likely "},
	},
	"queue: the service ends": {[]evidence.Event{said(evidence.ServiceFailed, 1, 0xc80001f5, evidence.Name, "BITS")}, nil},
	"queue: emptied":          {[]evidence.Event{said(evidence.DatabaseDamaged, 1, 0, evidence.Name, "BITS", evidence.State, evidence.Cleared)}, nil},
	"queue: emptied, and not reached": {
		[]evidence.Event{
			said(evidence.DatabaseDamaged, 1, 0, evidence.Name, "BITS", evidence.State, evidence.Cleared), said(evidence.Trouble, 2, 0x80246008),
		},
		[]string{"bits-queue-damaged likely "},
	},
	"queue: a transfer fails": {[]evidence.Event{said(evidence.DownloadFailed, 1, 0x80070057, evidence.URL, x64)}, nil},

	"service: disabled, and a search fails for it": {
		[]evidence.Event{config("wuauserv", "disabled"), said(evidence.ScanFailed, 1, 0x80070422)},
		[]string{"service-missing-or-disabled proven "},
	},
	"service: disabled, and searched since": {
		[]evidence.Event{config("wuauserv", "disabled"), said(evidence.ScanFailed, 1, 0x80070422), said(evidence.ScanDone, 2, 0)}, nil,
	},
	"service: disabled, updates succeed": {[]evidence.Event{config("wuauserv", "disabled"), install(1, 0)}, nil},
	"service: disabled, nothing known": {
		[]evidence.Event{config("wuauserv", "disabled")}, []string{"service-missing-or-disabled proven "},
	},
	"service: its library is not there": {
		[]evidence.Event{
			config("wuauserv", "demand"), fileState(svchost, evidence.Present), fileState(dll, evidence.Absent),
			said(evidence.ScanFailed, 1, 0x80070424),
		},
		[]string{"service-missing-or-disabled proven  file:" + dll},
	},
	"service: nothing of Windows was copied": {
		[]evidence.Event{
			config("wuauserv", "demand"), fileState(svchost, evidence.Absent), fileState(dll, evidence.Absent), said(evidence.ScanFailed, 1, 0x80070424),
		}, nil,
	},
	"service: no key": {
		[]evidence.Event{config("BITS", evidence.StartMissing), said(evidence.ScanFailed, 1, 0x80070424)},
		[]string{"service-missing-or-disabled proven  service:BITS"},
	},
	"service: all is well, the code stands there": {[]evidence.Event{config("BITS", "demand"), said(evidence.ScanFailed, 1, 0x80070422)}, nil},
	"service: its own log names it": {
		[]evidence.Event{said(evidence.ServiceFailed, 1, 0x80070422, evidence.Name, "Windows Update")},
		[]string{"service-missing-or-disabled proven "},
	},
	"service: another one is disabled": {[]evidence.Event{said(evidence.ServiceFailed, 1, 0x80070422, evidence.Name, "iphlpsvc")}, nil},
	"service: the code, twice": {
		[]evidence.Event{said(evidence.ScanFailed, 1, 0x80070422), said(evidence.Trouble, 2, 0x80070422)},
		[]string{"service-missing-or-disabled likely "},
	},

	"network: three searches": {
		[]evidence.Event{said(evidence.ScanFailed, 1, offline), said(evidence.ScanFailed, 2, offline), said(evidence.ScanFailed, 3, offline)},
		[]string{"network-or-proxy proven "},
	},
	"network: two searches": {
		[]evidence.Event{said(evidence.ScanFailed, 1, offline), said(evidence.ScanFailed, 2, offline)}, []string{"network-or-proxy likely "},
	},
	"network: one search": {[]evidence.Event{said(evidence.ScanFailed, 1, offline)}, nil},
	"network: searched since": {
		[]evidence.Event{said(evidence.ScanFailed, 1, offline), said(evidence.ScanFailed, 2, offline), said(evidence.ScanDone, 3, 0)}, nil,
	},
	"network: a transfer came through since": {
		[]evidence.Event{
			said(evidence.ScanFailed, 1, offline), said(evidence.ScanFailed, 2, offline), said(evidence.DownloadDone, 3, 0, evidence.URL, x64),
		}, nil,
	},
	"network: another program's transfer since": {
		[]evidence.Event{
			said(evidence.ScanFailed, 1, offline), said(evidence.ScanFailed, 2, offline),
			said(evidence.DownloadDone, 3, 0, evidence.URL, "https://example.com/x.exe"),
		},
		[]string{"network-or-proxy likely "},
	},
	"network: the Store's searches": {
		[]evidence.Event{
			said(evidence.ScanFailed, 1, offline, evidence.Service, storeID), said(evidence.ScanFailed, 2, offline, evidence.Service, storeID),
		}, nil,
	},
	"network: an excerpt of one failure": {
		[]evidence.Event{undated(said(evidence.Trouble, 1, offline, evidence.Component, "PT")), undated(said(evidence.Trouble, 2, offline))},
		[]string{"network-or-proxy likely "},
	},
	"network: no network at all": {
		[]evidence.Event{
			said(evidence.ScanFailed, 1, offline, evidence.Network, evidence.NetworkOff),
			said(evidence.ScanFailed, 2, offline, evidence.Network, evidence.NetworkOff),
			undated(said(evidence.Trouble, 3, offline, evidence.Network, evidence.NetworkOff)),
			undated(said(evidence.Trouble, 4, 0x80072ee7, evidence.Network, evidence.NetworkOff)),
		}, nil,
	},
	"network: lines of one failure behind a success": {
		[]evidence.Event{said(evidence.ScanDone, 1, 0), at(said(evidence.Trouble, 2, offline), 2), at(said(evidence.Trouble, 3, 0x80072ee7), 2)}, nil,
	},

	"clock: a search": {[]evidence.Event{said(evidence.ScanFailed, 1, secure)}, []string{"clock-or-tls-wrong likely "}},
	"clock: two searches": {
		[]evidence.Event{said(evidence.ScanFailed, 1, secure), said(evidence.ScanFailed, 2, secure)}, []string{"clock-or-tls-wrong proven "},
	},
	"clock: searched since": {[]evidence.Event{said(evidence.ScanFailed, 1, secure), said(evidence.ScanDone, 2, 0)}, nil},
	"clock: a font is not transferred": {
		[]evidence.Event{said(evidence.DownloadFailed, 1, 0x80072f05, evidence.URL, "https://fs.microsoft.com/fs/windows/config.json")}, nil,
	},

	"delivery: the update and its job": {
		[]evidence.Event{attempt(1, 0x80d02002, evidence.PhaseDownload), of(kb, said(evidence.DownloadFailed, 2, 0x80d02002, evidence.URL, x64))},
		[]string{"delivery-optimization-failed proven KB5034122"},
	},
	"delivery: one job": {[]evidence.Event{said(evidence.DownloadFailed, 2, 0x80d02002, evidence.URL, x64)}, nil},
	"delivery: it came another way": {
		[]evidence.Event{
			attempt(1, 0x80d02002, evidence.PhaseDownload), said(evidence.DownloadFailed, 2, 0x80d02002, evidence.URL, x64),
			attempt(5, 0, evidence.PhaseDownload),
		}, nil,
	},

	"blocked: the code and the policy": {
		[]evidence.Event{said(evidence.Policy, 1, 0, evidence.Name, "x"), said(evidence.ScanFailed, 2, 0x8024500c)},
		[]string{"updates-paused-or-blocked proven "},
	},
	"blocked: the code":   {[]evidence.Event{said(evidence.ScanFailed, 2, 0x8024002e)}, []string{"updates-paused-or-blocked likely "}},
	"blocked: the policy": {[]evidence.Event{said(evidence.Policy, 1, 0, evidence.Name, "x")}, nil},
	"blocked: it was searched since": {
		[]evidence.Event{said(evidence.Policy, 1, 0, evidence.Name, "x"), said(evidence.ScanFailed, 2, 0x8024500c), said(evidence.ScanDone, 3, 0)}, nil,
	},
	"paused: not over": {[]evidence.Event{said(evidence.Paused, 9, 0), install(1, 0)}, []string{"updates-paused-or-blocked proven "}},
	"paused: over":     {[]evidence.Event{said(evidence.Paused, 1, 0), install(9, 0)}, nil},

	"access: the session failed for it": {
		[]evidence.Event{
			inSession(of(kb, said(evidence.Trouble, 1, denied, evidence.Path, `C:\x.dll`, evidence.Component, "CSI"))),
			inSession(said(evidence.ServicingEnd, 2, denied)),
		},
		[]string{"access-denied proven KB5034122"},
	},
	"access: the session ended well": {
		[]evidence.Event{
			inSession(of(kb, said(evidence.Trouble, 1, denied, evidence.Path, `C:\x.dll`, evidence.Component, "CSI"))),
			inSession(said(evidence.ServicingEnd, 2, 0)),
		}, nil,
	},
	"access: the session failed for another reason": {
		[]evidence.Event{
			inSession(of(kb, said(evidence.Trouble, 1, denied, evidence.Path, `C:\x.dll`, evidence.Component, "CSI"))),
			inSession(said(evidence.ServicingEnd, 2, 0x800f0922)),
		}, nil,
	},
	"access: the update alone":      {[]evidence.Event{install(1, denied)}, []string{"access-denied likely KB5034122"}},
	"access: a line of information": {[]evidence.Event{said(evidence.Trouble, 1, denied, evidence.Component, "CBS")}, nil},
	"access: an excerpt": {
		[]evidence.Event{undated(said(evidence.Trouble, 1, denied, evidence.Component, "CBS", evidence.Level, evidence.LevelError))},
		[]string{"access-denied likely "},
	},
	"access: the agent's log": {[]evidence.Event{said(evidence.Trouble, 1, denied, evidence.Component, "Agent", evidence.Path, `C:\x`)}, nil},

	"disk: the update and a line": {
		[]evidence.Event{install(1, full), of(kb, said(evidence.Trouble, 2, full, evidence.Component, "CBS", evidence.Level, evidence.LevelError))},
		[]string{"disk-full proven KB5034122"},
	},
	"disk: the update":      {[]evidence.Event{install(1, full)}, []string{"disk-full likely KB5034122"}},
	"disk: installed since": {[]evidence.Event{install(1, full), install(2, 0)}, nil},
	"disk: setup":           {[]evidence.Event{said(evidence.SetupFailed, 1, full, evidence.Extend, "0x50011")}, []string{"disk-full likely "}},

	"partition: the recovery environment's update": {
		[]evidence.Event{of(recovery, install(1, 0x80070643))}, []string{"system-partition-full likely KB5034441"},
	},
	"partition: another update": {[]evidence.Event{install(1, 0x80070643)}, nil},
	"partition: the agent says so": {
		[]evidence.Event{of(recovery, install(1, 0x80070643)), said(evidence.PartitionFull, 2, 0x800f0828)},
		[]string{"system-partition-full proven KB5034441"},
	},
	"partition: installed since": {[]evidence.Event{of(recovery, install(1, 0x80070643)), of(recovery, install(2, 0))}, nil},

	"restart: a flag":           {[]evidence.Event{said(evidence.RestartPending, 1, 0, evidence.Name, "RebootRequired")}, []string{"restart-pending proven "}},
	"restart: over":             {[]evidence.Event{said(evidence.RestartPending, 1, 0, evidence.Name, "PostRebootReporting")}, nil},
	"restart: started since":    {[]evidence.Event{said(evidence.RestartPending, 1, 0, evidence.Name, "RebootRequired"), said(evidence.SystemStarted, 2, 0)}, nil},
	"restart: an update waits":  {[]evidence.Event{said(evidence.SystemStarted, 1, 0), install(2, 0x80242014)}, []string{"restart-pending likely KB5034122"}},
	"restart: an update waited": {[]evidence.Event{install(2, 0x80242014), said(evidence.SystemStarted, 3, 0)}, nil},

	"temp: the line and the folder": {
		[]evidence.Event{
			said(evidence.TempFailed, 1, hresult.PathNotFound), undated(said(evidence.Environment, 0, 0, evidence.Name, "TEMP", evidence.Path, `C:\T`)),
			fileState(`C:\T`, evidence.Absent),
		},
		[]string{`temp-path-missing proven  directory:C:\T`},
	},
	"temp: the line": {[]evidence.Event{said(evidence.TempFailed, 1, hresult.PathNotFound)}, []string{"temp-path-missing likely "}},
	"temp: the line, and servicing went well": {
		[]evidence.Event{said(evidence.TempFailed, 1, hresult.FileNotFound), inSession(said(evidence.ServicingEnd, 2, 0))}, nil,
	},
	"temp: the line, and its session failed": {
		[]evidence.Event{
			inSession(said(evidence.TempFailed, 1, hresult.PathNotFound)), inSession(said(evidence.ServicingEnd, 2, hresult.PathNotFound)),
			said(evidence.ServicingEnd, 3, 0),
		},
		[]string{"temp-path-missing likely "},
	},
	"temp: the folder": {
		[]evidence.Event{undated(said(evidence.Environment, 0, 0, evidence.Name, "TEMP", evidence.Path, `C:\T`)), fileState(`C:\T`, evidence.Absent)}, nil,
	},
	"temp: the line, and the folder is there": {
		[]evidence.Event{
			said(evidence.TempFailed, 1, hresult.PathNotFound), undated(said(evidence.Environment, 0, 0, evidence.Name, "TEMP", evidence.Path, `C:\T`)),
			fileState(`C:\T`, evidence.Present),
		}, nil,
	},

	"profile: a line, and the folder is not there": {
		[]evidence.Event{
			said(evidence.ProfileFailed, 1, hresult.PathNotFound, evidence.Name, account),
			undated(said(evidence.Profile, 0, 0, evidence.Name, account, evidence.Path, gone)), fileState(gone, evidence.Absent),
		},
		[]string{"profile-path-missing proven  directory:" + gone},
	},
	"profile: a line": {
		[]evidence.Event{said(evidence.ProfileFailed, 1, hresult.PathNotFound, evidence.Path, gone)},
		[]string{"profile-path-missing likely  directory:" + gone},
	},
	"profile: the folder is not there": {
		[]evidence.Event{undated(said(evidence.Profile, 0, 0, evidence.Name, account, evidence.Path, gone)), fileState(gone, evidence.Absent)}, nil,
	},
	"profile: a line, and the folder is there": {
		[]evidence.Event{
			said(evidence.ProfileFailed, 1, hresult.PathNotFound, evidence.Name, account),
			undated(said(evidence.Profile, 0, 0, evidence.Name, account, evidence.Path, gone)), fileState(gone, evidence.Present),
		}, nil,
	},

	"moved: and not the same device": {
		[]evidence.Event{movedUsers, install(1, 0x80070011)}, []string{"profile-folder-moved proven KB5034122"},
	},
	"moved: and a path is not found": {
		[]evidence.Event{movedUsers, install(1, hresult.PathNotFound)}, []string{"profile-folder-moved likely KB5034122"},
	},
	"moved: updates succeed":     {[]evidence.Event{movedUsers, install(1, 0)}, nil},
	"moved: another failure":     {[]evidence.Event{movedUsers, install(1, 0x80240022)}, nil},
	"not moved: not same device": {[]evidence.Event{install(1, 0x80070011)}, nil},

	"setup: two partitions":     {[]evidence.Event{said(evidence.SetupFailed, 1, hresult.FileNotFound, evidence.Extend, "0x20009")}, []string{"two-system-partitions likely "}},
	"setup: another phase":      {[]evidence.Event{said(evidence.SetupFailed, 1, hresult.FileNotFound, evidence.Extend, "0x30009")}, nil},
	"setup: upgraded since":     {[]evidence.Event{said(evidence.SetupFailed, 1, hresult.FileNotFound, evidence.Extend, "0x20009"), of(update.Ref{Title: "Feature update to Windows 10, version 22H2"}, install(2, 0))}, nil},
	"setup: a driver":           {[]evidence.Event{said(evidence.SetupFailed, 1, hresult.PathNotFound, evidence.Extend, "0x20007", evidence.Name, "oem2.inf")}, []string{"safeos-driver proven "}},
	"setup: a driver, unnamed":  {[]evidence.Event{said(evidence.SetupFailed, 1, 0xc1900101, evidence.Extend, "0x20017")}, []string{"safeos-driver likely "}},
	"setup: not the safe phase": {[]evidence.Event{said(evidence.SetupFailed, 1, 0xc1900101, evidence.Extend, "0x30018")}, nil},

	"hive: not there": {
		[]evidence.Event{said(evidence.ProfileHiveMissing, 1, hresult.FileNotFound, evidence.Path, `C:\h`), fileState(`C:\h`, evidence.Absent)},
		[]string{`system-profile-hive-missing proven  file:C:\h`},
	},
	"hive: setup says so": {
		[]evidence.Event{said(evidence.ProfileHiveMissing, 1, hresult.FileNotFound, evidence.Path, `C:\h`)},
		[]string{`system-profile-hive-missing likely  file:C:\h`},
	},
	"hive: there": {
		[]evidence.Event{said(evidence.ProfileHiveMissing, 1, hresult.FileNotFound, evidence.Path, `C:\h`), fileState(`C:\h`, evidence.Present)}, nil,
	},
}

var movedUsers = evidence.Event{
	Kind: evidence.SystemFolder, Source: evidence.Source{Path: `HKLM\SOFTWARE\ProfileList`},
	Fields: map[string]string{evidence.Name: "ProfilesDirectory", evidence.Path: `D:\Users`, evidence.Expected: `C:\Users`},
}

// at gives an event another hour than its line says.
func at(e evidence.Event, hour int) evidence.Event {
	e.Time = noon.Add(time.Duration(hour) * time.Hour)
	return e
}

func TestSystemChecks(t *testing.T) { examineAll(t, examinedSystem) }

// What lies with the server or the network is said to, so that nobody resets this computer for it.
func TestWhoseTurn(t *testing.T) {
	for name, tt := range map[string]struct {
		events []evidence.Event
		want   doctor.Turn
	}{
		"the network": {examinedSystem["network: three searches"].events, doctor.NetworksTurn},
		"the server": {
			[]evidence.Event{said(evidence.ScanFailed, 1, 0x80244022), said(evidence.ScanFailed, 2, 0x80244022), said(evidence.ScanFailed, 3, 0x8024401f)},
			doctor.ServersTurn,
		},
		"parts of files are not passed": {
			[]evidence.Event{attempt(1, 0x80200013, evidence.PhaseDownload), of(kb, said(evidence.DownloadFailed, 2, 0x80200013, evidence.URL, x64))},
			doctor.NetworksTurn,
		},
		"the clock": {examinedSystem["clock: two searches"].events, doctor.OwnersTurn},
		"a restart": {examinedSystem["restart: a flag"].events, doctor.WindowsTurn},
	} {
		b := evidence.NewBuilder()
		for _, e := range tt.events {
			b.Add(e)
		}
		found := doctor.Examine(b.Set(), All())
		if len(found) != 1 || found[0].Turn != tt.want {
			t.Errorf("%s: got %d findings, %v, want one of %s", name, len(found), turns(found), tt.want)
		}
	}
}

func turns(findings []doctor.Finding) []doctor.Turn {
	var out []doctor.Turn
	for _, f := range findings {
		out = append(out, f.Turn)
	}
	slices.Sort(out)
	return out
}

// Of several servers that were configured one after the other, the last one is told, each time.
func TestServerOfUnnamedContent(t *testing.T) {
	b := evidence.NewBuilder()
	for n, name := range []string{"first", "second", "third"} {
		b.Add(said(evidence.UpdateServer, n, 0, evidence.URL, "http://"+name+".example:8530"))
	}
	b.Add(attempt(5, 0x80244019, evidence.PhaseDownload))
	set := b.Set()
	for range 20 {
		found := doctor.Examine(set, []doctor.Check{ServerContentMissing()})
		if len(found) != 1 || !strings.HasPrefix(found[0].Title, "The update server third.example does not have ") {
			t.Fatalf("got %+v, want one of the last server", found)
		}
	}
}
