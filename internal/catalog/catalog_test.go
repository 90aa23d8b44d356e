package catalog

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// gid makes a GUID of a number.
func gid(n int) guid.GUID {
	var g guid.GUID
	binary.BigEndian.PutUint32(g[12:], uint32(n))
	return g
}

func uid(n, rev int) update.ID { return update.ID{GUID: gid(n), Revision: uint32(rev)} }

func any1(ns ...int) Clause {
	var c Clause
	for _, n := range ns {
		c.AnyOf = append(c.AnyOf, gid(n))
	}
	return c
}

func at(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }

// small is a company, a product, a detectoid, a bundle with two members, and a detectoid that nobody needs.
func small() []Revision {
	return []Revision{
		{RevisionID: 1, ID: uid(1, 1), Type: Category, CategoryType: "Company", Arrived: at(1)},
		{RevisionID: 2, ID: uid(2, 1), Type: Category, CategoryType: "Product", Prerequisites: []Clause{any1(1)}, Arrived: at(2)},
		{RevisionID: 3, ID: uid(3, 1), Type: Detectoid, Arrived: at(3)},
		{RevisionID: 4, ID: uid(4, 1), Type: Software, Prerequisites: []Clause{any1(3, 99), {AnyOf: []guid.GUID{gid(2)}, IsCategory: true}}, Bundles: [][]update.ID{{uid(5, 1)}, {uid(6, 1), uid(77, 1)}}, Arrived: at(4)},
		{RevisionID: 5, ID: uid(5, 1), Type: Software, Prerequisites: []Clause{any1(3)}, Arrived: at(5)},
		{RevisionID: 6, ID: uid(6, 1), Type: Software, Prerequisites: []Clause{any1(2)}, Arrived: at(6)},
		{RevisionID: 7, ID: uid(7, 1), Type: Detectoid, Arrived: at(7)},
		{RevisionID: 8, ID: uid(4, 2), Type: Software, Prerequisites: []Clause{any1(98)}, Supersedes: []guid.GUID{gid(6)}, Arrived: at(8)},
	}
}

func TestScopeClosesOverPrerequisitesAndBundles(t *testing.T) {
	c := Compile(small()[:7])
	s := c.Scope([]RevisionID{4})
	if diff := cmp.Diff([]RevisionID{1, 2, 3, 4, 5, 6}, s.Revisions()); diff != "" {
		t.Error(diff)
	}
	var roles []Role
	for _, id := range []RevisionID{1, 3, 4, 5, 7, 1000, -1, 1 << 30} {
		roles = append(roles, s.Role(id))
	}
	want := []Role{Dependency, Dependency, Deployed, Member, Outside, Outside, Outside, Outside}
	if diff := cmp.Diff(want, roles); diff != "" {
		t.Error(diff)
	}
}

// TestRounds plays a first synchronisation: each round brings what the last one's installed revisions open.
func TestRounds(t *testing.T) {
	s := Compile(small()[:7]).Scope([]RevisionID{4})
	rounds := []struct {
		installed, cached, news, gone []RevisionID
	}{
		{nil, nil, []RevisionID{1, 3}, nil},
		{[]RevisionID{1, 3}, nil, []RevisionID{2, 5}, nil},
		{[]RevisionID{1, 3, 2}, []RevisionID{5}, []RevisionID{4, 6}, nil},
		{[]RevisionID{1, 3, 2}, []RevisionID{5, 4, 6}, []RevisionID{}, nil},
		{[]RevisionID{1, 2}, []RevisionID{5, 4, 6, 7, 4711}, []RevisionID{3}, []RevisionID{5, 4, 7, 4711}},
	}
	for i, r := range rounds {
		need := s.Needed(r.installed, r.cached)
		if diff := cmp.Diff(r.news, need.New); diff != "" {
			t.Errorf("round %d, new: %s", i, diff)
		}
		if diff := cmp.Diff(r.gone, need.Gone); diff != "" {
			t.Errorf("round %d, gone: %s", i, diff)
		}
	}
}

func TestLeaves(t *testing.T) {
	c := Compile(small())
	for id, want := range map[RevisionID]bool{1: false, 2: false, 3: false, 4: true, 5: true, 6: true, 7: true, 8: true, 99: true} {
		if c.IsLeaf(id) != want {
			t.Errorf("IsLeaf(%d) = %v", id, !want)
		}
	}
	if got := c.NonLeafSince(3); !got.Equal(at(4)) {
		t.Errorf("detectoid is no leaf since %v", got)
	}
}

func TestNewestWins(t *testing.T) {
	c := Compile(small())
	if s := c.Scope([]RevisionID{4, 8}); s.Role(4) != Outside || s.Role(8) != Deployed {
		t.Error("two revisions of one update are in the scope, or the wrong one")
	}
	if by := c.SupersededBy(gid(6)); len(by) != 1 || by[0].RevisionID != 8 {
		t.Errorf("superseded by %v", by)
	}
	if r := c.Newest(gid(4)); r.RevisionID != 8 {
		t.Errorf("newest is %d", r.RevisionID)
	}
	if unmet := c.Unmet(c.Revision(4), []RevisionID{1, 3}); len(unmet) != 1 || unmet[0].AnyOf[0] != gid(2) {
		t.Errorf("unmet: %v", unmet)
	}
}

