package cbslog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/cbslog"
)

// told gives the events of a log as one line of text each: what a reader of the test can follow.
func told(t *testing.T, in string, keep func(*cbslog.Entry) bool) []string {
	t.Helper()
	var got []string
	for ev, err := range cbslog.Events(strings.NewReader(in), keep) {
		if err != nil {
			t.Fatal(err)
		}
		s := fmt.Sprintf("%d %s [%s %s]", ev.Line, names[ev.Kind], ev.Session.ID, ev.Session.Client)
		if ev.HasCode {
			s += fmt.Sprintf(" %s %s", ev.Code.Hex(), ev.Symbol)
		}
		got = append(got, s+detail(ev))
	}
	return got
}

var names = map[cbslog.Kind]string{
	cbslog.Other: "other", cbslog.Failure: "failure", cbslog.SessionBegin: "begin", cbslog.SessionEnd: "end",
	cbslog.Stack: "stack", cbslog.MissingFile: "missing file", cbslog.MissingManifest: "missing manifest",
	cbslog.Corrupt: "corrupt", cbslog.RepairFailed: "repair failed", cbslog.Summed: "summary", cbslog.Driver: "driver",
	cbslog.DamagedMember: "member", cbslog.UniversalTime: "clock", cbslog.UpdateOpened: "update",
}

func detail(ev cbslog.Event) string {
	switch ev.Kind {
	case cbslog.Stack:
		return " " + ev.Stack
	case cbslog.SessionEnd:
		return fmt.Sprintf(" reboot=%v", ev.Reboot)
	case cbslog.MissingFile:
		return " " + ev.File.Name + " of " + ev.File.Component.Name
	case cbslog.MissingManifest:
		return " " + string(ev.Package.KB())
	case cbslog.Corrupt:
		return fmt.Sprintf(" %s %s fixed=%v", ev.Corruption.Kind, ev.Corruption.File, ev.Corruption.Fixed)
	case cbslog.Summed:
		return fmt.Sprintf(" %s: detected %d, repaired %d, lines %d-%d, %v", ev.Summary.Operation, ev.Summary.Detected,
			ev.Summary.Repaired, ev.Summary.First, ev.Summary.Last, ev.Summary.Counts)
	case cbslog.Driver:
		return " " + ev.Driver.INF
	case cbslog.DamagedMember:
		return " " + ev.Member.File
	case cbslog.UpdateOpened:
		return fmt.Sprintf(" %s.%d %s", ev.Update.GUID, ev.Update.Revision, ev.Package.KB())
	}
	return ""
}

const comp = "amd64_microsoft-windows-twain_31bf3856ad364e35_10.0.19041.1_none_0123456789abcdef"

const repairLog = `Info CBS Loaded Servicing Stack v10.0.19041.5547 with Core: C:\x\cbscore.dll
Info CBS Session: 30_1 initialized by client DISM Package Manager Provider, external staging directory: (null)
Info CBS =================================
Info CBS Checking System Update Readiness.
Info CBS
Info CBS (p)	CSI Payload Corrupt	(n)			` + comp + `\a.dll
Info CBS Repair failed: Missing replacement payload.
Info CBS (p)	CSI Payload Corrupt	(w)	(Fixed)	` + comp + `\b.dll
Info CBS
Info CBS Summary:
Info CBS Operation: Detect and Repair
Operation result: 0x800f081f
Last Successful Step: CSI store detection completes.
Info CBS Total Detected Corruption:	2
	CBS Manifest Corruption:	0
	CSI Payload Corruption:	2

Total Repaired Corruption:	1
	CSI Payload Repaired:	1
	CSI Store Metadata refreshed:	True

Total Operation Time: 304 seconds.
Info CBS =================================
Info CBS Session: 30_1 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]
Info CBS Failed late. [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]
`

const dism = "[30_1 DISM Package Manager Provider]"

