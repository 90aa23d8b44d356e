package history

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

var (
	start = time.Date(2024, 1, 11, 2, 15, 9, 0, time.UTC)
	id1   = guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07")
	id2   = guid.MustParse("b1f9e1f4-0c6e-4f39-8c56-6d1b0e2a7c11")
)

// attempt makes an event; which of its parts matter is said by the test.
func attempt(path string, at time.Time, u update.Ref, code hresult.Code, phase string) evidence.Event {
	result := update.Succeeded
	if code != 0 {
		result = update.Failed
	}
	return evidence.Event{
		Kind: evidence.Attempt, Source: evidence.Source{Path: path, Record: 1}, Time: at, Update: u, Code: code,
		Fields: map[string]string{
			evidence.Operation: string(update.Install), evidence.Phase: phase, evidence.Result: string(result),
		},
	}
}

func set(events ...evidence.Event) *evidence.Set {
	b := evidence.NewBuilder()
	for _, e := range events {
		b.Add(e)
	}
	return b.Set()
}

// row is what the tests compare of an entry.
type row struct {
	At      time.Duration // after start
	KB      update.KB
	Result  update.Result
	Code    hresult.Code
	Sources int
}

func rows(entries []Entry) []row {
	var out []row
	for _, e := range entries {
		out = append(out, row{e.Time.Sub(start), e.Update.KB, e.Result, e.Code, len(e.Sources)})
	}
	return out
}

const inst, down = evidence.PhaseInstall, evidence.PhaseDownload

var (
	byID  = update.Ref{ID: update.ID{GUID: id1, Revision: 200}, KB: "KB5034122", Title: "Cumulative (KB5034122)"}
	byKB  = update.Ref{KB: "KB5034122"}
	other = update.Ref{ID: update.ID{GUID: id2}, KB: "KB2267602"}
)

// local is an attempt whose time has no zone.
func local() evidence.Event {
	e := attempt("CBS.log", start, byKB, hresult.FileNotFound, inst)
	e.Local = true
	return e
}

var merges = map[string]struct {
	events []evidence.Event
	want   []row
}{
	"three sources tell of one attempt": {
		[]evidence.Event{
			attempt("System.evtx", start, byID, hresult.FileNotFound, inst),
			attempt("ReportingEvents.log", start.Add(time.Second), byID, hresult.FileNotFound, inst),
			attempt("DataStore.edb", start.Add(2*time.Second), byID, hresult.FileNotFound, inst),
		},
		[]row{{0, "KB5034122", update.Failed, hresult.FileNotFound, 3}},
	},
	"two attempts in one source stay two": {
		[]evidence.Event{
			attempt("System.evtx", start, byID, hresult.FileNotFound, inst),
			attempt("System.evtx", start.Add(time.Minute), byID, hresult.FileNotFound, inst),
		},
		[]row{
			{time.Minute, "KB5034122", update.Failed, hresult.FileNotFound, 1},
			{0, "KB5034122", update.Failed, hresult.FileNotFound, 1},
		},
	},
	"failure and success are two attempts, newest first": {
		[]evidence.Event{
			attempt("System.evtx", start, byID, hresult.FileNotFound, inst),
			attempt("DataStore.edb", start.Add(2*time.Minute), byID, 0, inst),
		},
		[]row{
			{2 * time.Minute, "KB5034122", update.Succeeded, 0, 1},
			{0, "KB5034122", update.Failed, hresult.FileNotFound, 1},
		},
	},
	"a servicing source that knows the KB only joins the nearest attempt of the day": {
		[]evidence.Event{
			attempt("Setup.evtx", start.Add(5*time.Hour), byKB, 0, inst),
			attempt("System.evtx", start.Add(4*time.Hour), byID, 0, inst),
			attempt("System.evtx", start, byID, 0, inst),
		},
		[]row{{4 * time.Hour, "KB5034122", update.Succeeded, 0, 2}, {0, "KB5034122", update.Succeeded, 0, 1}},
	},
	"other updates stay apart": {
		[]evidence.Event{
			attempt("System.evtx", start, byID, 0, inst), attempt("DataStore.edb", start, other, 0, inst),
		},
		[]row{{0, "KB2267602", update.Succeeded, 0, 1}, {0, "KB5034122", update.Succeeded, 0, 1}},
	},
	"a finished download is no entry, a failed one is": {
		[]evidence.Event{
			attempt("ReportingEvents.log", start, byID, 0, down),
			attempt("ReportingEvents.log", start.Add(time.Hour), byID, 0x80240438, down),
		},
		[]row{{time.Hour, "KB5034122", update.Failed, 0x80240438, 1}},
	},
	"a local time merges with nothing": {
		[]evidence.Event{attempt("System.evtx", start, byID, hresult.FileNotFound, inst), local()},
		[]row{
			{0, "KB5034122", update.Failed, hresult.FileNotFound, 1},
			{0, "KB5034122", update.Failed, hresult.FileNotFound, 1},
		},
	},
}

func TestMerge(t *testing.T) {
	for name, tt := range merges {
		t.Run(name, func(t *testing.T) {
			got := rows(Merge(set(tt.events...)))
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("history differs (-want +got):\n%s", d)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	u := update.Ref{ID: update.ID{GUID: id1}, KB: "KB5034122", Title: "Cumulative Update (KB5034122)"}
	undated := attempt("a", time.Time{}, u, 0, evidence.PhaseInstall)
	entries := Merge(set(
		attempt("a", start, u, hresult.FileNotFound, evidence.PhaseInstall),
		attempt("a", start.Add(time.Hour), u, 0, evidence.PhaseInstall), undated,
	))
	for name, tt := range map[string]struct {
		f    Filter
		want int
	}{
		"all":            {Filter{}, 3},
		"failed":         {Filter{Failed: true}, 1},
		"by KB":          {Filter{Update: "5034122"}, 3},
		"by other KB":    {Filter{Update: "KB5034123"}, 0},
		"by id":          {Filter{Update: "{" + id1.String() + "}"}, 3},
		"by title":       {Filter{Update: "cumulative"}, 3},
		"since, undated": {Filter{Since: start.Add(time.Minute)}, 2},
	} {
		if got := tt.f.Apply(entries); len(got) != tt.want {
			t.Errorf("%s: %d entries, want %d", name, len(got), tt.want)
		}
	}
}
