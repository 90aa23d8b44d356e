package evidence_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

var (
	noon = time.Date(2024, 1, 11, 12, 0, 0, 0, time.UTC)
	one  = guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07")
)

func at(path string, line int) evidence.Source { return evidence.Source{Path: path, Line: line} }

// missing is a line of a log that misses a file; it is hour hours after noon.
func missing(path string, line, hour int) evidence.Event {
	return evidence.Event{
		Kind: evidence.PayloadMissing, Source: at(path, line), Time: noon.Add(time.Duration(hour) * time.Hour), Code: 0x80070002,
		Fields: map[string]string{evidence.Name: "x.dll"}, Text: fmt.Sprint("line ", line),
	}
}

func setOf(events ...evidence.Event) *evidence.Set {
	b := evidence.NewBuilder()
	for _, e := range events {
		b.Add(e)
	}
	return b.Set()
}

func all(s *evidence.Set) []evidence.Event {
	var out []evidence.Event
	for e := range s.Of() {
		out = append(out, *e)
	}
	return out
}

func TestFolding(t *testing.T) {
	first := missing("a.log", 3, 0)
	got := all(setOf(first, missing("a.log", 5, 2), missing("a.log", 9, 7)))
	want := first
	want.Alike, want.Last, want.LastSource = 3, noon.Add(7*time.Hour), at("a.log", 9)
	if diff := cmp.Diff([]evidence.Event{want}, got); diff != "" {
		t.Errorf("alike lines (-want +got):\n%s", diff)
	}
	if got[0].Latest() != noon.Add(7*time.Hour) || first.Latest() != noon {
		t.Errorf("latest %s, of one alone %s", got[0].Latest(), first.Latest())
	}
}

// A later line without a time does not take away when the thing was last said.
func TestFoldingKeepsTheLastTime(t *testing.T) {
	undated := missing("a.log", 9, 0)
	undated.Time = time.Time{}
	got := all(setOf(missing("a.log", 3, 0), missing("a.log", 5, 2), undated))
	if len(got) != 1 || got[0].Last != noon.Add(2*time.Hour) || got[0].LastSource.Line != 9 {
		t.Errorf("got %+v, want one event, last at 14:00 and in line 9", got)
	}
}

func TestNotFolded(t *testing.T) {
	base := missing("a.log", 1, 0)
	for name, change := range map[string]func(*evidence.Event){
		"another source":   func(e *evidence.Event) { e.Source.Path = "b.log" },
		"another code":     func(e *evidence.Event) { e.Code = 0x80070003 },
		"another file":     func(e *evidence.Event) { e.Fields = map[string]string{evidence.Name: "y.dll"} },
		"another update":   func(e *evidence.Event) { e.Update.KB = "KB5034441" },
		"another revision": func(e *evidence.Event) { e.Update.ID.Revision = 2 },
		"another session":  func(e *evidence.Event) { e.Session = "2" },
		"another kind":     func(e *evidence.Event) { e.Kind = evidence.PayloadCorrupt },
		"a local time":     func(e *evidence.Event) { e.Local = true },
	} {
		other := missing("a.log", 2, 1)
		change(&other)
		if n := setOf(base, other).Len(); n != 2 {
			t.Errorf("%s: %d events, want 2", name, n)
		}
	}
	attempt := base
	attempt.Kind = evidence.Attempt
	if n := setOf(attempt, attempt, attempt).Len(); n != 3 {
		t.Errorf("attempts: %d events, want 3: each attempt counts", n)
	}
}

