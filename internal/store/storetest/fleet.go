package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

// about is an event about an update.
func about(instance, update byte, id, minute int) store.Event {
	e := event(instance, id, minute)
	e.Update.GUID = ID(update)
	return e
}

// fleet: a (failed, and needs one), b (up to date), c (needs one), d (never reported), e (restart due).
func fleet(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	for i, name := range []string{"e", "d%", "c", "b", "a"} {
		must[store.Computer](t)(s.Enroll(ctx, sighting("id-"+name, name+".example", "", 10+i)))
	}
	needed := "U=" + ID(2).String()
	check(t, s.AddEvents(ctx, "id-a", []store.Event{about(1, 1, 182, 1), event(2, 156, 2, needed), about(3, 3, 162, 3), about(4, 3, 183, 4)}))
	check(t, s.AddEvents(ctx, "id-b", []store.Event{about(1, 1, 182, 1), about(2, 1, 183, 2), about(3, 3, 183, 2)}))
	check(t, s.AddEvents(ctx, "id-c", []store.Event{event(1, 156, 2, needed)}))
	check(t, s.AddEvents(ctx, "id-e", []store.Event{about(1, 1, 184, 2)}))
	s = reopened(t, s, open)
	totals := must[store.Totals](t)(s.Totals(ctx, at(11)))
	same(t, store.Totals{
		Computers: 5, Updates: store.Tally{Failed: 1, Needed: 2, Restart: 1, Installed: 3},
		By: map[store.ComputerCondition]int{store.Failing: 1, store.Needing: 1, store.Restarting: 1, store.UpToDate: 1, store.Unreported: 1, store.Silent: 1, store.Shared: 0},
	}, totals)
	same(t, map[guid.GUID]map[store.Standing]int{
		ID(1): {store.FailedState: 1, store.Installed: 1, store.RestartDue: 1}, ID(2): {store.Needed: 2}, ID(9): {},
	}, must[map[guid.GUID]map[store.Standing]int](t)(s.Standings(ctx, []guid.GUID{ID(1), ID(2), ID(9)})))
	same(t, []guid.GUID{ID(3), ID(1)}, must[[]guid.GUID](t)(s.Standing(ctx, store.Installed, 5)))
	same(t, 1, len(must[[]guid.GUID](t)(s.Standing(ctx, store.Installed, 1))))
	rows(t, s)
	pending := func(limit int) (all []store.Standing) {
		for _, st := range must[[]store.State](t)(s.Pending(ctx, "id-a", limit)) {
			all = append(all, st.Standing)
		}
		return all
	}
	same(t, []store.Standing{store.FailedState, store.Needed}, pending(9))
	same(t, 1, len(pending(1)))
	for minute, name := range []string{"e", "e2", "e", "e2"} {
		must[store.Computer](t)(s.Enroll(ctx, sighting("id-e", name, "", 20+minute)))
	}
	_, shared, err := s.ComputerRows(ctx, store.ComputerQuery{Condition: store.Shared, Limit: 9})
	check(t, err)
	same(t, 1, shared)
	same(t, 1, must[store.Totals](t)(s.Totals(ctx, at(0))).By[store.Shared])
	check(t, s.RemoveComputer(ctx, "id-a"))
	totals = must[store.Totals](t)(s.Totals(ctx, at(0)))
	same(t, store.Tally{Needed: 1, Restart: 1, Installed: 2}, totals.Updates)
	same(t, map[guid.GUID]map[store.Standing]int{ID(1): {store.Installed: 1, store.RestartDue: 1}},
		must[map[guid.GUID]map[store.Standing]int](t)(s.Standings(ctx, []guid.GUID{ID(1)})))
}

// bounded: a computer that makes up updates fills no more than its share.
func bounded(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	must[store.Computer](t)(s.Enroll(ctx, sighting("id", "n", "", 1)))
	for n := range 3 {
		var list strings.Builder
		for i := range 11000 {
			list.WriteString(guid.GUID{0: byte(n), 1: byte(i), 2: byte(i >> 8)}.String() + ";")
		}
		check(t, s.AddEvents(ctx, "id", []store.Event{event(byte(n+1), 156, n, "U="+list.String())}))
	}
	same(t, 22000, must[store.Totals](t)(s.Totals(ctx, at(0))).Updates.Needed)
	check(t, s.AddEvents(ctx, "id", []store.Event{about(9, 9, 182, 9)}))
	same(t, 1, must[store.Totals](t)(s.Totals(ctx, at(0))).Updates.Failed)
}

