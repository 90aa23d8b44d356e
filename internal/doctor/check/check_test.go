package check

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

var (
	noon = time.Date(2024, 1, 11, 12, 0, 0, 0, time.UTC)
	kb   = update.Ref{ID: update.ID{GUID: guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07")}, KB: "KB5034122"}
)

const (
	cab       = `C:\Windows\SoftwareDistribution\Download\abc\x.cab`
	component = "amd64_microsoft-windows-directwrite_31bf3856ad364e35_10.0.19041.3636_none_4a9c1c6f0f7e2d31"
	content   = "http://wsus:8530/Content/D3/0A4D55A8D778E5022FAB701977C5D840BBC486D3.cab"
)

// The makers below give one event each; hours are after noon.

func attempt(hour int, code hresult.Code, phase string) evidence.Event {
	result := update.Failed
	if code == 0 {
		result = update.Succeeded
	}
	return evidence.Event{
		Kind: evidence.Attempt, Source: evidence.Source{Path: "System.evtx", Record: uint64(hour + 1)},
		Time: noon.Add(time.Duration(hour) * time.Hour), Update: kb, Code: code,
		Fields: map[string]string{
			evidence.Phase: phase, evidence.Operation: "install", evidence.Result: string(result),
		},
	}
}

func install(hour int, code hresult.Code) evidence.Event {
	return attempt(hour, code, evidence.PhaseInstall)
}

func dbFile(u update.Ref, path string) evidence.Event {
	return evidence.Event{
		Kind: evidence.DatastoreFile, Source: evidence.Source{Path: "DataStore.edb", Record: 7}, Update: u,
		Fields: map[string]string{evidence.Path: path, evidence.Size: "24", evidence.SHA1: "aa"},
	}
}

func fileState(path, state string) evidence.Event {
	return evidence.Event{
		Kind: evidence.FileState, Source: evidence.Source{Path: path},
		Fields: map[string]string{evidence.Path: path, evidence.State: state, evidence.Name: `C:\Windows\SoftwareDistribution\Download\abc`},
	}
}

func logged(kind evidence.Kind, line int, u update.Ref, code hresult.Code, fields ...string) evidence.Event {
	e := evidence.Event{
		Kind: kind, Source: evidence.Source{Path: "the.log", Line: line}, Update: u, Code: code,
		Time: noon.Add(time.Duration(line) * time.Hour), Fields: map[string]string{},
	}
	for i := 0; i < len(fields); i += 2 {
		e.Fields[fields[i]] = fields[i+1]
	}
	return e
}

func payload(kind evidence.Kind, line int, u update.Ref) evidence.Event {
	return logged(kind, line, u, hresult.FileNotFound, evidence.Component, component, evidence.Name, "DWrite.dll")
}

// schedulers is event 146 of the task scheduler.
func schedulers(hour int) evidence.Event {
	e := logged(evidence.TaskFailed, 0, update.Ref{}, hresult.FileNotFound, evidence.Name, `\Maps\Task`)
	e.Source, e.Time = evidence.Source{Path: "Tasks.evtx", Record: 9}, noon.Add(time.Duration(hour)*time.Hour)
	return e
}

func server(url string) evidence.Event {
	return logged(evidence.UpdateServer, 1, update.Ref{}, 0, evidence.URL, url)
}

// finding is what the tests compare of a finding: check, confidence, update, missing things.
func finding(f doctor.Finding) string {
	parts := []string{f.Check, string(f.Confidence), string(f.Update.KB)}
	for _, m := range f.Missing {
		parts = append(parts, m.Kind+":"+m.Name)
	}
	return strings.Join(parts, " ")
}

const notFound = hresult.Code(0x80190194)

var store = `%windir%\WinSxS\` + component + `\DWrite.dll`

// examination is what is seen, and the findings that it leads to.
type examination struct {
	events []evidence.Event
	want   []string
}

var examined = map[string]examination{
	"task: the scheduler's own event while an update fails in its installers": {
		[]evidence.Event{install(0, installersFailed), schedulers(1)}, []string{`task-cache-inconsistent likely  task:\Maps\Task`},
	},
	"task: the scheduler's own event alone": {[]evidence.Event{install(0, 0x80240022), schedulers(1)}, nil},
	"pending: the operations at a start ended with a failure": {
		[]evidence.Event{logged(evidence.PendingUnresolved, 1, update.Ref{}, nameNotFound)}, []string{"pending-operation-interrupted likely "},
	},
	"pending: and a package was worked on later": {
		[]evidence.Event{
			logged(evidence.PendingUnresolved, 1, update.Ref{}, nameNotFound), logged(evidence.ServicingEnd, 2, kb, 0, evidence.Name, "Package_1"),
		}, nil,
	},

	// payload-missing-download
	"payload: failed, named by the datastore, absent": {
		[]evidence.Event{install(0, hresult.FileNotFound), dbFile(kb, cab), fileState(cab, evidence.Absent)},
		[]string{"payload-missing-download proven KB5034122 file:" + cab},
	},
	"payload: its folder is gone": {
		[]evidence.Event{install(0, hresult.PathNotFound), dbFile(kb, cab), fileState(cab, evidence.NoFolder)},
		[]string{`payload-missing-download proven KB5034122 directory:C:\Windows\SoftwareDistribution\Download\abc`},
	},
	"payload: merely absent, no failure": {
		[]evidence.Event{install(0, 0), dbFile(kb, cab), fileState(cab, evidence.Absent)}, nil,
	},
	"payload: failed, then installed": {
		[]evidence.Event{install(0, hresult.FileNotFound), install(1, 0), dbFile(kb, cab), fileState(cab, evidence.Absent)}, nil,
	},
	"payload: failed for another reason": {
		[]evidence.Event{install(0, 0x80240022), dbFile(kb, cab), fileState(cab, evidence.Absent)}, nil,
	},
	"payload: the code alone, all files there": {
		[]evidence.Event{install(0, hresult.FileNotFound), dbFile(kb, cab), fileState(cab, evidence.Present)}, nil,
	},
	"payload: never downloaded": {
		[]evidence.Event{attempt(0, hresult.FileNotFound, evidence.PhaseDownload), dbFile(kb, cab), fileState(cab, evidence.Absent)},
		nil,
	},
	"payload: downloaded, then gone before installing": {
		[]evidence.Event{
			attempt(0, 0, evidence.PhaseDownload), attempt(1, 0x80246007, evidence.PhaseDownload),
			dbFile(kb, cab), fileState(cab, evidence.Absent),
		},
		[]string{"payload-missing-download proven KB5034122 file:" + cab},
	},
	"payload: the join failed": {
		[]evidence.Event{install(0, hresult.FileNotFound), dbFile(update.Ref{}, cab), fileState(cab, evidence.Absent)},
		[]string{"payload-missing-download likely  file:" + cab},
	},
	"payload: a log names the file, nothing to look at": {
		[]evidence.Event{
			install(0, hresult.FileNotFound),
			logged(evidence.UpdateFileMissing, 3, kb, hresult.FileNotFound, evidence.Path, cab),
		},
		[]string{"payload-missing-download likely KB5034122 file:" + cab},
	},
	"payload: another update's file is absent": {
		[]evidence.Event{
			install(0, hresult.FileNotFound), dbFile(update.Ref{KB: "KB1111111"}, cab), fileState(cab, evidence.Absent),
		}, nil,
	},

	// component-payload-missing
	"store: a file was not found": {
		[]evidence.Event{payload(evidence.PayloadMissing, 1, kb)},
		[]string{"component-payload-missing proven KB5034122 file:" + store},
	},
	"store: the same file twice is one finding": {
		[]evidence.Event{payload(evidence.PayloadMissing, 1, update.Ref{}), payload(evidence.PayloadCorrupt, 2, update.Ref{})},
		[]string{"component-payload-missing proven  file:" + store},
	},
	"store: a scan lists what an update stumbled over": {
		[]evidence.Event{payload(evidence.PayloadCorrupt, 1, update.Ref{}), payload(evidence.PayloadMissing, 2, kb)},
		[]string{"component-payload-missing proven KB5034122 file:" + store},
	},
	"store: repaired since": {
		[]evidence.Event{payload(evidence.PayloadMissing, 1, kb), payload(evidence.PayloadRepaired, 2, kb)}, nil,
	},
	"store: repaired before, missing again": {
		[]evidence.Event{payload(evidence.PayloadRepaired, 1, kb), payload(evidence.PayloadMissing, 2, kb)},
		[]string{"component-payload-missing proven KB5034122 file:" + store},
	},
	"store: a scan repaired all": {
		[]evidence.Event{
			payload(evidence.PayloadCorrupt, 1, kb),
			logged(evidence.StoreScan, 2, update.Ref{}, 0, evidence.Result, "0x00000000", evidence.Detected, "1", evidence.Repaired, "1"),
		}, nil,
	},
	"store: a scan could not repair": {
		[]evidence.Event{
			payload(evidence.PayloadCorrupt, 1, kb),
			logged(evidence.StoreScan, 2, update.Ref{}, 0x800f081f, evidence.Result, "0x800F081F", evidence.Detected, "1", evidence.Repaired, "0"),
		},
		[]string{"component-payload-missing proven KB5034122 file:" + store, "repair-source-missing proven "},
	},
	"store: there after all": {
		[]evidence.Event{payload(evidence.PayloadMissing, 1, kb), fileState(store, evidence.Present)}, nil,
	},
	"store: the update was installed later": {
		[]evidence.Event{payload(evidence.PayloadMissing, 1, kb), install(5, 0)}, nil,
	},

	// server-content-missing
	"server: 404 from the configured server": {
		[]evidence.Event{server("http://WSUS:8530"), logged(evidence.DownloadFailed, 2, kb, notFound, evidence.URL, content)},
		[]string{"server-content-missing proven KB5034122 file:" + content},
	},
	"server: 404 from an address of its form": {
		[]evidence.Event{logged(evidence.DownloadFailed, 2, kb, notFound, evidence.URL, content)},
		[]string{"server-content-missing likely KB5034122 file:" + content},
	},
	"server: one file, told by a source that knows the update and one that does not": {
		[]evidence.Event{
			server("http://wsus:8530"), logged(evidence.DownloadFailed, 2, update.Ref{}, notFound, evidence.URL, content),
			logged(evidence.DownloadFailed, 3, kb, notFound, evidence.URL, strings.ToLower(content)),
		},
		[]string{"server-content-missing proven KB5034122 file:" + content},
	},
	"server: 404 from Microsoft": {
		[]evidence.Event{logged(evidence.DownloadFailed, 2, kb, notFound, evidence.URL, "http://download.windowsupdate.com/c/x.cab")}, nil,
	},
	"server: 404 from another host than the configured one": {
		[]evidence.Event{server("http://other:8530"), logged(evidence.DownloadFailed, 2, kb, notFound, evidence.URL, content)}, nil,
	},
	"server: another error": {
		[]evidence.Event{server("http://wsus:8530"), logged(evidence.DownloadFailed, 2, kb, 0x80072ee2, evidence.URL, content)}, nil,
	},
	"server: the file came later": {
		[]evidence.Event{
			server("http://wsus:8530"), logged(evidence.DownloadFailed, 2, kb, notFound, evidence.URL, content),
			logged(evidence.DownloadDone, 3, kb, 0, evidence.URL, content),
		}, nil,
	},
	"server: the update was installed later": {
		[]evidence.Event{
			server("http://wsus:8530"), logged(evidence.DownloadFailed, 2, kb, notFound, evidence.URL, content), install(5, 0),
		}, nil,
	},

	"a consequence stands behind its cause": {
		[]evidence.Event{
			server("http://wsus:8530"), logged(evidence.DownloadFailed, 2, kb, notFound, evidence.URL, content),
			install(3, hresult.FileNotFound), dbFile(kb, cab), fileState(cab, evidence.Absent),
		},
		[]string{
			"server-content-missing proven KB5034122 file:" + content,
			"payload-missing-download proven KB5034122 file:" + cab,
		},
	},
}

func TestChecks(t *testing.T) { examineAll(t, examined) }

// examineAll runs all checks over each case, and holds what every finding must have.
func examineAll(t *testing.T, cases map[string]examination) {
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			b := evidence.NewBuilder()
			for _, e := range tt.events {
				b.Add(e)
			}
			var got []string
			for _, f := range doctor.Examine(b.Set(), All()) {
				got = append(got, finding(f))
				if len(f.Proof) == 0 || len(f.Next) == 0 || f.Title == "" || len(f.Codes) == 0 && f.Severity == doctor.Error {
					t.Errorf("finding without proof, next step, title or code: %+v", f)
				}
				if (f.Confidence == doctor.Likely) != (f.Surer != "") {
					t.Errorf("confidence %s beside %q", f.Confidence, f.Surer)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("findings differ (-want +got):\n%s", d)
			}
		})
	}
}

// TestNextIsNoTrap holds that an address out of a log cannot become a command of its own.
func TestNextIsNoTrap(t *testing.T) {
	for address, want := range map[string]string{
		content:                         "curl -I " + content,
		"http://wsus/Content/$(reboot)": "redx explain 0x80190194",
		"http://wsus/a&shutdown":        "redx explain 0x80190194",
	} {
		b := evidence.NewBuilder()
		b.Add(server("http://wsus:8530"))
		b.Add(logged(evidence.DownloadFailed, 2, kb, 0x80190194, evidence.URL, address))
		f := doctor.Examine(b.Set(), All())
		if len(f) != 1 || f[0].Next[0] != want {
			t.Errorf("%s: next is %q, want %q", address, f[0].Next, want)
		}
	}
}

// TestIDs holds that a finding's ID depends on what it is about, not on when and where it was seen.
func TestIDs(t *testing.T) {
	id := func(events ...evidence.Event) string {
		b := evidence.NewBuilder()
		for _, e := range events {
			b.Add(e)
		}
		return doctor.Examine(b.Set(), All())[0].ID
	}
	a := id(install(0, hresult.FileNotFound), dbFile(kb, cab), fileState(cab, evidence.Absent))
	b := id(install(7, hresult.FileNotFound), dbFile(kb, strings.ToUpper(cab)), fileState(cab, evidence.Absent))
	if a != b || !strings.HasPrefix(a, "payload-missing-download-") {
		t.Errorf("IDs of the same finding are %q and %q", a, b)
	}
	if c := id(install(0, hresult.FileNotFound), dbFile(kb, cab+"2"), fileState(cab+"2", evidence.Absent)); c == a {
		t.Errorf("two findings have the ID %q", c)
	}
}
