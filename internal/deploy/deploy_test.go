package deploy

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/update"
)

func gid(n int) guid.GUID {
	var g guid.GUID
	binary.BigEndian.PutUint32(g[12:], uint32(n))
	return g
}

func at(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }

func rev(n int, t catalog.Type, prerequisites ...int) catalog.Revision {
	r := catalog.Revision{RevisionID: catalog.RevisionID(n), ID: update.ID{GUID: gid(n), Revision: 1}, Type: t, Arrived: at(1)}
	for _, p := range prerequisites {
		r.Prerequisites = append(r.Prerequisites, catalog.Clause{AnyOf: []guid.GUID{gid(p)}})
	}
	return r
}

const (
	servers GroupID = 10
	test    GroupID = 11
	desks   GroupID = 12
)

// input: product 1 under nothing; update 2, bundle 3 with member 4, expired 5, driver 6; servers > test, desks.
func input(approvals ...Approval) Input {
	bundle := rev(3, catalog.Software, 1)
	bundle.Bundles = [][]update.ID{{{GUID: gid(4), Revision: 1}}}
	expired := rev(5, catalog.Software)
	expired.Expired = true
	newer := rev(7, catalog.Software, 1)
	newer.Supersedes = []guid.GUID{gid(2)}
	for i := range approvals {
		approvals[i].ID = int32(i + 1)
		if approvals[i].Changed.IsZero() {
			approvals[i].Changed = at(10)
		}
	}
	return Input{
		Catalog: catalog.Compile([]catalog.Revision{
			rev(1, catalog.Category), rev(2, catalog.Software, 1), bundle, rev(4, catalog.Software, 1), expired,
			rev(6, catalog.Driver, 1), newer,
		}),
		Groups: []Group{
			{ID: AllComputers, Name: "All Computers"},
			{ID: Unassigned, Name: "Unassigned Computers", Parent: AllComputers},
			{ID: servers, Name: "Servers", Parent: AllComputers},
			{ID: test, Name: "Test", Parent: servers},
			{ID: desks, Name: "Desks", Parent: AllComputers},
		},
		Approvals: approvals,
		Declined:  map[guid.GUID]time.Time{}, Withheld: map[catalog.RevisionID]Withheld{}, Returned: map[catalog.RevisionID]time.Time{},
	}
}

func ok(n int, g GroupID, c Choice) Approval { return Approval{Update: gid(n), Group: g, Choice: c} }

