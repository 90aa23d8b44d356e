package wulog_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/wulog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/update"
)

var (
	job = guid.MustParse("c5d12f62-1a2b-4c3d-8e9f-001122334455")
	upd = update.ID{GUID: guid.MustParse("33d6cf13-224e-459b-ad4f-af8c5e3cc469"), Revision: 201}
)

func TestCode(t *testing.T) {
	for in, want := range map[string]hresult.Code{
		"*FAILED* [80070003] wuauengcore.dll, C:\\x\\fileutil.cpp @1030":       0x80070003,
		"*FAILED* [8024402C] Web service call":                                 0x8024402c,
		"ISusInternal:: returning, hr=8024000C":                                0x8024000c,
		"WARNING: Exit code = 0x8024402C":                                      0x8024402c,
		"failed with error 0x80072ee2, context 5":                              0x80072ee2,
		"ResetPendingBlocks: Directory C:\\x\\8aef failed, 0x80070002":         0x80070002,
		"  # Install call completed, reboot required = No, error = 0x00000000": 0,
		"Result = 0x0": 0,
	} {
		got, ok := wulog.Code(in)
		if got != want || !ok {
			t.Errorf("%q: got %s, %v; want %s", in, got.Hex(), ok, want.Hex())
		}
	}
	for _, in := range []string{"", "*FAILED* []", "flags 0x00000001", "error 2", "at 0x8007000212", "0x80070002z", "0x"} {
		if got, ok := wulog.Code(in); ok {
			t.Errorf("%q: got %s, want none", in, got.Hex())
		}
	}
}

