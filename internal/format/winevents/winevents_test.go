package winevents_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/update"
	write "github.com/redx-update/redx/internal/write/evtx"
)

func data(pairs ...string) (fields []evtx.Field) {
	for i := 0; i < len(pairs); i += 2 {
		fields = append(fields, evtx.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return fields
}

const (
	kbTitle = "2024-01 Cumulative Update (KB5034441)"
	url     = "http://wsus:8530/Content/a.cab"
)

var (
	id   = guid.MustParse("00112233-4455-6677-8899-aabbccddeeff")
	full = update.Ref{ID: update.ID{GUID: id, Revision: 200}, KB: "KB5034441", Title: kbTitle}
	upd  = data(
		"updateTitle", kbTitle, "updateGuid", "{00112233-4455-6677-8899-AABBCCDDEEFF}", "updateRevisionNumber", "200",
	)
)

var cases = []struct {
	provider string
	id       uint16
	data     []evtx.Field
	want     winevents.Event
}{
	{winevents.TaskScheduler, 146, data("TaskName", `\Microsoft\Windows\Maps\MapsUpdateTask`, "ResultCode", "2147942402"), winevents.Event{
		Kind: winevents.TaskFailed, Subject: `\Microsoft\Windows\Maps\MapsUpdateTask`, Code: hresult.FileNotFound,
		Text: `The task scheduler could not load \Microsoft\Windows\Maps\MapsUpdateTask (0x80070002)`,
	}},
	{winevents.MsiInstaller, 1024, data("", "Contoso Reader", "", "Update 3", "", "1612"), winevents.Event{
		Kind: winevents.InstallerSource, Subject: "Contoso Reader", Code: 0x8007064C,
		Text: `Windows Installer did not find the package of "Contoso Reader" (0x8007064C)`,
	}},
	{winevents.MsiInstaller, 1024, data("", "Contoso Reader", "", "Update 3", "", "1603"), winevents.Event{
		Kind: winevents.InstallerFailed, Subject: "Contoso Reader",
		Text: `Windows Installer could not install an update of "Contoso Reader"`,
	}},
	{winevents.MsiInstaller, 11706, data("", "Produkt: Contoso Reader -- Fehler 1706. Kein Paket."), winevents.Event{
		Kind: winevents.InstallerSource, Subject: "Contoso Reader", Code: 0x800706AA,
		Text: `Windows Installer did not find the package of "Contoso Reader" (0x800706AA)`,
	}},
	{winevents.WindowsUpdateClient, 20, append(data("errorCode", "0x80070002"), upd...), winevents.Event{
		Kind: winevents.InstallFailed, Update: full, Code: hresult.FileNotFound,
		Text: "Failed to install " + kbTitle + " (0x80070002)",
	}},
	{winevents.WindowsUpdateClient, 31, append(data("errorCode", "0x80070003"), upd...), winevents.Event{
		Kind: winevents.DownloadFailed, Update: full, Code: hresult.PathNotFound,
		Text: "Failed to download " + kbTitle + " (0x80070003)",
	}},
	{winevents.WindowsUpdateClient, 18, data("updatelist", "- "+kbTitle+"\n"), winevents.Event{
		Kind: winevents.InstallReady, Update: update.Ref{KB: "KB5034441", Title: kbTitle},
		Text: "Updates are downloaded and ready to be installed: " + kbTitle,
	}},
	{winevents.WindowsUpdateClient, 25, data("errorCode", "0x8024402c", "serviceGuid", "{1}"), winevents.Event{
		Kind: winevents.ScanFailed, Code: 0x8024402c, Subject: "{1}", Text: "Failed to search for updates (0x8024402C)",
	}},
	{winevents.Servicing, 3, data("PackageIdentifier", "KB5005716", "IntendedPackageStateTextized", "Installed",
		"ErrorCode", "0x800f081f"), winevents.Event{
		Kind: winevents.PackageFailed, Update: update.Ref{KB: "KB5005716"}, Code: 0x800f081f, Subject: "KB5005716",
		Text: "Failed to change package KB5005716 to installed (0x800F081F)",
	}},
	{
		winevents.Servicing, 12, data("UpdateName", "NetFx3", "PackageIdentifier", "Foundation", "ErrorCode", "0x80070002"),
		winevents.Event{
			Kind: winevents.FeatureFailed, Code: hresult.FileNotFound, Subject: "NetFx3",
			Text: "Failed to turn off NetFx3 of Foundation (0x80070002)",
		},
	},
	{winevents.WUSA, 3, data("UpdateTitle", kbTitle, "ErrorCode", "2"), winevents.Event{
		Kind: winevents.InstallFailed, Update: update.Ref{KB: "KB5034441", Title: kbTitle}, Code: hresult.FileNotFound,
		Text: "The standalone installer failed to install " + kbTitle + " (0x80070002)",
	}},
	{winevents.BitsClient, 61, data("name", "WU", "url", url, "hr", "2149122452", "bytesTotal", "18446744073709551615",
		"bytesTransferred", "0"), winevents.Event{
		Kind: winevents.TransferFailed, Code: 0x80190194, Subject: url,
		Text: "Failed to transfer " + url + " after 0 bytes (0x80190194)",
	}},
	{winevents.BitsClient, 60, data("url", url, "hr", "0", "bytesTotal", "9", "bytesTransferred", "9"), winevents.Event{
		Kind: winevents.TransferStopped, Subject: url, Text: "Stopped to transfer " + url + " after 9 of 9 bytes",
	}},
	{
		winevents.ESENT, 455, data("param1", "wuauserv", "param2", "4711,R,98", "param3", "SUS20ClientDataStore: ",
			"param4", "-1811 (0xfffff8ed)", "param5", `C:\Windows\SoftwareDistribution\DataStore\Logs\edb.log`),
		winevents.Event{
			Kind: winevents.DatabaseDamaged, Code: 0xc8000713,
			Subject: `C:\Windows\SoftwareDistribution\DataStore\Logs\edb.log`,
			Text: "wuauserv SUS20ClientDataStore could not open a log file: " +
				`C:\Windows\SoftwareDistribution\DataStore\Logs\edb.log (0xC8000713)`,
		},
	},
	{winevents.CAPI2, 11, data("value", "0", "value", "800B0109", "Result", "not trusted"), winevents.Event{
		Kind: winevents.TrustFailed, Code: 0x800b0109, Text: "A certificate chain could not be built (0x800B0109)",
	}},
	{winevents.CAPI2, 257, data("param1", "-1032"), winevents.Event{
		Kind: winevents.CatalogFailed, Code: 0xc8000408,
		Text: "The catalog database of signatures could not be opened (0xC8000408)",
	}},
	{winevents.ServiceControlManager, 7023, data("param1", "Spooler", "param2", "%%2147942414"), winevents.Event{
		Kind: winevents.ServiceFailed, Code: 0x8007000e, Subject: "Spooler",
		Text: `Service "Spooler" ended with an error (0x8007000E)`,
	}},
	{winevents.ServiceControlManager, 7001, data("param1", "A", "param2", "B", "param3", "%%1058"), winevents.Event{
		Kind: winevents.ServiceFailed, Code: 0x80070422, Subject: "A",
		Text: `Service "A" failed to start because "B" did (0x80070422)`,
	}},
	{
		winevents.ServiceControlManager, 7040, data("param1", "BITS", "param2", "demand start", "param3", "disabled"),
		winevents.Event{
			Kind: winevents.ServiceStart, Subject: "BITS",
			Text: `Start type of service "BITS" was changed from demand start to disabled`,
		},
	},
}

func TestInterpret(t *testing.T) {
	for _, tc := range cases {
		t.Run(fmt.Sprint(tc.provider, " ", tc.id), func(t *testing.T) {
			got, ok := winevents.Interpret(&evtx.Record{Provider: tc.provider, EventID: tc.id, Data: tc.data})
			if !ok {
				t.Fatal("not known")
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestFilter holds what is asked for against what is understood: the same events, and each has a sentence.
func TestFilter(t *testing.T) {
	for provider, ids := range winevents.Filter() {
		for id := range uint16(9000) {
			e, ok := winevents.Interpret(&evtx.Record{Provider: provider, EventID: id})
			if want := slices.Contains(ids, id); ok != want {
				t.Errorf("%s %d: known %v, in the filter %v", provider, id, ok, want)
			}
			if ok && e.Text == "" {
				t.Errorf("%s %d has no sentence", provider, id)
			}
		}
	}
	if e, ok := winevents.Interpret(&evtx.Record{Provider: "Microsoft-Windows-Kernel-General", EventID: 20}); ok {
		t.Errorf("event 20 of another provider is %+v", e)
	}
}

// TestRealLogs counts what real logs say.
func TestRealLogs(t *testing.T) {
	for _, tc := range []struct {
		name string
		want map[string]int
	}{
		{"windows/evtx/Win10_omerbenamram_system.evtx.gz", map[string]int{
			"install-done 0x00000000": 116, "install-failed 0x80248007": 4, "install-failed 0x80246013": 1,
			"install-started 0x00000000": 119, "download-started 0x00000000": 137, "service-failed 0x8007000E": 1,
			"service-failed 0x80070001": 10, "service-failed 0x80070032": 3, "service-failed 0x80070422": 1,
			"service-start 0x00000000":  24,
			"system-started 0x00000000": 3,
		}},
		{"windows/evtx/Win10_Belkasoft_Microsoft-Windows-WindowsUpdateClient-Operational.evtx", map[string]int{
			"scan-done 0x00000000": 46, "scan-failed 0x80240438": 10, "scan-failed 0x800B0101": 14,
			"scan-failed 0x8024402C": 2, "download-done 0x00000000": 8,
		}},
		{"windows/evtx/Win10_Rathbun_Setup.evtx", map[string]int{
			"package-started 0x00000000": 7, "package-done 0x00000000": 6, "package-restart 0x00000000": 4,
			"feature-started 0x00000000": 1, "feature-restart 0x00000000": 1, "feature-done 0x00000000": 1,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := map[string]int{}
			for e := range interpret(t, testdata.Open(t, tc.name)) {
				got[string(e.Kind)+" "+e.Code.Hex()]++
				if e.Kind == winevents.InstallFailed && (e.Update.ID.GUID.IsZero() || e.Update.KB == "" || e.Update.ID.Revision == 0) {
					t.Errorf("update is not known: %+v", e)
				}
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestWritten goes the whole way: an event of each provider's own shape is written, read, chosen and understood.
func TestWritten(t *testing.T) {
	event := write.Event{Provider: winevents.Servicing, ID: 3, Channel: "Setup", Computer: "PC-17", Time: time.Unix(1, 0)}
	event.UserData = write.UserData{Element: "CbsPackageChangeState", Fields: []write.Field{
		{Name: "PackageIdentifier", Value: "KB5005716"}, {Name: "ErrorCode", Value: "0x80070002"},
	}}
	other := event
	other.ID = 99
	var b bytes.Buffer
	if err := write.Write(&b, []write.Event{other, event, other}, write.Options{}); err != nil {
		t.Fatal(err)
	}
	var got []winevents.Event
	for e := range interpret(t, b.Bytes()) {
		got = append(got, e)
	}
	if len(got) != 1 || got[0].Code != hresult.FileNotFound || got[0].Update.KB != "KB5005716" {
		t.Errorf("got %+v, want the one failed package", got)
	}
}

func interpret(t *testing.T, b []byte) func(func(winevents.Event) bool) {
	t.Helper()
	log, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(winevents.Event) bool) {
		for r, err := range log.Records(winevents.Filter()) {
			if err != nil {
				t.Fatal(err)
			}
			e, ok := winevents.Interpret(r)
			if !ok {
				t.Errorf("%s %d passed the filter and is not known", r.Provider, r.EventID)
			}
			if !yield(e) {
				return
			}
		}
	}
}