// TestOlderRevisionInstalled: a client may still have an older revision of a category.
func TestOlderRevisionInstalled(t *testing.T) {
	revs := small()[:7]
	revs = append(revs, Revision{RevisionID: 9, ID: uid(3, 2), Type: Detectoid})
	need := Compile(revs).Scope([]RevisionID{4}).Needed([]RevisionID{1, 2, 3}, nil)
	if diff := cmp.Diff([]RevisionID{9, 4, 5, 6}, need.New); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]RevisionID{3}, need.Gone); diff != "" {
		t.Error(diff)
	}
}

func TestWithin(t *testing.T) {
	s := Compile(small()[:7]).Scope([]RevisionID{4, 7})
	for name, tc := range map[string]struct {
		categories []guid.GUID
		want       []RevisionID
	}{
		"the product":         {[]guid.GUID{gid(2)}, []RevisionID{2, 4}},
		"the company above":   {[]guid.GUID{gid(1)}, []RevisionID{1, 4}},
		"an unknown category": {[]guid.GUID{gid(555)}, nil},
	} {
		if diff := cmp.Diff(tc.want, s.Within(tc.categories)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAgainstPlainReading compares with the specification's own words, without anything precompiled.
func TestAgainstPlainReading(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		revs := drawRevisions(rt)
		c := Compile(revs)
		ids := rapid.SliceOfDistinct(rapid.IntRange(1, 45), rapid.ID[int])
		installed, cached := drawIDs(rt, ids, "installed"), drawIDs(rt, ids, "cached")
		s := c.Scope(drawIDs(rt, ids, "deployed"))
		got := s.Needed(installed, cached)
		want := plainly(c, s, installed, cached)
		slices.Sort(got.New)
		if diff := cmp.Diff(want, got.New); diff != "" {
			rt.Fatal(diff)
		}
		for _, id := range got.Kept {
			if slices.Contains(got.New, id) || slices.Contains(got.Gone, id) {
				rt.Fatalf("%d is kept and not", id)
			}
		}
	})
}

func drawIDs(rt *rapid.T, g *rapid.Generator[[]int], label string) []RevisionID {
	var ids []RevisionID
	for _, n := range g.Draw(rt, label) {
		ids = append(ids, RevisionID(n))
	}
	return ids
}

func drawRevisions(rt *rapid.T) []Revision {
	n := rapid.IntRange(1, 40).Draw(rt, "revisions")
	var revs []Revision
	for i := 1; i <= n; i++ {
		r := Revision{RevisionID: RevisionID(i), ID: uid(rapid.IntRange(1, 30).Draw(rt, "update"), i), Type: Software}
		for range rapid.IntRange(0, 3).Draw(rt, "clauses") {
			r.Prerequisites = append(r.Prerequisites, any1(rapid.SliceOfN(rapid.IntRange(1, 32), 1, 3).Draw(rt, "any of")...))
		}
		revs = append(revs, r)
	}
	return revs
}

func plainly(c *Catalog, s *Scope, installed, cached []RevisionID) []RevisionID {
	want := []RevisionID{}
	for r := range c.All() {
		known := slices.Contains(installed, r.RevisionID) || slices.Contains(cached, r.RevisionID)
		if s.Role(r.RevisionID) != Outside && !known && len(c.Unmet(r, installed)) == 0 {
			want = append(want, r.RevisionID)
		}
	}
	return want
}

// large makes a catalogue as a server has it after years: n revisions, the first 2,000 of them categories and
// detectoids, the rest waiting for two clauses of these; 400 of them installed need some 4,000.
func large(n int) []Revision {
	r := rand.New(rand.NewPCG(1, 2))
	revs := make([]Revision, n)
	for i := range revs {
		revs[i] = Revision{RevisionID: RevisionID(i + 1), ID: uid(i+1, 1), Type: Software}
		if i < 2000 {
			revs[i].Type = Detectoid
			continue
		}
		revs[i].Prerequisites = []Clause{any1(1 + r.IntN(2000)), any1(1+r.IntN(2000), 1+r.IntN(2000))}
	}
	return revs
}

func BenchmarkNeeded(b *testing.B) {
	for _, n := range []int{5000, 50000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := Compile(large(n))
			var all []RevisionID
			for r := range c.All() {
				all = append(all, r.RevisionID)
			}
			s := c.Scope(all)
			installed := all[:400]
			cached := s.Needed(installed, nil).New
			b.ReportMetric(float64(len(cached)), "cached")
			b.ResetTimer()
			for b.Loop() {
				s.Needed(installed, cached)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	revs := large(50000)
	for b.Loop() {
		Compile(revs)
	}
}
