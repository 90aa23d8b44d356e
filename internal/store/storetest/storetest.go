// Package storetest is the conformance suite of stores: every implementation passes it, so the server need not know
// which one it has. It does not test what happens when the power goes; that depends on what lies below.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

// Opener opens the same store again and again, as after a restart.
type Opener func(t *testing.T) store.Store

// Run runs the suite; fresh gives an opener of a new, empty store.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for name, test := range map[string]func(*testing.T, Opener){
		"identity": identity, "secrets and settings": secrets, "epoch": epoch, "computers": computers, "targeting": targeting,
		"cloned": cloned, "groups": groups, "updates": updates, "whole replaces cut": wholeReplacesCut, "approvals": approvals,
		"files": files, "events": events, "states": states, "findings": findings, "healings": healings, "version": version, "together": together,
		"accounts": accounts, "sessions": sessions, "tokens": tokens, "fleet": fleet, "bounded": bounded, "failures": failures, "causes": causes, "prune": prune,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

// ID makes a GUID out of a number.
func ID(n byte) guid.GUID { return guid.GUID{15: n} }

// Update makes an update with one file out of a number.
func Update(n byte, revision uint32) store.Update {
	return store.Update{
		Revision: catalog.Revision{
			ID: update.ID{GUID: ID(n), Revision: revision}, Type: catalog.Software,
			Prerequisites: []catalog.Clause{{AnyOf: []guid.GUID{ID(200)}, IsCategory: true}},
		},
		Info: store.Info{
			Title: fmt.Sprintf("Update %d", n), KB: "KB5000001",
			Files: []store.File{{Name: "a.cab", Size: 10, SHA1: [20]byte{n}, SHA256: [32]byte{n}}},
		},
		Document: []byte("<Update/>"), Core: fmt.Sprintf("<core %d %d>", n, revision),
		Fragments: store.Fragments{Extended: "<x/>", Localized: []store.Localized{{Language: "en", XML: "<en/>"}}, EULAs: []store.EULA{{Language: "en", GeoID: "244", XML: "<e/>"}}},
	}
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}

func same(t *testing.T, want, got any, opts ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Error(diff)
	}
}

// Reopened closes s and opens it again.
func reopened(t *testing.T, s store.Store, open Opener) store.Store {
	t.Helper()
	check(t, s.Close())
	return open(t)
}

func identity(t *testing.T, open Opener) {
	s := open(t)
	first := must[store.Identity](t)(s.Identity(t.Context()))
	if first.Server.IsZero() || first.Epoch != 1 || first.ConfigChanged.IsZero() {
		t.Errorf("identity: %+v", first)
	}
	s = reopened(t, s, open)
	same(t, first, must[store.Identity](t)(s.Identity(t.Context())))
	check(t, s.SetSetting(t.Context(), "config.x", "1"))
	changed := must[store.Identity](t)(s.Identity(t.Context()))
	if !changed.ConfigChanged.After(first.ConfigChanged) {
		t.Error("a setting of the configuration did not change its time")
	}
	check(t, s.SetSetting(t.Context(), "config.x", "1"))
	check(t, s.SetSetting(t.Context(), "other", "1"))
	same(t, changed, must[store.Identity](t)(s.Identity(t.Context())))
}

func secrets(t *testing.T, open Opener) {
	s := open(t)
	a := must[[]byte](t)(s.Secret(t.Context(), "a"))
	b := must[[]byte](t)(s.Secret(t.Context(), "b"))
	if len(a) != 32 || string(a) == string(b) {
		t.Errorf("secrets %x and %x", a, b)
	}
	_, err := s.Setting(t.Context(), "x")
	wantErr(t, err, store.ErrNotFound)
	check(t, s.SetSetting(t.Context(), "x", "1"))
	check(t, s.SetSetting(t.Context(), "x", "2"))
	s = reopened(t, s, open)
	same(t, a, must[[]byte](t)(s.Secret(t.Context(), "a")))
	same(t, "2", must[string](t)(s.Setting(t.Context(), "x")))
}