func rows(t *testing.T, s store.Store) {
	t.Helper()
	for name, tc := range map[string]struct {
		q    store.ComputerQuery
		want string
		all  int
	}{
		"all":                  {store.ComputerQuery{Limit: 9}, "a failed, b up-to-date, c needed, d% unknown, e restart-due, ", 5},
		"second page":          {store.ComputerQuery{Limit: 2, Offset: 2}, "c needed, d% unknown, ", 5},
		"name":                 {store.ComputerQuery{Limit: 9, Search: "A.EX"}, "a failed, ", 1},
		"joker as it stands":   {store.ComputerQuery{Limit: 9, Search: "%"}, "d% unknown, ", 1},
		"backslash":            {store.ComputerQuery{Limit: 9, Search: `\`}, "", 0},
		"id":                   {store.ComputerQuery{Limit: 9, Search: "id-c"}, "c needed, ", 1},
		"failed":               {store.ComputerQuery{Limit: 9, Condition: store.Failing}, "a failed, ", 1},
		"unknown":              {store.ComputerQuery{Limit: 9, Condition: store.Unreported}, "d% unknown, ", 1},
		"up to date":           {store.ComputerQuery{Limit: 9, Condition: store.UpToDate}, "b up-to-date, ", 1},
		"silent":               {store.ComputerQuery{Limit: 9, Condition: store.Silent, SeenSince: at(12)}, "d% unknown, e restart-due, ", 2},
		"by update":            {store.ComputerQuery{Limit: 9, Update: ID(2), Standing: store.Needed}, "a failed, c needed, ", 2},
		"by update and search": {store.ComputerQuery{Limit: 9, Update: ID(2), Standing: store.Needed, Search: "c."}, "c needed, ", 1},
		"no such condition":    {store.ComputerQuery{Limit: 9, Condition: "' OR 1=1"}, "", 0},
	} {
		page, n, err := s.ComputerRows(t.Context(), tc.q)
		got := ""
		for _, c := range page {
			got += fmt.Sprintf("%s %s, ", c.Name[:len(c.Name)-len(".example")], c.Condition)
		}
		if err != nil || got != tc.want || n != tc.all {
			t.Errorf("%s: %q of %d, %v", name, got, n, err)
		}
	}
	page, _, err := s.ComputerRows(t.Context(), store.ComputerQuery{Limit: 1})
	check(t, err)
	same(t, store.Tally{Failed: 1, Needed: 1, Installed: 1}, page[0].Tally)
	if page[0].ID != "id-a" || page[0].LastReport.IsZero() || !page[0].LastSeen.Equal(at(14)) {
		t.Errorf("row: %+v", page[0])
	}
}

func failures(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	must[store.Computer](t)(s.Enroll(ctx, sighting("id-1", "one", "", 1)))
	must[store.Computer](t)(s.Enroll(ctx, sighting("id-2", "two", "", 1)))
	ahead := about(9, 1, 182, 0)
	ahead.Time, ahead.Received = at(1).AddDate(70, 0, 0), at(60) // a clock that is wrong
	download := about(2, 1, 161, 50)
	download.Code = 0x80072EE2
	check(t, s.AddEvents(ctx, "id-1", []store.Event{about(1, 1, 182, 40), ahead, about(3, 2, 183, 55)}))
	check(t, s.AddEvents(ctx, "id-2", []store.Event{download, event(4, 147, 58), {Instance: ID(5), EventID: 182, Time: at(59)}}))
	latest := must[[]store.Failure](t)(s.LatestFailures(ctx, 2))
	same(t, []store.Failure{
		{Computer: "id-1", Name: "one", Update: ID(1), Code: 0x80070002, Time: at(60)},
		{Computer: "id-2", Name: "two", Update: ID(1), Code: 0x80072EE2, Time: at(50)},
	}, latest)
	same(t, map[time.Time]int{at(0): 3}, must[map[time.Time]int](t)(s.FailuresByDay(ctx, at(0))))
	same(t, map[time.Time]int{at(0): 1}, must[map[time.Time]int](t)(s.FailuresByDay(ctx, at(55))))
	all, codes, err := s.FailedAt(ctx, ID(1), 1)
	check(t, err)
	same(t, map[hresult.Code]int{0x80070002: 1, 0x80072EE2: 1}, codes)
	if len(all) != 1 || all[0].Name != "one" {
		t.Errorf("failed at %+v", all)
	}
	if n := len(must[[]store.Event](t)(s.UpdateEvents(ctx, "id-2", 9))); n != 2 {
		t.Errorf("%d events about updates, want the download's and the one of event 147", n)
	}
	same(t, 1, len(must[[]store.Event](t)(s.UpdateEvents(ctx, "id-1", 1))))
}

func causes(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	gone := store.Cause{Key: "k1", Check: "payload-missing-download", Title: "gone", KB: "KB1", Update: ID(1), Missing: "a.cab"}
	full := store.Cause{Key: "k2", Check: "disk-full", Title: "full"}
	for i := range 3 {
		id := fmt.Sprint("id-", i)
		must[store.Computer](t)(s.Enroll(ctx, sighting(id, "n"+id, "", 1)))
		check(t, s.AddFinding(ctx, store.Finding{Computer: id, Time: at(i), JSON: []byte(`{}`), Causes: []store.Cause{gone, full, full}[:1+2*(i%2)]}))
	}
	count := func(limit, computers int, want ...store.CauseCount) {
		t.Helper()
		got, n, err := s.Causes(ctx, limit)
		check(t, err)
		same(t, want, got)
		same(t, computers, n)
	}
	count(9, 3, store.CauseCount{Cause: gone, Computers: 3, Since: at(0), Last: at(2)}, store.CauseCount{Cause: full, Computers: 1, Since: at(1), Last: at(1)})
	count(1, 3, store.CauseCount{Cause: gone, Computers: 3, Since: at(0), Last: at(2)})
	_, n, err := s.ComputerRows(ctx, store.ComputerQuery{Cause: "k2", Limit: 9})
	check(t, err)
	same(t, 1, n)
	check(t, s.AddFinding(ctx, store.Finding{Computer: "id-0", Time: at(9), JSON: []byte(`{}`)}))
	check(t, s.AddEvents(ctx, "id-2", []store.Event{about(1, 1, 183, 9)}))
	count(9, 1, store.CauseCount{Cause: gone, Computers: 1, Since: at(1), Last: at(1)}, store.CauseCount{Cause: full, Computers: 1, Since: at(1), Last: at(1)})
	check(t, s.RemoveComputer(ctx, "id-1"))
	count(9, 0)
}

// prune: what is old goes, but how the last attempt of each update ended stays.
func prune(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	for _, id := range []string{"id", "other"} {
		must[store.Computer](t)(s.Enroll(ctx, sighting(id, id, "", 1)))
	}
	check(t, s.AddEvents(ctx, "id", []store.Event{
		about(1, 1, 181, 1), about(2, 1, 182, 2), about(3, 1, 181, 3), about(4, 1, 182, 4), about(5, 2, 182, 5), about(6, 3, 183, 6),
		about(7, 2, 183, 20), event(8, 147, 7),
	}))
	check(t, s.AddEvents(ctx, "other", []store.Event{about(1, 1, 182, 1)}))
	same(t, 5, must[int](t)(s.Prune(ctx, at(10), 100)))
	left := func() (ids []byte) {
		for _, e := range must[[]store.Event](t)(s.Events(ctx, "id", 100)) {
			ids = append(ids, e.Instance[15])
		}
		return ids
	}
	same(t, []byte{7, 6, 4}, left())
	for i := range 9 {
		check(t, s.AddEvents(ctx, "id", []store.Event{{Instance: ID(byte(100 + i)), Time: at(30 + i), EventID: 147, Update: update.ID{}}}))
	}
	same(t, 6, must[int](t)(s.Prune(ctx, at(10), 3)))
	same(t, []byte{108, 107, 106, 7, 6, 4}, left())
	same(t, 0, must[int](t)(s.Prune(ctx, at(10), 3)))
}