var eventTests = []struct {
	name, in string
	want     []string
}{
	{"repair", repairLog, []string{
		"1 stack [ ] 10.0.19041.5547",
		"2 begin " + dism,
		"6 corrupt " + dism + " CSI Payload Corrupt a.dll fixed=false",
		"7 repair failed " + dism,
		"8 corrupt " + dism + " CSI Payload Corrupt b.dll fixed=true",
		"10 summary " + dism + " 0x800F081F  Detect and Repair: detected 2, repaired 1, lines 10-22, " +
			"[{CBS Manifest Corruption 0} {CSI Payload Corruption 2} {CSI Payload Repaired 1}]",
		"24 end " + dism + " 0x00000000 S_OK reboot=true",
		"25 failure [ ] 0x80070002 ERROR_FILE_NOT_FOUND",
	}},
	{"summary alone, cut off by the end", "Operation: Detect only\nOperation result: 0x0\nTotal Detected Corruption:\t7", []string{
		"1 summary [ ] 0x00000000  Detect only: detected 7, repaired -1, lines 1-3, []",
	}},
	{"two summaries without a rule between", "Summary:\nOperation: Detect only\nSummary:\nOperation: Detect and Repair\nInfo CBS x", []string{
		"1 summary [ ] Detect only: detected -1, repaired -1, lines 1-2, []",
		"3 summary [ ] Detect and Repair: detected -1, repaired -1, lines 3-4, []",
	}},
	{"no summary", "Summary: of something else\nError CBS Summary:x", []string{"2 failure [ ]"}},
	{
		"sessions within each other and without an end",
		"Session: 1_1 initialized by client A\nSession: 2_2 initialized by client B\nWarning CBS x\n" +
			"Session: 2_2 finalized. Reboot required: no\nWarning CBS y\nSession: 9_9 finalized.\nWarning CBS z\n" +
			"Starting TrustedInstaller initialization.\nWarning CBS outside",
		[]string{
			"1 begin [1_1 A]", "2 begin [2_2 B]", "3 failure [2_2 B]", "4 end [2_2 B] reboot=false", "5 failure [1_1 A]",
			"6 end [9_9 ] reboot=false", "7 failure [1_1 A]", "9 failure [ ]",
		},
	},
	{
		"a line that names its session", "Session: 1_1 initialized by client A\nSession: 2_2 initialized by client B\n" +
			"Exec: Processing started.  Client: A, Session: 1_1\nError CBS x",
		[]string{"1 begin [1_1 A]", "2 begin [2_2 B]", "4 failure [1_1 A]"},
	},
	{
		"update and package", "Info CBS WU creates the package, AppID:a, UpdateID:{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}, revision: 202\n" +
			"Info CBS Read out for package: Package_for_KB3089226~31bf3856ad364e35~amd64~~10.0.10240.0, ApplicableState: 0\n" +
			"Info CBS Read out for package: Package_for_KB3089227~31bf3856ad364e35~amd64~~10.0.10240.0, ApplicableState: 0",
		[]string{"2 update [ ] 33d6cf13-224e-459b-ad4f-af8c5e3cc469.202 KB3089226"},
	},
	{
		"update opened again", strings.Repeat("Info CBS WU creates the package, AppID:a, UpdateID:{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}, revision: 202\n"+
			"Info CBS Read out for package: Package_for_KB3089226~31bf3856ad364e35~amd64~~10.0.10240.0\n", 2) +
			"Session: 1_1 initialized by client A\n" +
			"Info CBS WU creates the package, AppID:a, UpdateID:{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}, revision: 202\n" +
			"Info CBS Read out for package: Package_for_KB3089226~31bf3856ad364e35~amd64~~10.0.10240.0\n",
		[]string{
			"2 update [ ] 33d6cf13-224e-459b-ad4f-af8c5e3cc469.202 KB3089226", "5 begin [1_1 A]",
			"7 update [1_1 A] 33d6cf13-224e-459b-ad4f-af8c5e3cc469.202 KB3089226",
		},
	},
	{
		"pieces", "Failed to find file: " + comp + "x.dll [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]\n" +
			"Store corruption, manifest missing for package: Package_1_for_KB3192392~31bf3856ad364e35~amd64~~6.3.1.4\n" +
			"INSTALL index: 1, phase: 1, result 0, inf: fine.inf\nINSTALL index: 1, phase: 1, result 3, inf: bad.inf\n" +
			"Info CSI 00000001 [SR] Cannot repair member file [l:5]'a.dll' of X, version 1, file is missing\n" +
			"Info CBS hr = 0x00000001 and 0x8007\nInfo CBS at @0xa7b07aa70e01\nUniversal Time is: 2022-09-15 05:18:07.052",
		[]string{
			"1 missing file [ ] 0x80070002 ERROR_FILE_NOT_FOUND x.dll of microsoft-windows-twain",
			"2 missing manifest [ ] KB3192392",
			"4 driver [ ] 0x80070003  bad.inf", "5 member [ ] a.dll", "8 clock [ ]",
		},
	},
}

func TestEvents(t *testing.T) {
	for _, c := range eventTests {
		if diff := cmp.Diff(c.want, told(t, c.in, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestEventsKeep(t *testing.T) {
	keep := func(e *cbslog.Entry) bool { return strings.Contains(string(e.Text), "Rolling back") }
	got := told(t, "Session: 1_1 initialized by client A\nStartup: Rolling back KTM\nError CBS Rolling back too\nnothing", keep)
	want := []string{"1 begin [1_1 A]", "2 other [1_1 A]", "3 failure [1_1 A]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