// epoch: numbers that the lost life of the server may have given are not given again.
func epoch(t *testing.T, open Opener) {
	s := open(t)
	before := must[[]store.Added](t)(s.AddUpdates(t.Context(), []store.Update{Update(1, 1)}))[0]
	approval := must[deploy.Approval](t)(s.Approve(t.Context(), deploy.Approval{Update: ID(1), Group: deploy.AllComputers, Choice: deploy.Install}))
	first := must[store.Identity](t)(s.Identity(t.Context()))
	second := must[store.Identity](t)(s.NewEpoch(t.Context()))
	if second.Epoch != 2 || second.Server != first.Server {
		t.Errorf("new epoch: %+v", second)
	}
	after := must[[]store.Added](t)(s.AddUpdates(t.Context(), []store.Update{Update(2, 1), Update(1, 1)}))
	if after[0].RevisionID < before.RevisionID+100000 || after[1].RevisionID != before.RevisionID {
		t.Errorf("numbers after a restore: %+v", after)
	}
	next := must[deploy.Approval](t)(s.Approve(t.Context(), deploy.Approval{Update: ID(2), Group: deploy.AllComputers, Choice: deploy.Install}))
	if next.ID < approval.ID+100000 {
		t.Errorf("approval %d after %d", next.ID, approval.ID)
	}
}

func sighting(id, name, group string, minute int) store.Sighting {
	return store.Sighting{ID: id, Name: name, Group: group, Address: "192.0.2.7", Time: at(minute)}
}

func at(minute int) time.Time { return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC) }

func computers(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	must[store.Computer](t)(s.Enroll(ctx, sighting("id-1", "b.example", "", 1)))
	must[store.Computer](t)(s.Enroll(ctx, sighting("id-2", "a.example", "", 2)))
	check(t, s.Register(ctx, "id-1", store.Details{"OSMajorVersion": "10"}))
	wantErr(t, s.Register(ctx, "nobody", nil), store.ErrNotFound)
	check(t, s.Synced(ctx, []store.Synced{{Computer: "id-1", Time: at(9), Installed: []catalog.RevisionID{3, 1 << 29}}, {Computer: "nobody"}}))
	check(t, s.Synced(ctx, []store.Synced{{Computer: "id-1", Time: at(9)}}))
	s = reopened(t, s, open)
	want := store.Computer{
		ID: "id-1", Name: "b.example", Address: "192.0.2.7", FirstSeen: at(1), LastSeen: at(9), LastSync: at(9), Registered: true,
		Groups: []deploy.GroupID{}, Details: store.Details{"OSMajorVersion": "10"}, Installed: []catalog.RevisionID{3, 1 << 29},
	}
	same(t, want, must[store.Computer](t)(s.Computer(ctx, "B.EXAMPLE")))
	all := must[[]store.Computer](t)(s.Computers(ctx))
	if len(all) != 2 || all[0].ID != "id-2" {
		t.Errorf("computers: %+v", all)
	}
	check(t, s.RemoveComputer(ctx, "id-1"))
	_, err := s.Computer(ctx, "id-1")
	wantErr(t, err, store.ErrNotFound)
	wantErr(t, s.RemoveComputer(ctx, "id-1"), store.ErrNotFound)
	// A name that two have is nobody's; their ids are.
	for _, id := range []string{"id-3", "id-4"} {
		must[store.Computer](t)(s.Enroll(ctx, sighting(id, "twin.example", "", 1)))
		must[store.Computer](t)(s.Computer(ctx, id))
	}
	_, err = s.Computer(ctx, "twin.example")
	wantErr(t, err, store.ErrNotFound)
}