func TestChoicesAreInheritedAndCombined(t *testing.T) {
	soon, late := at(20), at(25)
	for name, tc := range map[string]struct {
		approvals []Approval
		groups    []GroupID
		want      Action
		deadline  *time.Time
	}{
		"nothing approved":            {nil, []GroupID{desks}, "", nil},
		"for all":                     {[]Approval{ok(2, AllComputers, Install)}, []GroupID{test}, ActionInstall, nil},
		"for all, also those nowhere": {[]Approval{ok(2, AllComputers, Install)}, nil, ActionInstall, nil},
		"for the unassigned":          {[]Approval{ok(2, Unassigned, Install)}, nil, ActionInstall, nil},
		"unknown group is unassigned": {[]Approval{ok(2, Unassigned, Install)}, []GroupID{99}, ActionInstall, nil},
		"for others":                  {[]Approval{ok(2, servers, Install)}, []GroupID{desks}, "", nil},
		"its own ends the inherited":  {[]Approval{ok(2, servers, Install), ok(2, test, NotApproved)}, []GroupID{test}, "", nil},
		"its own replaces":            {[]Approval{ok(2, servers, Install), ok(2, test, DetectOnly)}, []GroupID{test}, ActionPreDeploymentCheck, nil},
		"two groups, install wins":    {[]Approval{ok(2, servers, Uninstall), ok(2, desks, Install)}, []GroupID{servers, desks}, ActionInstall, nil},
		"uninstall before detect":     {[]Approval{ok(2, servers, DetectOnly), ok(2, desks, Uninstall)}, []GroupID{servers, desks}, ActionUninstall, nil},
		"optional":                    {[]Approval{ok(2, desks, Optional)}, []GroupID{desks}, ActionOptionalInstall, nil},
		"two deadlines, the earlier":  {[]Approval{{Update: gid(2), Group: servers, Choice: Install, Deadline: &late}, {Update: gid(2), Group: desks, Choice: Install, Deadline: &soon}}, []GroupID{servers, desks}, ActionInstall, &soon},
	} {
		v := Compile(input(tc.approvals...)).For(tc.groups)
		d, _ := v.Deployment(2)
		if d.Action != tc.want || !cmp.Equal(d.Deadline, tc.deadline) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestEveryRevisionHasADeployment(t *testing.T) {
	v := Compile(input(ok(3, desks, Install))).For([]GroupID{desks})
	got := map[catalog.RevisionID]Deployment{}
	for _, id := range v.Scope().Revisions() {
		got[id], _ = v.Deployment(id)
	}
	want := map[catalog.RevisionID]Deployment{
		1: {ID: 1<<30 | 1, Action: ActionEvaluate, Assigned: true, Changed: at(1)},
		3: {ID: 1, Action: ActionInstall, Assigned: true, Changed: at(10)},
		4: {ID: 1<<30 | 4, Action: ActionBundle, Assigned: true, Changed: at(10)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !v.Mark().Equal(at(10)) {
		t.Errorf("mark is %v", v.Mark())
	}
	if diff := cmp.Diff([]catalog.RevisionID{3, 4}, v.Changed([]catalog.RevisionID{1, 3, 4}, at(9))); diff != "" {
		t.Error(diff)
	}
	if changed := v.Changed([]catalog.RevisionID{1, 3, 4}, at(10)); changed != nil {
		t.Errorf("reported again: %v", changed)
	}
}

// TestTakenBack: an update that stays as a dependency only is told of as changed.
func TestTakenBack(t *testing.T) {
	in := input(ok(3, desks, Install), Approval{Update: gid(4), Group: desks, Choice: NotApproved, Changed: at(12)})
	v := Compile(in).For([]GroupID{desks})
	if diff := cmp.Diff([]catalog.RevisionID{4}, v.Changed([]catalog.RevisionID{1, 3, 4}, at(11))); diff != "" {
		t.Error(diff)
	}
}

func TestReasons(t *testing.T) {
	installed := []catalog.RevisionID{1}
	for name, tc := range map[string]struct {
		update  int
		change  func(*Input)
		have    []catalog.RevisionID
		never   bool
		offered bool
		want    []Reason
	}{
		"offered":               {update: 2, have: installed, offered: true},
		"unknown":               {update: 99, have: installed, want: []Reason{UnknownUpdate}},
		"category":              {update: 1, have: installed, want: []Reason{NotUpdate, NoApproval}},
		"not approved":          {update: 4, have: installed, want: []Reason{NoApproval}},
		"declined":              {update: 2, have: installed, change: func(in *Input) { in.Declined[gid(2)] = at(3) }, want: []Reason{IsDeclined}},
		"expired":               {update: 5, want: []Reason{IsExpired}},
		"file missing":          {update: 2, have: installed, change: func(in *Input) { in.Withheld[2] = Withheld{Files: []string{"a.cab"}} }, want: []Reason{ContentMissing}},
		"member's file missing": {update: 3, have: installed, change: func(in *Input) { in.Withheld[4] = Withheld{Files: []string{"a.cab"}} }, want: []Reason{ContentMissing}},
		"prerequisite":          {update: 2, want: []Reason{PrerequisiteUnmet}},
		"never synchronised":    {update: 2, never: true, want: []Reason{NeverSynced}},
		"driver":                {update: 6, have: installed, offered: true, want: []Reason{DriverNoMatch}},
		"superseded": {update: 2, have: installed, offered: true, want: []Reason{IsSuperseded}, change: func(in *Input) {
			in.Approvals = append(in.Approvals, Approval{ID: 50, Update: gid(7), Group: desks, Choice: Install})
		}},
		"detect only": {update: 2, have: installed, want: []Reason{ForDetection}, change: func(in *Input) { in.Approvals[0].Choice = DetectOnly }},
	} {
		in := input(ok(2, desks, Install), ok(3, desks, Install), ok(5, desks, Install), ok(6, desks, Install))
		if tc.change != nil {
			tc.change(&in)
		}
		w := Compile(in).For([]GroupID{desks}).Why(gid(tc.update), tc.have, !tc.never)
		var got []Reason
		for _, b := range w.Because {
			got = append(got, b.Reason)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" || w.Offered != tc.offered {
			t.Errorf("%s: offered %v, %s", name, w.Offered, diff)
		}
	}
}

// TestBrokenFileIsNotOffered: what cannot be downloaded is not in the view; what is to be removed needs no file.
func TestBrokenFileIsNotOffered(t *testing.T) {
	in := input(ok(3, desks, Install), ok(2, desks, Uninstall))
	in.Withheld[4] = Withheld{Files: []string{"a.cab"}, Since: at(11)}
	in.Withheld[2] = Withheld{Files: []string{"b.cab"}, Since: at(11)}
	v := Compile(in).For([]GroupID{desks})
	if diff := cmp.Diff([]catalog.RevisionID{1, 2}, v.Scope().Revisions()); diff != "" {
		t.Error(diff)
	}
}

func TestCategoryScan(t *testing.T) {
	in := input(ok(2, desks, Install), ok(5, desks, Install))
	v := Compile(in).For([]GroupID{desks})
	if diff := cmp.Diff([]catalog.RevisionID{1, 2}, v.Within([]guid.GUID{gid(1), gid(1), gid(77)}).Scope().Revisions()); diff != "" {
		t.Error(diff)
	}
	if v.Within([]guid.GUID{gid(77)}).Scope().Revisions() != nil {
		t.Error("a scan of an unknown category brings something")
	}
	if v.Within(nil) != v {
		t.Error("no category is a limit")
	}
}

func TestGroupsInACircle(t *testing.T) {
	in := input()
	in.Groups = append(in.Groups, Group{ID: 20, Parent: 21}, Group{ID: 21, Parent: 20})
	if got := Compile(in).For([]GroupID{20}).Scope().Revisions(); got != nil {
		t.Errorf("offers %v", got)
	}
}

func TestWhatPeopleSeeOfAPlan(t *testing.T) {
	in := input(ok(3, desks, Install), ok(3, test, NotApproved))
	in.Declined[gid(2)] = at(5)
	in.Withheld[4] = Withheld{Files: []string{"a.cab"}, Since: at(11)}
	p := Compile(in)
	if got := p.ApprovalsOf(gid(3)); len(got) != 2 || got[1].Group != test || p.ApprovalsOf(gid(2)) != nil {
		t.Errorf("approvals: %+v", got)
	}
	if when, declined := p.DeclinedAt(gid(2)); !declined || !when.Equal(at(5)) {
		t.Errorf("declined: %v, %v", when, declined)
	}
	if _, declined := p.DeclinedAt(gid(3)); declined {
		t.Error("declined by nobody")
	}
	want := map[catalog.RevisionID][]string{3: {"a.cab"}, 4: {"a.cab"}}
	if diff := cmp.Diff(want, maps.Collect(p.Withheld())); diff != "" {
		t.Error(diff)
	}
}

// TestTooManyWindows: what a computer in all groups could not be told is not approved; what it can be told, in any of them, is.
func TestTooManyWindows(t *testing.T) {
	hours := func(first, n int) (out maintenance.Windows) {
		for i := range n {
			out = append(out, maintenance.Window{Days: [7]bool{1: true, 3: true, 5: true}, From: time.Duration(first+i) * time.Minute, To: 23 * time.Hour})
		}
		return out
	}
	there := []Approval{
		{Update: gid(2), Group: AllComputers, Choice: Install, Window: hours(0, 40)},
		{Update: gid(2), Group: servers, Choice: Optional, Window: hours(100, 64)},
		{Update: gid(3), Group: servers, Choice: Install, Window: hours(200, 64)},
	}
	for name, tt := range map[string]struct {
		next Approval
		ok   bool
	}{
		"as many as there may be": {Approval{Update: gid(2), Group: desks, Choice: Install, Window: hours(40, 24)}, true},
		"one more":                {Approval{Update: gid(2), Group: desks, Choice: Install, Window: hours(40, 25)}, false},
		"the same again":          {Approval{Update: gid(2), Group: desks, Choice: Install, Window: hours(0, 64)}, true},
		"in place of its own":     {Approval{Update: gid(2), Group: AllComputers, Choice: Install, Window: hours(300, 64)}, true},
		"of another choice":       {Approval{Update: gid(2), Group: desks, Choice: Uninstall, Window: hours(300, 64)}, true},
		"none":                    {Approval{Update: gid(2), Group: desks, Choice: Install}, true},
	} {
		if err := CheckWindows(there, tt.next); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
		if !tt.ok {
			continue
		}
		d, _ := Compile(input(append(slices.Clone(there[1:]), tt.next)...)).For([]GroupID{servers, desks}).Deployment(2)
		if got, err := maintenance.Parse(d.Window.String()); err != nil || len(got) != len(d.Window) {
			t.Errorf("%s: an agent reads %d of %d windows: %v", name, len(got), len(d.Window), err)
		}
	}
}

// TestWindowsAreCombined: of groups that agree the windows of all count, and a group that has none opens no more.
func TestWindowsAreCombined(t *testing.T) {
	in := func(g GroupID, c Choice, window string) Approval {
		w, err := maintenance.Parse(window)
		if err != nil {
			t.Fatal(err)
		}
		return Approval{Update: gid(2), Group: g, Choice: c, Window: w}
	}
	for name, tc := range map[string]struct {
		approvals []Approval
		want      string
	}{
		"one":                 {[]Approval{in(desks, Install, "sat 01:00-05:00")}, "sat 01:00-05:00"},
		"inherited":           {[]Approval{in(AllComputers, Install, "sat 01:00-05:00")}, "sat 01:00-05:00"},
		"two":                 {[]Approval{in(servers, Install, "sat 01:00-05:00"), in(desks, Install, "sun 01:00-05:00")}, "sat,sun 01:00-05:00"},
		"other hours":         {[]Approval{in(servers, Install, "sat 01:00-05:00"), in(desks, Install, "sat 02:00-05:00")}, "sat 01:00-05:00; sat 02:00-05:00"},
		"the same":            {[]Approval{in(servers, Install, "sat 01:00-05:00"), in(desks, Install, "sat 01:00-05:00")}, "sat 01:00-05:00"},
		"the second has none": {[]Approval{in(servers, Install, "sat 01:00-05:00"), in(desks, Install, "")}, "sat 01:00-05:00"},
		"the first has none":  {[]Approval{in(servers, Install, ""), in(desks, Install, "sat 01:00-05:00")}, "sat 01:00-05:00"},
		"a weaker choice's":   {[]Approval{in(servers, Install, ""), in(desks, DetectOnly, "sat 01:00-05:00")}, ""},
	} {
		d, _ := Compile(input(tc.approvals...)).For([]GroupID{servers, desks}).Deployment(2)
		if got := d.Window.String(); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
