package wulog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/wulog"
	"github.com/redx-update/redx/internal/testdata"
)

// No real WindowsUpdate.log is at hand: these lines follow the described layouts.
const (
	legacy = "2013-07-01\t08:12:33:123\t 912\t1a4c\tAgent\t*************\r\n" +
		"2013-07-01\t08:12:33:124\t 912\t1a4c\tAgent\t** START **  Agent: Installing updates [CallerId = AutomaticUpdates]\r\n" +
		"2013-07-01\t08:12:34:000\t 912\t1a4c\tDnldMgr\tWARNING: BITS job {C5D12F62-1A2B-4C3D-8E9F-001122334455} failed, updateId = {33D6CF13-224E-459B-AD4F-AF8C5E3CC469}.201, hr = 0x80190194\r\n"
	decoded = "\ufeff2024-04-11 12:48:04.8755474 1980  8444  Agent           *FAILED* [80070003] wuauengcore.dll, C:\\x\\fileutil.cpp @1030\r\n" +
		"2024/04/11 12:48:04.8755480 1980  8444  DownloadManager Preparing update for install\r\n" +
		"second line of the message\r\n" +
		"2024/04/11 12:48:05.0000000 1980  8444  ProtocolTalker  ServiceId = {1}\r\n" +
		"1601/01/01 01:00:00.0000000 1980  8444                  Unknown( 10): GUID=x (No Format Information found).\r\n" +
		"2024/04/11 12:48:05.1 1980  8444  Misc\r\n"
)

type entry struct {
	Layout    wulog.Layout
	Time      string
	HasTime   bool
	PID, TID  uint32
	Component string
	Text      string
	Goes      bool
}

func scan(in string) []entry {
	var got []entry
	s := wulog.NewScanner(strings.NewReader(in))
	for s.Scan() {
		e := s.Entry()
		got = append(got, entry{
			e.Layout, e.Time.Format(time.RFC3339Nano), e.HasTime, e.PID, e.TID, string(e.Component), string(e.Text), e.Continuation,
		})
	}
	return got
}

func TestScanner(t *testing.T) {
	const zero = "0001-01-01T00:00:00Z"
	for _, c := range []struct {
		name, in string
		want     []entry
	}{
		{"legacy", legacy, []entry{
			{wulog.Legacy, "2013-07-01T08:12:33.123Z", true, 912, 0x1a4c, "Agent", "*************", false},
			{wulog.Legacy, "2013-07-01T08:12:33.124Z", true, 912, 0x1a4c, "Agent", "** START **  Agent: Installing updates [CallerId = AutomaticUpdates]", false},
			{wulog.Legacy, "2013-07-01T08:12:34Z", true, 912, 0x1a4c, "DnldMgr", "WARNING: BITS job {C5D12F62-1A2B-4C3D-8E9F-001122334455} failed, updateId = {33D6CF13-224E-459B-AD4F-AF8C5E3CC469}.201, hr = 0x80190194", false},
		}},
		{"decoded", decoded, []entry{
			{wulog.Decoded, "2024-04-11T12:48:04.8755474Z", true, 1980, 8444, "Agent", `*FAILED* [80070003] wuauengcore.dll, C:\x\fileutil.cpp @1030`, false},
			{wulog.Decoded, "2024-04-11T12:48:04.875548Z", true, 1980, 8444, "DownloadManager", "Preparing update for install", false},
			{wulog.NoLayout, "2024-04-11T12:48:04.875548Z", false, 0, 0, "", "second line of the message", true},
			{wulog.Decoded, "2024-04-11T12:48:05Z", true, 1980, 8444, "ProtocolTalker", "ServiceId = {1}", false},
			{wulog.Decoded, zero, false, 1980, 8444, "Unknown(", "10): GUID=x (No Format Information found).", false},
			{wulog.Decoded, "2024-04-11T12:48:05.1Z", true, 1980, 8444, "Misc", "", false},
		}},
		{"neither", "2024-02-30 12:48:04.8755474 1980  8444  Agent  x\n2024-02-20 12:48:04 no fraction at all\n2024-02-20\t25:48:04:000\t1\t1\tA\tx\n2024-02-20 12:48:04.5 pid 8444 Agent", []entry{
			{wulog.NoLayout, zero, false, 0, 0, "", "2024-02-30 12:48:04.8755474 1980  8444  Agent  x", true},
			{wulog.NoLayout, zero, false, 0, 0, "", "2024-02-20 12:48:04 no fraction at all", true},
			{wulog.NoLayout, zero, false, 0, 0, "", "2024-02-20\t25:48:04:000\t1\t1\tA\tx", true},
			{wulog.NoLayout, zero, false, 0, 0, "", "2024-02-20 12:48:04.5 pid 8444 Agent", true},
		}},
	} {
		if diff := cmp.Diff(c.want, scan(c.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestScannerAllocatesNothing(t *testing.T) {
	in := strings.Repeat(legacy+strings.TrimPrefix(decoded, "\ufeff"), 2000)
	allocs := testing.AllocsPerRun(3, func() {
		s := wulog.NewScanner(strings.NewReader(in))
		for s.Scan() {
		}
	})
	if allocs > 8 {
		t.Errorf("got %.0f allocations for 18000 lines, want only the scanner's own", allocs)
	}
}

func TestSniff(t *testing.T) {
	for _, in := range []string{legacy, decoded, "pasted from the log:\n" + decoded} {
		if !wulog.Sniff([]byte(in)) {
			t.Errorf("%.40q: not recognised", in)
		}
	}
	for _, name := range []string{
		"logs/CBS.log", "logs/dism.log", "logs/setupact.log", "logs/setuperr.log", "logs/setupapi.dev.log",
		"logs/ReportingEvents.log", "labelled/checksur-payload-missing.txt", "labelled/0x80070003-driver-op.cbs.txt",
	} {
		raw := testdata.Open(t, "windows/"+name)
		if wulog.Sniff(raw[:min(len(raw), 4096)]) {
			t.Errorf("%s: taken for a WindowsUpdate.log", name)
		}
	}
}