func targeting(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	g := must[deploy.Group](t)(s.AddGroup(ctx, "Servers", deploy.AllComputers))
	desks := must[deploy.Group](t)(s.AddGroup(ctx, "Desks", deploy.AllComputers))
	enroll := func(group string) []deploy.GroupID {
		return must[store.Computer](t)(s.Enroll(ctx, sighting("id", "n", group, 1))).Groups
	}
	same(t, []deploy.GroupID{g.ID}, enroll("servers; no such"))
	check(t, s.SetGroups(ctx, "id", []deploy.GroupID{desks.ID}))
	same(t, []deploy.GroupID{desks.ID}, enroll("servers; no such")) // asks for the same: the administrator's word stands
	same(t, []deploy.GroupID{g.ID, desks.ID}, enroll("Servers;Desks"))
	check(t, s.SetSetting(ctx, store.TargetingSetting, store.ServerSide))
	same(t, []deploy.GroupID{g.ID, desks.ID}, enroll("Servers"))
	check(t, s.RemoveGroup(ctx, g.ID))
	same(t, []deploy.GroupID{desks.ID}, enroll("Servers"))
}

// cloned: two computers with one id are told from one that was renamed.
func cloned(t *testing.T, open Opener) {
	s := open(t)
	seen := func(name string, minute int) bool {
		return must[store.Computer](t)(s.Enroll(t.Context(), sighting("id", name, "", minute))).Cloned()
	}
	for minute, name := range []string{"a", "A", "b", "b"} {
		if seen(name, minute) {
			t.Errorf("renamed to %s, and called a clone", name)
		}
	}
	for minute, name := range []string{"a", "b", "a"} {
		if !seen(name, 5+minute) {
			t.Errorf("the name goes back to %s, and no clone", name)
		}
	}
	if len(must[[]store.Computer](t)(s.Computers(t.Context()))[0].AlsoKnownAs) != 1 {
		t.Error("the list of computers lacks the other name")
	}
	for i := range 50 {
		seen(fmt.Sprint("name", i), 10+i)
	}
	if n := len(must[store.Computer](t)(s.Computer(t.Context(), "id")).AlsoKnownAs); n > 10 {
		t.Errorf("keeps %d names", n)
	}
}

func groups(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	g := must[deploy.Group](t)(s.AddGroup(ctx, " Servers ", deploy.AllComputers))
	below := must[deploy.Group](t)(s.AddGroup(ctx, "Test", g.ID))
	_, err := s.AddGroup(ctx, "SERVERS", deploy.AllComputers)
	wantErr(t, err, store.ErrExists)
	_, err = s.AddGroup(ctx, "x", 99)
	wantErr(t, err, store.ErrNotFound)
	for _, bad := range []string{"", "  ", "a;b"} {
		if _, err := s.AddGroup(ctx, bad, deploy.AllComputers); err == nil {
			t.Errorf("made a group %q", bad)
		}
	}
	same(t, []deploy.Group{
		{ID: 1, Name: "All Computers"},
		{ID: 2, Name: "Unassigned Computers", Parent: 1},
		{ID: g.ID, Name: "Servers", Parent: 1},
		{ID: below.ID, Name: "Test", Parent: g.ID},
	}, must[[]deploy.Group](t)(s.Groups(ctx)))
	for _, id := range []deploy.GroupID{deploy.AllComputers, deploy.Unassigned, g.ID} {
		if s.RemoveGroup(ctx, id) == nil {
			t.Errorf("removed group %d", id)
		}
	}
	must[deploy.Approval](t)(s.Approve(ctx, deploy.Approval{Update: ID(1), Group: below.ID, Choice: deploy.Install}))
	check(t, s.RemoveGroup(ctx, below.ID))
	if a := must[[]deploy.Approval](t)(s.Approvals(ctx)); len(a) != 0 {
		t.Errorf("approvals of a group that is gone: %+v", a)
	}
	wantErr(t, s.RemoveGroup(ctx, below.ID), store.ErrNotFound)
}