func TestJobs(t *testing.T) {
	for in, want := range map[string]wulog.Job{
		"WARNING: BITS job {C5D12F62-1A2B-4C3D-8E9F-001122334455} failed, updateId = {33D6CF13-224E-459B-AD4F-AF8C5E3CC469}.201, hr = 0x80190194, BG_ERROR_CONTEXT = 5": {
			Service: "BITS", ID: job, Update: upd, Code: 0x80190194,
		},
		"DO job {C5D12F62-1A2B-4C3D-8E9F-001122334455} failed, updateId = 33D6CF13-224E-459B-AD4F-AF8C5E3CC469.201, hr = 0x80D05001. File URL = http://dl.example/a.cab?P1=1, local path = C:\\x": {
			Service: "DO", ID: job, Update: upd, Code: 0x80d05001, URL: "http://dl.example/a.cab?P1=1",
		},
	} {
		got, ok := wulog.ParseJob(in)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
	for _, in := range []string{"", "BITS job {x", "New BITS job {x} for y", "print job {1} failed, hr = 0x80070002", "BITS job {1} failed"} {
		if got, ok := wulog.ParseJob(in); ok {
			t.Errorf("%q: got %+v, want none", in, got)
		}
	}
	for in, want := range map[string]wulog.JobFile{
		`  Failed job file: URL = http://wsus/Content/AB/0A.cab, local path = C:\W\SoftwareDistribution\Download\8aef\0A.cab`: {
			URL: "http://wsus/Content/AB/0A.cab", Path: `C:\W\SoftwareDistribution\Download\8aef\0A.cab`,
		},
		"Failed job file: URL = http://wsus/0A.cab": {URL: "http://wsus/0A.cab"},
		"Failed job file: ":                         {},
		"no":                                        {},
	} {
		got, ok := wulog.ParseJobFile(in)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want.URL != "") {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
}

func TestUpdateIDs(t *testing.T) {
	other := update.ID{GUID: job, Revision: 1}
	for in, want := range map[string][]update.ID{
		"{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}.201":                                                         {upd},
		"Added update 33D6CF13-224E-459B-AD4F-AF8C5E3CC469.201 and {C5D12F62-1A2B-4C3D-8E9F-001122334455}.1": {upd, other},
		"x-y-z {33d6cf13-224e-459b-ad4f-af8c5e3cc469}.201.":                                                  {upd},
		"{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}":                                                             nil,
		"{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}.99999999999":                                                 nil,
		"a33D6CF13-224E-459B-AD4F-AF8C5E3CC469.201":                                                          nil,
		strings.Repeat("-", 100):                                                                             nil,
	} {
		if diff := cmp.Diff(want, wulog.UpdateIDs(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestServer(t *testing.T) {
	for in, want := range map[string]wulog.Server{
		"  * WSUS server: http://wsus.corp:8530":                                                       {Role: "WSUS server", URL: "http://wsus.corp:8530"},
		"  * WSUS server: <NULL>":                                                                      {Role: "WSUS server"},
		"WSUS status server: http://wsus.corp:8530, policy":                                            {Role: "WSUS status server", URL: "http://wsus.corp:8530"},
		"Server URL = http://wsus:8530/ClientWebService/a.asmx":                                        {Role: "Server URL", URL: "http://wsus:8530/ClientWebService/a.asmx"},
		"ServiceUrl = https://fe2.example/v6/ClientWebService/.":                                       {Role: "ServiceUrl", URL: "https://fe2.example/v6/ClientWebService/"},
		"Initializing simple targeting cookie, clientId = 1, target group = Pilot PCs, DNS name = a.b": {Role: "targeting", Group: "Pilot PCs"},
	} {
		got, ok := wulog.ParseServer(in)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
	for _, in := range []string{"", "WSUS server", "Server URL = nowhere", "WSUS server policy is set"} {
		if got, ok := wulog.ParseServer(in); ok {
			t.Errorf("%q: got %+v, want none", in, got)
		}
	}
}

func TestOutcome(t *testing.T) {
	for in, want := range map[string]wulog.Outcome{
		"FATAL: Completed install of CBS update with type=0, requiresReboot=0, installerError=1, hr=0x80070002": {Operation: "install", Handler: "CBS", Code: 0x80070002},
		"  : Completed uninstall of CBS update with type=3, requiresReboot=1, installerError=0, hr=0x0":         {Operation: "uninstall", Handler: "CBS"},
		"  # Install call completed, reboot required = No, error = 0x80240022":                                  {Operation: "install", Code: 0x80240022},
		"  # WARNING: Install failed, error = 0x80070003 / 0x80070003":                                          {Operation: "install", Code: 0x80070003},
		"##  Download failed, error = 0x80246007":                                                               {Operation: "download", Code: 0x80246007},
	} {
		got, ok := wulog.ParseOutcome(in)
		if diff := cmp.Diff(want, got); diff != "" || !ok || got.Succeeded() != (want.Code == 0) {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
	for _, in := range []string{"", "Completed", "Completed search of x, hr=0x80070002", "Install call completed", "Download progress 0x80070002"} {
		if got, ok := wulog.ParseOutcome(in); ok {
			t.Errorf("%q: got %+v, want none", in, got)
		}
	}
}

func TestCall(t *testing.T) {
	for in, want := range map[string]wulog.Call{
		"Install call complete (succeeded = 1, succeeded with errors = 2, failed = 3, cancelled = 4, unaccounted = 0": {
			Operation: "install", Succeeded: 1, WithErrors: 2, Failed: 3, Cancelled: 4,
		},
		"Download call complete (succeeded = 0, failed = 1)": {Operation: "download", Failed: 1},
	} {
		got, ok := wulog.ParseCall(in)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
	for _, in := range []string{"", "Search call complete (succeeded = 1, failed = 0)", "Install call complete (failed = 0)"} {
		if got, ok := wulog.ParseCall(in); ok {
			t.Errorf("%q: got %+v, want none", in, got)
		}
	}
}

const report = "REPORT EVENT: {C5D12F62-1A2B-4C3D-8E9F-001122334455}\t2013-07-01 08:13:00:000+0200\t1\t182\t101\t{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}\t201\t80070002\tAutomaticUpdates\tFailure\tContent Install\tInstallation Failure: Windows failed to install the following update with error 0x80070002: An update."

func TestReportEvent(t *testing.T) {
	want := wulog.ReportEvent{
		ID: 182, Update: upd, Code: 0x80070002, Client: "AutomaticUpdates", Result: "Failure", Category: "Content Install",
		Text: "Installation Failure: Windows failed to install the following update with error 0x80070002: An update.",
	}
	got, ok := wulog.ParseReportEvent(report)
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok %v (-want +got):\n%s", ok, diff)
	}
	if _, ok := wulog.ParseReportEvent(strings.Replace(report, "80070002\t", "none\t", 1)); ok {
		t.Error("an event without a code was read")
	}
}

func TestTitleAndPath(t *testing.T) {
	for in, want := range map[string]string{
		"  *   Title = Security Update (KB2813345)": "Security Update (KB2813345)",
		"Title: \"An update\"":                      "An update",
		"Subtitle = x":                              "",
	} {
		if got, ok := wulog.Title(in); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", in, got, ok, want)
		}
	}
	for in, want := range map[string]string{
		`Directory C:\WINDOWS\SoftwareDistribution\Download\8aef failed, 0x80070002`: `C:\WINDOWS\SoftwareDistribution\Download\8aef`,
		`open "\\?\D:\W\softwaredistribution\Download\8aef\x.cab": gone`:             `D:\W\softwaredistribution\Download\8aef\x.cab`,
		`C:\WINDOWS\SoftwareDistribution\Download`:                                   "",
		`\SoftwareDistribution\Download\x`:                                           "",
		`C:\WINDOWS\SoftwareDistribution\DataStore`:                                  "",
	} {
		if got, ok := wulog.DownloadPath(in); got != want && ok || ok != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", in, got, ok, want)
		}
	}
}

func FuzzLog(f *testing.F) {
	f.Add([]byte(legacy + report))
	f.Add([]byte(decoded))
	f.Add([]byte("DO job {C5D12F62-1A2B-4C3D-8E9F-001122334455} failed, updateId = 33D6CF13-224E-459B-AD4F-AF8C5E3CC469.201, hr = 0x80D05001. File URL = http://a/b"))
	f.Add([]byte("Completed install of CBS update with type=0, hr=0x80070002\rWSUS server: http://a\rTitle = x\rC:\\SoftwareDistribution\\Download\\x"))
	testdata.Seeds(f, "windows/logs/ReportingEvents.log")
	f.Fuzz(func(t *testing.T, in []byte) {
		wulog.Sniff(in)
		s := wulog.NewScanner(bytes.NewReader(in))
		lines := 0
		for s.Scan() {
			lines++
			e := s.Entry()
			if e.Line != lines || e.Continuation != (e.Layout == wulog.NoLayout) || e.HasTime && e.Time.IsZero() {
				t.Fatalf("bad entry %+v after %d lines", e, lines)
			}
			walk(t, string(e.Text))
		}
	})
}

func walk(t *testing.T, text string) {
	wulog.ParseNetwork(text)
	wulog.Code(text)
	wulog.ParseFailed(text)
	wulog.ParseJob(text)
	wulog.ParseJobFile(text)
	wulog.ParseServer(text)
	wulog.ParseOutcome(text)
	wulog.ParseCall(text)
	wulog.ParseReportEvent(text)
	wulog.Title(text)
	if p, ok := wulog.DownloadPath(text); ok && !strings.Contains(text, p) {
		t.Fatalf("path %q is not of %q", p, text)
	}
	if ids := wulog.UpdateIDs(text); len(ids)*37 > len(text) {
		t.Fatalf("%d updates in %q", len(ids), text)
	}
}