// Each source keeps what it may, however many another has, and what was left out is said.
func TestCaps(t *testing.T) {
	b := evidence.NewBuilder()
	for i := range 25000 {
		e := missing("flood.log", i+1, 0)
		e.Fields = map[string]string{evidence.Name: fmt.Sprint(i)}
		b.Add(e)
	}
	b.Add(missing("quiet.log", 1, 0))
	again := missing("flood.log", 30000, 0)
	again.Fields = map[string]string{evidence.Name: "7"}
	b.Add(again)
	s := b.Set()
	if s.Len() != 20001 {
		t.Errorf("%d events, want 20000 of the flood and the quiet one", s.Len())
	}
	if diff := cmp.Diff([]string{"5000 more events of kind payload-missing were left out"}, s.Notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	for e := range s.Of(evidence.PayloadMissing) {
		if e.Field(evidence.Name) == "7" && e.Alike != 2 {
			t.Errorf("an alike event behind the cap: counted %d, want 2", e.Alike)
		}
	}
}

func TestTextsAreBounded(t *testing.T) {
	e := missing("a.log", 1, 0)
	e.Text = strings.Repeat("x", 1995) + strings.Repeat("é", 100)
	e.Update.Title = "bad \xff byte"
	e.Fields = map[string]string{evidence.Path: strings.Repeat("p", 100000)}
	for i := range 100 {
		e.Fields[fmt.Sprint("z", i)] = "v"
	}
	got := all(setOf(e))[0]
	if len(got.Text) > 2000 || !strings.HasSuffix(got.Text, "x ...") {
		t.Errorf("text: %d bytes, ends in %q", len(got.Text), got.Text[len(got.Text)-10:])
	}
	if got.Update.Title != "bad \uFFFD byte" {
		t.Errorf("title: %q", got.Update.Title)
	}
	if len(got.Fields) != 50 || len(got.Field(evidence.Path)) != 33000 {
		t.Errorf("fields: %d, path of %d bytes", len(got.Fields), len(got.Field(evidence.Path)))
	}
	if len(e.Fields) != 101 {
		t.Errorf("the caller's own map was changed: %d fields", len(e.Fields))
	}
}

// scenes gives the events of several sources, each to be added in its own order.
func scenes() [][]evidence.Event {
	var out [][]evidence.Event
	for f := range 6 {
		path := fmt.Sprintf("log%d", f)
		var events []evidence.Event
		for i := range 40 {
			e := missing(path, i+1, i%7)
			e.Fields = map[string]string{evidence.Name: fmt.Sprint(i % 11)}
			e.Local = f%3 == 0
			e.Update = update.Ref{ID: update.ID{GUID: one}}
			if i == 20 {
				e.Update.Title = "title as " + path + " has it"
			}
			if i%5 == 0 {
				e.Kind = evidence.Attempt
			}
			events = append(events, e)
		}
		out = append(out, events)
	}
	return out
}

// Whatever the order in which goroutines come to add theirs, the Set is the same.
func TestOrderDoesNotDependOnGoroutines(t *testing.T) {
	build := func(lanes [][]evidence.Event) string {
		b := evidence.NewBuilder()
		var wg sync.WaitGroup
		for _, lane := range lanes {
			wg.Go(func() {
				for _, e := range lane {
					b.Add(e)
					b.Code(e.Code, e.Source, []byte(e.Text))
				}
				for _, reason := range []string{"second", "first"} {
					b.Unread("same path", errors.New(reason+" of "+lane[0].Source.Path))
					b.Unread(lane[0].Source.Path, errors.New(reason))
				}
			})
			if rand.N(2) == 0 {
				wg.Wait()
			}
		}
		wg.Wait()
		var out bytes.Buffer
		s := b.Set()
		if err := evidence.Save(&out, s); err != nil {
			t.Fatal(err)
		}
		var places []string
		for _, u := range s.Unread() {
			if u.Path != "same path" {
				places = append(places, u.Path+" "+u.Reason)
			}
		}
		return strings.SplitN(out.String(), "\n", 2)[1] + strings.Join(places, "\n")
	}
	want := build(scenes())
	for range 30 {
		lanes := scenes()
		rand.Shuffle(len(lanes), func(i, j int) { lanes[i], lanes[j] = lanes[j], lanes[i] })
		if diff := cmp.Diff(want, build(lanes)); diff != "" {
			t.Fatalf("another order of the same sources (-first +now):\n%s", diff)
		}
	}
}

func TestOrder(t *testing.T) {
	local := missing("z.log", 2, -5)
	local.Local = true
	undated := missing("z.log", 1, 0)
	undated.Time = time.Time{}
	var got []string
	for e := range setOf(missing("b", 1, 2), missing("a", 1, 3), local, missing("c", 9, 2), undated, missing("c", 4, 2)).Of() {
		got = append(got, fmt.Sprint(e.Source.Path, e.Source.Line))
	}
	if diff := cmp.Diff([]string{"z.log1", "z.log2", "b1", "c9", "a1"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOf(t *testing.T) {
	scan := missing("a", 3, 3)
	scan.Kind = evidence.StoreScan
	corrupt := missing("a", 2, 2)
	corrupt.Kind = evidence.PayloadCorrupt
	s := setOf(scan, missing("a", 1, 1), corrupt)
	for want, kinds := range map[string][]evidence.Kind{
		"payload-missing payload-corrupt store-scan": nil,
		"payload-corrupt":            {evidence.PayloadCorrupt},
		"payload-missing store-scan": {evidence.StoreScan, evidence.PayloadMissing},
		"":                           {evidence.Attempt},
	} {
		var got []string
		for e := range s.Of(kinds...) {
			got = append(got, string(e.Kind))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v: got %q, want %q", kinds, got, want)
		}
	}
	for range s.Of(evidence.StoreScan, evidence.PayloadMissing) {
		break // must not go on behind
	}
}

// What one source knows of an update, all events about it say.
func TestUpdatesAreNamed(t *testing.T) {
	bare := missing("cbs.log", 1, 0)
	bare.Update.ID = update.ID{GUID: one, Revision: 3}
	full := missing("events", 1, 5)
	full.Update = update.Ref{ID: update.ID{GUID: one}, KB: "KB5034122", Title: "2024-01 Update"}
	other := missing("other", 1, 0)
	other.Update = update.Ref{Title: "another"}
	got := all(setOf(other, bare, full))
	want := update.Ref{ID: update.ID{GUID: one, Revision: 3}, KB: "KB5034122", Title: "2024-01 Update"}
	if diff := cmp.Diff(want, got[0].Update); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got[1].Update != other.Update {
		t.Errorf("an update without an identity became %+v", got[1].Update)
	}
}

func TestLocalise(t *testing.T) {
	oneHour := func(l time.Time) (time.Time, bool) { return l.Add(-time.Hour), l.Before(noon.Add(4 * time.Hour)) }
	local := func(line, hour int) evidence.Event {
		e := missing(fmt.Sprint("log", line), line, hour)
		e.Local = true
		return e
	}
	late := local(3, 1)
	again := local(3, 5)
	again.Source = at("log3", 8)
	b := evidence.NewBuilder()
	for _, e := range []evidence.Event{local(1, 0), local(2, 9), late, again, missing("utc", 4, 0)} {
		b.Add(e)
	}
	b.Localise(oneHour)
	got := map[string]string{}
	for _, e := range all(b.Set()) {
		got[e.Source.Path] = evidence.FormatTime(e.Time, e.Local) + " " + evidence.FormatTime(e.Last, e.Local)
	}
	want := map[string]string{
		"log1": "2024-01-11T11:00:00Z ",
		"log2": "2024-01-11T21:00:00 ", // outside of what is known: stays local
		"log3": "2024-01-11T13:00:00 2024-01-11T17:00:00",
		"utc":  "2024-01-11T12:00:00Z ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFileState(t *testing.T) {
	state := func(path, what string) evidence.Event {
		return evidence.Event{
			Kind: evidence.FileState, Source: evidence.Source{Path: path},
			Fields: map[string]string{evidence.Path: path, evidence.State: what},
		}
	}
	s := setOf(missing("a", 1, 0), state(`C:\A\x`, evidence.Absent), state(`C:\b`, evidence.Present))
	if e, ok := s.FileState(`c:\a\X`); !ok || e.Field(evidence.State) != evidence.Absent {
		t.Errorf("got %v, %v", e, ok)
	}
	if _, ok := s.FileState(`C:\c`); ok {
		t.Error("a file that nobody looked at has a state")
	}
}

func TestCodes(t *testing.T) {
	b := evidence.NewBuilder()
	b.Code(0x80070003, at("b", 9), []byte("later"))
	b.Code(0x80070003, at("b", 2), []byte("first"))
	b.Code(0x80070002, at("z", 1), nil)
	b.Code(0x80070005, at("a", 1), nil)
	var got []string
	for _, c := range b.Set().Codes() {
		got = append(got, fmt.Sprintf("%s %d %s %d %s", c.Code.Hex(), c.Count, c.Source.Path, c.Source.Line, c.Text))
	}
	want := []string{"0x80070003 2 b 2 first", "0x80070002 1 z 1 ", "0x80070005 1 a 1 "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestUnreadAndNotes(t *testing.T) {
	b := evidence.NewBuilder()
	for _, p := range []string{"b", "a", "b", "a"} {
		b.Unread(p, errors.New("reason"))
		b.Note("note " + p)
	}
	b.Unread("a", errors.New("another"))
	s := b.Set()
	want := []evidence.Unread{{Path: "a", Reason: "reason"}, {Path: "a", Reason: "another"}, {Path: "b", Reason: "reason"}}
	if diff := cmp.Diff(want, s.Unread()); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if !slices.Equal(s.Notes(), []string{"note b", "note a"}) {
		t.Errorf("notes %q", s.Notes())
	}
}

func TestEventsAreACopyInOrder(t *testing.T) {
	b := evidence.NewBuilder()
	b.Add(missing("b", 1, 1))
	b.Add(missing("a", 1, 1))
	got := b.Events(evidence.PayloadMissing)
	if len(got) != 2 || got[0].Source.Path != "a" {
		t.Errorf("got %+v, want a before b", got)
	}
	got[0].Kind = "changed"
	if b.Set().Len() != 2 || len(b.Events(evidence.PayloadMissing)) != 0 {
		t.Error("the Builder was changed by its copy, or has events after Set")
	}
}

func TestLookUps(t *testing.T) {
	put := missing("a", 1, 0)
	put.Kind, put.Fields = evidence.PutAside, map[string]string{evidence.Path: `C:\Windows\SD`}
	key := missing("a", 2, 0)
	key.Kind, key.Fields = evidence.KeyState, map[string]string{evidence.Name: "WIMMount"}
	other := key
	other.Source.Line, other.Fields = 3, map[string]string{evidence.Name: "other"}
	s := setOf(put, key, other)
	if e, ok := s.PutAsideAt(`c:\windows\sd`); !ok || e.Kind != evidence.PutAside {
		t.Errorf("got %v, %v", e, ok)
	}
	if _, ok := s.FileState(`C:\Windows\SD`); ok {
		t.Error("what was put aside counts as looked at")
	}
	var lines []int
	for e := range s.Named(evidence.KeyState, "wimmount") {
		lines = append(lines, e.Source.Line)
	}
	if !slices.Equal(lines, []int{2}) {
		t.Errorf("found lines %v, want 2", lines)
	}
}