func updates(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	added := must[[]store.Added](t)(s.AddUpdates(ctx, []store.Update{Update(1, 1), Update(2, 1), Update(1, 2), Update(1, 1)}))
	if !added[0].New || !added[1].New || !added[2].New || added[3].New || added[3].RevisionID != added[0].RevisionID {
		t.Errorf("added %+v", added)
	}
	s = reopened(t, s, open)
	id := added[2].RevisionID
	want := Update(1, 2)
	revs := must[[]catalog.Revision](t)(s.Revisions(ctx, time.Time{}))
	ignore := cmpopts.IgnoreFields(catalog.Revision{}, "RevisionID", "Arrived")
	same(t, []catalog.Revision{Update(1, 1).Revision, Update(2, 1).Revision, want.Revision}, revs, ignore)
	if !revs[0].Arrived.Before(revs[1].Arrived) || !revs[1].Arrived.Before(revs[2].Arrived) {
		t.Error("two revisions arrived at the same time")
	}
	if late := must[[]catalog.Revision](t)(s.Revisions(ctx, revs[1].Arrived)); len(late) != 1 || late[0].RevisionID != id {
		t.Errorf("after the second: %+v", late)
	}
	same(t, want.Document, must[[]byte](t)(s.Document(ctx, id)))
	same(t, want.Fragments, must[store.Fragments](t)(s.Fragments(ctx, id)))
	same(t, want.Info, must[store.Update](t)(s.Update(ctx, id)).Info)
	same(t, want.Info, must[map[catalog.RevisionID]store.Info](t)(s.Infos(ctx, time.Time{}))[id])
	ids := []catalog.RevisionID{id, 4711}
	for n := range catalog.RevisionID(2000) {
		ids = append(ids, 100000+n)
	}
	same(t, map[catalog.RevisionID]string{id: want.Core}, must[map[catalog.RevisionID]string](t)(s.Cores(ctx, ids)))
	_, err := s.Update(ctx, 4711)
	wantErr(t, err, store.ErrNotFound)
	_, err = s.Fragments(ctx, 4711)
	wantErr(t, err, store.ErrNotFound)
}

func wholeReplacesCut(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	cut := Update(1, 1)
	cut.Document, cut.Info.ScanOnly, cut.Info.Files, cut.Core = nil, true, nil, "cut"
	id := must[[]store.Added](t)(s.AddUpdates(ctx, []store.Update{cut}))[0].RevisionID
	_, err := s.Document(ctx, id)
	wantErr(t, err, store.ErrNotFound)
	whole := must[[]store.Added](t)(s.AddUpdates(ctx, []store.Update{Update(1, 1)}))[0]
	same(t, store.Added{RevisionID: id}, whole)
	same(t, store.Added{RevisionID: id}, must[[]store.Added](t)(s.AddUpdates(ctx, []store.Update{cut}))[0])
	got := must[store.Update](t)(s.Update(ctx, id))
	if got.Info.ScanOnly || got.Core == "cut" {
		t.Errorf("not replaced: %+v", got)
	}
}

func approvals(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	deadline, night := at(30), must[maintenance.Windows](t)(maintenance.Parse("sat,sun 01:00-05:00; mon-fri 22:00-05:00"))
	a := must[deploy.Approval](t)(s.Approve(ctx, deploy.Approval{Update: ID(1), Group: deploy.AllComputers, Choice: deploy.Install, Deadline: &deadline, Window: night}))
	s = reopened(t, s, open)
	same(t, []deploy.Approval{a}, must[[]deploy.Approval](t)(s.Approvals(ctx)))
	b := must[deploy.Approval](t)(s.Approve(ctx, deploy.Approval{Update: ID(1), Group: deploy.AllComputers, Choice: deploy.DetectOnly}))
	if a.ID == 0 || a.ID != b.ID || !b.Changed.After(a.Changed) {
		t.Errorf("approvals %+v and %+v", a, b)
	}
	s = reopened(t, s, open)
	same(t, []deploy.Approval{b}, must[[]deploy.Approval](t)(s.Approvals(ctx)))
	windowed := b
	windowed.Window = night
	must[deploy.Approval](t)(s.Approve(ctx, windowed))
	check(t, s.Decline(ctx, ID(1)))
	left := must[[]deploy.Approval](t)(s.Approvals(ctx))
	if len(left) != 1 || left[0].Choice != deploy.NotApproved || left[0].Window != nil || !left[0].Changed.After(b.Changed) {
		t.Errorf("after declining: %+v", left)
	}
	if len(must[map[guid.GUID]time.Time](t)(s.Declined(ctx))) != 1 {
		t.Error("not declined")
	}
	must[deploy.Approval](t)(s.Approve(ctx, b))
	if len(must[map[guid.GUID]time.Time](t)(s.Declined(ctx))) != 0 {
		t.Error("approved and declined")
	}
	_, err := s.Approve(ctx, deploy.Approval{Update: ID(1), Group: 99, Choice: deploy.Install})
	wantErr(t, err, store.ErrNotFound)
	if _, err := s.Approve(ctx, deploy.Approval{Update: ID(1), Group: 1, Choice: "perhaps"}); err == nil {
		t.Error("took an unknown choice")
	}
}

