package vault_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/vault"
)

const (
	datastore = `C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`
	reported  = `C:\Windows\SoftwareDistribution\ReportingEvents.log`
	servicing = `C:\Windows\Logs\CBS\CBS.log`
)

var (
	start = time.Date(2024, 1, 11, 2, 15, 9, 0, time.UTC)
	id1   = guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07")
	id2   = guid.MustParse("b1f9e1f4-0c6e-4f39-8c56-6d1b0e2a7c11")
	full  = update.Ref{ID: update.ID{GUID: id1, Revision: 200}, KB: "KB5034122", Title: "Cumulative (KB5034122)"}
)

func failed(source evidence.Source, at time.Time, u update.Ref) evidence.Event {
	return evidence.Event{
		Kind: evidence.Attempt, Source: source, Time: at, Update: u, Code: hresult.FileNotFound, Text: "a line of the log",
		Fields: map[string]string{
			evidence.Operation: string(update.Install), evidence.Phase: evidence.PhaseInstall,
			evidence.Result: string(update.Failed),
		},
	}
}

func setOf(events ...evidence.Event) *evidence.Set {
	b := evidence.NewBuilder()
	for _, e := range events {
		b.Add(e)
	}
	return b.Set()
}

// kept reads a vault as gather does.
func kept(t testing.TB, path string) []evidence.Event {
	t.Helper()
	var out []evidence.Event
	for e, err := range vault.Events(context.Background(), path) {
		if err != nil {
			t.Fatal(err)
		}
		e.Source.Path = `C:\ProgramData\redx\history.db`
		out = append(out, e)
	}
	return out
}

func save(t testing.TB, dir string, set *evidence.Set) vault.Saved {
	t.Helper()
	saved, err := vault.Save(context.Background(), dir, set)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

// shown is a history without the places that tell of it.
func shown(t testing.TB, set *evidence.Set) []history.Entry {
	t.Helper()
	entries := history.Merge(set)
	for i := range entries {
		entries[i].Sources, entries[i].Proof = nil, nil
	}
	return entries
}

func TestSaveGivesBackWhatItTook(t *testing.T) {
	dir := t.TempDir()
	local := failed(evidence.Source{Path: servicing, Line: 12}, start.Add(1500*time.Microsecond), update.Ref{KB: "KB5034122"})
	local.Local = true
	undated := failed(evidence.Source{Path: servicing, Line: 13}, time.Time{}, update.Ref{Title: "A driver"})
	want := []evidence.Event{failed(evidence.Source{Path: datastore, Record: 7}, start, full), local, undated}
	if saved := save(t, dir, setOf(want...)); saved != (vault.Saved{New: 3}) {
		t.Errorf("saved %+v", saved)
	}
	got := map[evidence.Source]evidence.Event{}
	for _, e := range kept(t, filepath.Join(dir, vault.Name)) {
		from, ok := e.Origin()
		if !ok {
			t.Errorf("%+v does not say where it is from", e)
		}
		e.Source = from
		for _, f := range []string{evidence.Origin, evidence.OriginLine, evidence.OriginRecord, evidence.Nth} {
			delete(e.Fields, f)
		}
		got[from] = e
	}
	for _, w := range want {
		if diff := cmp.Diff(w, got[w.Source]); diff != "" {
			t.Errorf("%v (-want +got):\n%s", w.Source, diff)
		}
	}
}

func TestSavingAgainAddsNothing(t *testing.T) {
	dir := t.TempDir()
	attempt := failed(evidence.Source{Path: datastore, Record: 7}, start, full)
	twice := attempt
	twice.Source.Record = 8 // the same second, the same update: the place says it twice
	save(t, dir, setOf(attempt, twice))
	if saved := save(t, dir, setOf(attempt, twice)); saved != (vault.Saved{Known: 2}) {
		t.Errorf("the same again: %+v", saved)
	}
	moved := attempt
	moved.Source.Record = 3 // the database was compacted
	if saved := save(t, dir, setOf(moved)); saved != (vault.Saved{Known: 1}) {
		t.Errorf("another record number: %+v", saved)
	}
	own := kept(t, filepath.Join(dir, vault.Name))
	if saved := save(t, dir, setOf(own...)); saved != (vault.Saved{Known: 2}) {
		t.Errorf("what the vault itself has: %+v", saved)
	}
}

func TestSaveFillsWhatIsLacking(t *testing.T) {
	dir := t.TempDir()
	bare := failed(evidence.Source{Path: datastore, Record: 7}, start, update.Ref{ID: update.ID{GUID: id1}})
	save(t, dir, setOf(bare))
	named := bare
	named.Update = full
	save(t, dir, setOf(named))
	other := bare
	other.Update = update.Ref{ID: full.ID, KB: "KB1111111", Title: "Something else"}
	save(t, dir, setOf(other))
	got := kept(t, filepath.Join(dir, vault.Name))
	if len(got) != 1 || got[0].Update != full {
		t.Errorf("kept %+v, want one of %+v", got, full)
	}
}

// sets are random evidence of a few updates within an hour, so that much of it is near to much else.
var sets = rapid.Custom(func(t *rapid.T) []evidence.Event {
	refs := []update.Ref{
		full, {ID: update.ID{GUID: id1}}, {KB: "KB5034122"}, {ID: update.ID{GUID: id2}, Title: "Definition"}, {Title: "Definition"},
	}
	var out []evidence.Event
	for i := range rapid.IntRange(0, 25).Draw(t, "events") {
		path := rapid.SampledFrom([]string{datastore, reported, servicing, `C:\Windows\System32\winevt\Logs\System.evtx`}).Draw(t, "path")
		e := failed(evidence.Source{Path: path, Record: uint64(i + 1)},
			start.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "minute"))*time.Minute), rapid.SampledFrom(refs).Draw(t, "update"))
		switch rapid.IntRange(0, 5).Draw(t, "sort") {
		case 0:
			e.Fields[evidence.Result], e.Code = string(update.Succeeded), hresult.OK
		case 1:
			e.Fields[evidence.Phase] = evidence.PhaseDownload
		case 2:
			e.Local = true
		case 3:
			e.Time = time.Time{}
		}
		out = append(out, e)
	}
	return out
})

