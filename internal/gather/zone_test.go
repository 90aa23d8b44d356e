package gather_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image/imagetest"
)

func clock(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// pair is a moment as a log tells it by both clocks, east hours apart.
func pair(local string, east time.Duration) [2]time.Time {
	return [2]time.Time{clock(local), clock(local).Add(-east)}
}

func TestZoneOfSamples(t *testing.T) {
	winter := []([2]time.Time){pair("2024-01-10 12:00", time.Hour), pair("2024-01-12 12:00", time.Hour)}
	change := []([2]time.Time){pair("2024-03-30 12:00", time.Hour), pair("2024-04-01 12:00", 2*time.Hour)}
	years := []([2]time.Time){pair("2024-01-10 12:00", time.Hour), pair("2025-01-10 12:00", time.Hour)}
	slow := [2]time.Time{clock("2024-01-10 12:00"), clock("2024-01-10 11:00").Add(40 * time.Second)}
	for _, tt := range []struct {
		name    string
		samples [][2]time.Time
		local   string
		want    string // "" when it must stay local
	}{
		{"no sample", nil, "2024-01-11 12:00", ""},
		{"between equal offsets", winter, "2024-01-11 12:00", "2024-01-11 11:00"},
		{"at a sample", winter, "2024-01-10 12:00", "2024-01-10 11:00"},
		{"a few days before", winter, "2024-01-01 12:00", "2024-01-01 11:00"},
		{"a month behind", winter, "2024-02-15 12:00", ""},
		{"across a change of the clocks", change, "2024-03-31 12:00", ""},
		{"before the change", change, "2024-03-29 12:00", "2024-03-29 11:00"},
		{"behind the change", change, "2024-04-02 12:00", "2024-04-02 10:00"},
		{"in the summer between two winters", years, "2024-07-01 12:00", ""},
		{"near one of two winters", years, "2024-01-12 12:00", "2024-01-12 11:00"},
		{"clocks a little apart", [][2]time.Time{slow}, "2024-01-11 12:00", "2024-01-11 11:00"},
		{"Nepal", [][2]time.Time{pair("2024-01-10 12:00", 345*time.Minute)}, "2024-01-10 12:00", "2024-01-10 06:15"},
		{"west", [][2]time.Time{pair("2024-01-10 12:00", -8*time.Hour)}, "2024-01-10 20:00", "2024-01-11 04:00"},
		{"a sample beyond all zones", [][2]time.Time{pair("2024-01-10 12:00", 20*time.Hour)}, "2024-01-10 12:00", ""},
	} {
		utc, ok := gather.Zone(tt.samples...)(clock(tt.local))
		switch {
		case !ok && tt.want != "":
			t.Errorf("%s: stayed local, want %s", tt.name, tt.want)
		case ok && utc.Format("2006-01-02 15:04") != tt.want:
			t.Errorf("%s: got %s, want %q", tt.name, utc.Format("2006-01-02 15:04"), tt.want)
		}
	}
}

const reportedFailure = "{6F9DA4C3-2C79-4BB8-9CF6-1C1FD3A1F003}\t2024-01-11 03:15:09:401+0100\t1\t182 [AGENT_INSTALLING_FAILED]\t101\t" +
	"{5C2A3F60-7D41-4BE9-9A0E-2F6F8E5B1D07}\t200\t80070002\tUpdateOrchestrator\tFailure\tContent Install\tInstallation Failure: " +
	"Windows failed to install the following update with error 0x80070002: An update (KB5034122).\tx\r\n"

// missingTimes gives the times of the missing payloads.
func missingTimes(set *evidence.Set) []string {
	var out []string
	for _, e := range events(set, evidence.PayloadMissing) {
		out = append(out, evidence.FormatTime(e.Time, e.Local))
	}
	return out
}

// In a bundle the zone comes from what its logs say of both clocks; without any, times stay local.
func TestZoneOfABundle(t *testing.T) {
	universal := "2024-01-11 03:14:50, Info                  CBS    Universal Time is: 2024-01-10 22:14:50.123\r\n"
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"ReportingEvents.log": {map[string]string{"a": missingLine, "b": wide(reportedFailure)}, "2024-01-11T02:14:55Z"},
		"Universal Time":      {map[string]string{"a": universal + missingLine}, "2024-01-10T22:14:55Z"},
		"nothing":             {map[string]string{"a": missingLine}, "2024-01-11T03:14:55"},
	} {
		got := missingTimes(ofLogs(t, imagetest.Tree(t, tt.files)))
		if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A lab image's rules hold in summer as in winter; a time that the change of the clocks makes twice stays local.
func TestZoneOfARegistry(t *testing.T) {
	dir := labImage(t, "payload-missing-download-near")
	var log strings.Builder
	for i, at := range []string{"2024-01-11 03:14:55", "2024-07-11 03:14:55", "2024-10-27 02:30:00"} {
		line := strings.ReplaceAll(missingLine, "2024-01-11 03:14:55", at)
		log.WriteString(strings.ReplaceAll(line, "DWrite", string(rune('a'+i))))
	}
	writeFile(t, filepath.Join(dir, "Windows/Logs/CBS/CBS.log"), []byte(log.String()))
	want := []string{"2024-10-27T02:30:00", "2024-01-11T02:14:55Z", "2024-07-11T01:14:55Z"}
	if diff := cmp.Diff(want, missingTimes(ofImage(t, dir))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The same attempt in two logs is one entry when both times are known, and two when one is local: nothing is merged by
// time alone.
func TestLocalTimesAreNotMerged(t *testing.T) {
	const legacy = "2024-01-11\t03:15:09:401\t1204\t4410\tReport\tREPORT EVENT: {6F9DA4C3-2C79-4BB8-9CF6-1C1FD3A1F003}\t" +
		"2024-01-11 03:15:09:401+0100\t1\t182\t101\t{5C2A3F60-7D41-4BE9-9A0E-2F6F8E5B1D07}\t200\t80070002\tUpdateOrchestrator\t" +
		"Failure\tContent Install\tInstallation Failure: Windows failed to install the following update with error 0x80070002: An update (KB5034122).\r\n"
	bare := strings.Replace(legacy, "+0100\t", "\t", 1)
	alone := ofLogs(t, imagetest.Tree(t, map[string]string{"WindowsUpdate.log": bare}))
	if got := history.Merge(alone); len(got) != 1 || !got[0].Local || got[0].Time != clock("2024-01-11 03:15").Add(9401*time.Millisecond) {
		t.Fatalf("a log alone: got %+v, unread %v", got, alone.Unread())
	}
	zoned := ofLogs(t, imagetest.Tree(t, map[string]string{"WindowsUpdate.log": legacy}))
	if got := history.Merge(zoned); len(got) != 1 || got[0].Local || got[0].Time != clock("2024-01-11 02:15").Add(9401*time.Millisecond) {
		t.Errorf("a log whose reported events bear an offset: got %+v", got)
	}
	both := ofLogs(t, imagetest.Tree(t, map[string]string{"WindowsUpdate.log": bare, "ReportingEvents.log": wide(reportedFailure)}))
	if got := history.Merge(both); len(got) != 1 || len(got[0].Sources) != 2 || got[0].Local {
		t.Errorf("with a second log that knows the zone: got %+v", got)
	}
	june := strings.ReplaceAll(reportedFailure, "2024-01-11", "2023-06-11")
	apart := ofLogs(t, imagetest.Tree(t, map[string]string{"WindowsUpdate.log": bare, "ReportingEvents.log": wide(june)}))
	if got := history.Merge(apart); len(got) != 2 {
		t.Errorf("with a zone known for another half of the year: %d entries, want 2", len(got))
	}
}