func files(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	must[[]store.Added](t)(s.AddUpdates(ctx, []store.Update{Update(1, 1), Update(1, 2)}))
	f := must[map[[20]byte]store.FileState](t)(s.FileStates(ctx))[[20]byte{1}]
	if f.Condition != store.Missing || f.File != Update(1, 1).Info.Files[0] {
		t.Errorf("file of a new update: %+v", f)
	}
	check(t, s.SetFileState(ctx, [20]byte{1}, store.FileState{Condition: store.Verified, Checked: at(1)}))
	v := must[map[[20]byte]store.FileState](t)(s.FileStates(ctx))[[20]byte{1}]
	check(t, s.SetFileState(ctx, [20]byte{1}, store.FileState{Condition: store.Verified, Checked: at(2), Stamp: "1 2 3"}))
	again := must[map[[20]byte]store.FileState](t)(s.FileStates(ctx))[[20]byte{1}]
	if !v.Since.After(f.Since) || !again.Since.Equal(v.Since) || !again.Checked.Equal(at(2)) || again.Stamp != "1 2 3" {
		t.Errorf("states %+v, %+v, %+v", f, v, again)
	}
	wantErr(t, s.SetFileState(ctx, [20]byte{9}, store.FileState{}), store.ErrNotFound)
}

// Event makes an event out of numbers.
func event(instance byte, id int, minute int, misc ...string) store.Event {
	return store.Event{
		Instance: ID(instance), Time: at(minute), EventID: id, Update: update.ID{GUID: ID(1), Revision: 1},
		Code: hresult.Code(0x80070002), Misc: misc, Strings: []string{"<b>\x00"},
	}
}

func events(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	must[store.Computer](t)(s.Enroll(ctx, sighting("id", "n", "", 1)))
	must[store.Computer](t)(s.Enroll(ctx, sighting("other", "o", "", 1)))
	check(t, s.AddEvents(ctx, "id", []store.Event{event(1, 182, 1), event(2, 183, 3), event(1, 182, 1)}))
	check(t, s.AddEvents(ctx, "id", []store.Event{event(2, 183, 3), event(3, 141, 2)}))
	check(t, s.AddEvents(ctx, "other", []store.Event{event(1, 182, 1)}))
	wantErr(t, s.AddEvents(ctx, "nobody", nil), store.ErrNotFound)
	s = reopened(t, s, open)
	same(t, []store.Event{event(2, 183, 3), event(3, 141, 2), event(1, 182, 1)}, must[[]store.Event](t)(s.Events(ctx, "id", 10)))
	if n := len(must[[]store.Event](t)(s.Events(ctx, "id", 2))); n != 2 {
		t.Errorf("%d events, asked for 2", n)
	}
	if c := must[store.Computer](t)(s.Computer(ctx, "id")); c.LastReport.IsZero() {
		t.Error("no time of the last report")
	}
}

