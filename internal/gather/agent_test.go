package gather_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/write/etl"
)

const (
	first  = "5C2A3F60-7D41-4BE9-9A0E-2F6F8E5B1D07"
	second = "6D2A3F60-7D41-4BE9-9A0E-2F6F8E5B1D08"
)

// agentLog gives a WindowsUpdate.log of "TIME TID COMPONENT TEXT" lines of one day.
func agentLog(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		part := strings.SplitN(l, " ", 4)
		fmt.Fprintf(&b, "2024/01/11 %s.1234567 1204  %-5s %-15s %s\r\n", part[0], part[1], part[2], part[3])
	}
	return b.String()
}

func agentEvents(t *testing.T, log string) []string {
	t.Helper()
	var out []string
	set := ofLogs(t, imagetest.Tree(t, map[string]string{"WindowsUpdate.log": log}))
	for _, e := range events(set, evidence.UpdateFileMissing, evidence.DownloadFailed, evidence.UpdateServer) {
		id := "-"
		if !e.Update.ID.GUID.IsZero() {
			id = strings.ToUpper(e.Update.ID.GUID.String())[:8]
		}
		out = append(out, fmt.Sprintf("%d %s %s %s%s", e.Source.Line, e.Kind, id, e.Field(evidence.URL), e.Field(evidence.Path)))
	}
	return out
}

// A missing file belongs to the update that the same thread named just before, and to none when that was long ago or on
// another thread.
func TestWhoseFileIsMissing(t *testing.T) {
	const gone = `*FAILED* [80070002] GetFileAttributes C:\Windows\SoftwareDistribution\Download\7f1c3e0a9b2d4c5e8f60718293a4b5c6\x.cab`
	for name, tt := range map[string]struct {
		lines []string
		want  string
	}{
		"just before":       {[]string{"03:10:00 1 Handler Installing {" + first + "}.200", "03:10:01 1 Handler " + gone}, "2 update-file-missing 5C2A3F60 "},
		"on another thread": {[]string{"03:10:00 2 Handler Installing {" + first + "}.200", "03:10:01 1 Handler " + gone}, "2 update-file-missing - "},
		"an hour before":    {[]string{"03:10:00 1 Handler Installing {" + first + "}.200", "04:10:01 1 Handler " + gone}, "2 update-file-missing - "},
		"the later one": {
			[]string{"03:10:00 1 Handler Installing {" + first + "}.200", "03:10:00 1 Handler Installing {" + second + "}.1", "03:10:01 1 Handler " + gone},
			"3 update-file-missing 6D2A3F60 ",
		},
	} {
		want := []string{tt.want + `C:\Windows\SoftwareDistribution\Download\7f1c3e0a9b2d4c5e8f60718293a4b5c6\x.cab`}
		if diff := cmp.Diff(want, agentEvents(t, agentLog(tt.lines...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A failed BITS job names its file on the line behind, on its own thread.
func TestFailedJobs(t *testing.T) {
	const job = "BITS job {7B7C0A9E-2F44-4E0B-9C69-0F6C9F6E1C11} failed, updateId = " + first + ".200, hr = 0x80190194."
	const file = `Failed job file: URL = http://wsus:8530/Content/3F/x.cab, local path = C:\x.cab`
	got := agentEvents(t, agentLog(
		"03:10:00 1 DownloadManager "+job, "03:10:00 2 DownloadManager something else", "03:10:01 1 DownloadManager "+file,
		"05:10:01 1 DownloadManager "+strings.Replace(file, "x.cab", "later.cab", 1),
	))
	want := []string{
		`3 download-failed 5C2A3F60 http://wsus:8530/Content/3F/x.cabC:\x.cab`,
		`4 download-failed - http://wsus:8530/Content/3F/later.cabC:\x.cab`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What fails while the agent's own log says that there is no network is told apart from what fails with one.
func TestFailuresWithoutNetwork(t *testing.T) {
	const fails = "*FAILED* [8024402C] Send request"
	set := ofLogs(t, imagetest.Tree(t, map[string]string{"WindowsUpdate.log": agentLog(
		"03:10:00 1 PT "+fails,
		"03:10:01 1 Shared Network state: Disconnected",
		"03:10:02 1 PT "+fails+" again",
		"03:10:03 1 Agent * END * Finding updates CallerId = x, Exit code = 0x8024402C",
		"03:10:04 2 IdleTimer IdleTimer::NetworkStateChanged. Network connected? Yes",
		"03:10:05 1 PT *FAILED* [80072EE7] Send request",
	)}))
	var got []string
	for _, e := range events(set, evidence.Trouble, evidence.ScanFailed) {
		got = append(got, fmt.Sprintf("%d %s %s", e.Source.Line, e.Kind, e.Field(evidence.Network)))
	}
	want := []string{"1 trouble ", "3 trouble disconnected", "4 scan-failed disconnected", "4 trouble disconnected", "6 trouble "}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Events that need their provider's symbols are missed in a trace of updates, in no other one.
func TestTracesThatNeedSymbols(t *testing.T) {
	for session, want := range map[string]int{"WindowsUpdate_trace_log": 1, "SIH_trace_log": 1, "NetCfgTrace": 0} {
		at := time.Date(2024, 1, 11, 3, 10, 0, 0, time.UTC)
		trace, err := etl.Encode(etl.Trace{Session: session, Start: at}, []etl.Event{{Time: at.Add(time.Second), Component: "Agent", Text: "x"}})
		if err != nil {
			t.Fatal(err)
		}
		const secondBuffer, bufferHead, flags, hasExtended = 4096, 72, 4, 1
		trace[secondBuffer+bufferHead+flags] &^= hasExtended // it does not carry its layout now
		set := ofLogs(t, imagetest.Tree(t, map[string]string{"service.0.etl": string(trace)}))
		if got := set.Unread(); len(got) != want {
			t.Errorf("%s: not read: %v, want %d", session, got, want)
		}
	}
}