// Whatever is saved, the history shows the same attempts when all of it stands where it stood, when all of it is gone,
// and when any part of it is.
func TestHistoryIsTheSameAfterAReset(t *testing.T) {
	n := 0
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		events := sets.Draw(rt, "set")
		want := shown(t, setOf(clone(events)...))
		save(t, dir, setOf(clone(events)...))
		fromVault := kept(t, filepath.Join(dir, vault.Name))
		gone := rapid.SampledFrom([]string{"nothing", "SoftwareDistribution", `C:\`}).Draw(rt, "gone")
		left := clone(fromVault)
		for _, e := range clone(events) {
			if !strings.Contains(e.Source.Path, gone) {
				left = append(left, e)
			}
		}
		if diff := cmp.Diff(want, shown(t, setOf(left...)), cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("without %s (-before +after):\n%s", gone, diff)
		}
	})
}

func clone(events []evidence.Event) []evidence.Event {
	return append([]evidence.Event(nil), events...)
}

// Local times are merged with nothing, so a log that was rolled over must be known again, however often it is saved.
func TestHistoryDoesNotDoubleWhatWasRolledOver(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{servicing, `C:\Windows\Logs\CBS\CbsPersist_1.cab\1.log`, `C:\Windows\Logs\CBS\CbsPersist_2.cab\1.log`} {
		local := failed(evidence.Source{Path: path, Line: 3}, start, full)
		local.Local = true
		again := local
		again.Source.Line = 9
		events := []evidence.Event{local, again}
		if _, err := os.Stat(filepath.Join(dir, vault.Name)); err == nil {
			events = append(events, kept(t, filepath.Join(dir, vault.Name))...)
		}
		set := setOf(events...)
		save(t, dir, set)
		save(t, dir, set)
		if got := history.Merge(set); len(got) != 2 {
			t.Errorf("%s: %d entries, want 2", path, len(got))
		}
	}
	if n := len(kept(t, filepath.Join(dir, vault.Name))); n != 2 {
		t.Errorf("%d accounts kept, want 2", n)
	}
}

// A folder that was put aside tells of the same attempts as the vault does.
func TestHistoryDoesNotDoubleWhatWasPutAside(t *testing.T) {
	dir := t.TempDir()
	var events, aside []evidence.Event
	for i := range 5 {
		e := failed(evidence.Source{Path: datastore, Record: uint64(i + 1)}, start.Add(time.Duration(i)*time.Minute), full)
		events = append(events, e)
		e.Source.Path = `C:\Windows\SDTemp\DataStore\DataStore.edb`
		aside = append(aside, e)
	}
	save(t, dir, setOf(clone(events)...))
	got := history.Merge(setOf(append(kept(t, filepath.Join(dir, vault.Name)), aside...)...))
	if len(got) != len(events) {
		t.Fatalf("%d entries, want %d", len(got), len(events))
	}
	want := []evidence.Source{
		{Path: `C:\Windows\SDTemp\DataStore\DataStore.edb`, Record: 5},
		{Path: `C:\ProgramData\redx\history.db`, Record: 5},
		{Path: datastore, Record: 5},
	}
	if diff := cmp.Diff(want, got[0].Sources); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}