func states(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	must[store.Computer](t)(s.Enroll(ctx, sighting("id", "n", "", 1)))
	standing := func(events ...store.Event) map[guid.GUID]store.Standing {
		check(t, s.AddEvents(ctx, "id", events))
		all := map[guid.GUID]store.Standing{}
		for _, st := range must[[]store.State](t)(s.States(ctx, "id")) {
			all[st.Update] = st.Standing
		}
		return all
	}
	same(t, map[guid.GUID]store.Standing{ID(1): store.FailedState}, standing(event(1, 182, 5)))
	same(t, map[guid.GUID]store.Standing{ID(1): store.FailedState}, standing(event(2, 183, 4))) // older than what is known
	list := ID(1).String() + ";" + ID(2).String() + ";nonsense;"
	same(t, map[guid.GUID]store.Standing{ID(1): store.FailedState, ID(2): store.Needed}, standing(event(3, 156, 6, "U="+list, "g="+ID(1).String())))
	if st := must[[]store.State](t)(s.States(ctx, "")); st[0].Code != 0x80070002 {
		t.Errorf("the code of the failure is gone: %+v", st[0])
	}
	same(t, map[guid.GUID]store.Standing{ID(1): store.Installed, ID(2): store.Needed}, standing(event(4, 183, 7)))
	// A computer whose clock is ahead by years is heard again when that is set right.
	ahead, right := event(5, 182, 1_000_000), event(6, 183, 9)
	ahead.Received, right.Received = at(8), at(9)
	same(t, map[guid.GUID]store.Standing{ID(1): store.FailedState, ID(2): store.Needed}, standing(ahead))
	same(t, map[guid.GUID]store.Standing{ID(1): store.Installed, ID(2): store.Needed}, standing(right))
	if st := must[[]store.State](t)(s.States(ctx, "nobody")); len(st) != 0 {
		t.Errorf("states of nobody: %+v", st)
	}
}

func findings(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	must[store.Computer](t)(s.Enroll(ctx, sighting("id", "n", "", 1)))
	for i := range 25 {
		check(t, s.AddFinding(ctx, store.Finding{Computer: "id", Time: at(i), JSON: []byte(`{}`)}))
	}
	all := must[[]store.Finding](t)(s.Findings(ctx, "id"))
	if len(all) != 20 || !all[0].Time.Equal(at(24)) {
		t.Errorf("%d findings, the first of %v", len(all), all[0].Time)
	}
	wantErr(t, s.AddFinding(ctx, store.Finding{Computer: "nobody"}), store.ErrNotFound)
}

func version(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	last := must[int64](t)(s.Version(ctx))
	grows := func(what string) {
		t.Helper()
		now := must[int64](t)(s.Version(ctx))
		if now <= last {
			t.Errorf("%s: version stays %d", what, now)
		}
		last = now
	}
	g := must[deploy.Group](t)(s.AddGroup(ctx, "g", deploy.AllComputers))
	grows("group")
	must[[]store.Added](t)(s.AddUpdates(ctx, []store.Update{Update(1, 1)}))
	grows("update")
	must[deploy.Approval](t)(s.Approve(ctx, deploy.Approval{Update: ID(1), Group: g.ID, Choice: deploy.Install}))
	grows("approval")
	check(t, s.Decline(ctx, ID(1)))
	grows("declined")
	check(t, s.SetFileState(ctx, [20]byte{1}, store.FileState{Condition: store.Damaged}))
	grows("file")
	check(t, s.RemoveGroup(ctx, g.ID))
	grows("group removed")
	must[store.Computer](t)(s.Enroll(ctx, sighting("id", "n", "", 1)))
	if now := must[int64](t)(s.Version(ctx)); now != last {
		t.Error("a computer changes the version")
	}
}

// together writes from many callers at once, one of whom gives up and one of whom fails.
func together(t *testing.T, open Opener) {
	s := open(t)
	var wg sync.WaitGroup
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 200 {
		wg.Go(func() {
			if _, err := s.Enroll(t.Context(), sighting(fmt.Sprint("id", i), "n", "", i)); err != nil {
				t.Error(err)
			}
			if err := s.Register(t.Context(), "nobody", nil); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("a failing write: %v", err)
			}
			if _, err := s.Enroll(gone, sighting("late", "n", "", i)); err == nil {
				t.Error("wrote for a caller who had gone")
			}
		})
	}
	wg.Wait()
	if n := len(must[[]store.Computer](t)(s.Computers(t.Context()))); n != 200 {
		t.Errorf("%d computers", n)
	}
}
