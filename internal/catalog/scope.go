package catalog

import (
	"slices"

	"github.com/redx-update/redx/internal/guid"
)

// Role says why a revision is in a Scope.
type Role uint8

// The roles, the stronger the higher.
const (
	Outside    Role = iota // not in the scope
	Dependency             // a prerequisite of what is in it
	Member                 // bundled by what is in it
	Deployed               // asked for by itself
)

// Scope is the part of a catalogue that is deployed to some set of groups, with all it depends on. It is immutable
// and safe for concurrent use.
type Scope struct {
	c     *Catalog
	roles []Role
	first []int32 // condition -> its first place in under
	under []int32 // revisions without drivers, by condition
	// hardware finds driver entries by lower-case hardware id.
	hardware map[string][]driverRow
	drivers  []int32
}

// Scope closes a set of revisions over prerequisites and bundles: of a prerequisite the newest revision of every
// alternative, of a bundle the exact members. Of each update one revision is in: the highest that is reached.
func (c *Catalog) Scope(deployed []RevisionID) *Scope {
	s := &Scope{c: c, roles: make([]Role, len(c.revs))}
	var open []int32
	reach := func(i int32, role Role) {
		if s.roles[i] == Outside {
			open = append(open, i)
		}
		s.roles[i] = max(s.roles[i], role)
	}
	for _, id := range deployed {
		if i := c.number.get(id); i >= 0 {
			reach(i, Deployed)
		}
	}
	for len(open) > 0 {
		i := open[len(open)-1]
		open = open[:len(open)-1]
		s.follow(i, reach)
	}
	s.oneEach()
	s.index()
	return s
}

func (s *Scope) follow(i int32, reach func(int32, Role)) {
	r := &s.c.revs[i]
	r.prerequisites(func(g guid.GUID) {
		if n, ok := s.c.newest[g]; ok {
			reach(n, Dependency)
		}
	})
	for _, clause := range r.Bundles {
		for _, id := range clause {
			if m, ok := s.c.ids[id]; ok {
				reach(m, Member)
			}
		}
	}
}

// oneEach keeps the highest revision of each update: a client is sent no more than one (MS-WUSP 3.1.5.7).
func (s *Scope) oneEach() {
	best := map[int32]int32{}
	for i, role := range s.roles {
		if role == Outside {
			continue
		}
		u := s.c.updateOf[i]
		o, ok := best[u]
		if ok && s.c.revs[o].ID.Revision > s.c.revs[i].ID.Revision {
			s.roles[i] = Outside
			continue
		}
		if ok {
			s.roles[o] = Outside
		}
		best[u] = int32(i)
	}
}

// index lays the revisions out by the condition they wait for.
func (s *Scope) index() {
	rules := &s.c.rules
	counts := make([]int32, len(rules.needs)+1)
	s.hardware = map[string][]driverRow{}
	for i, role := range s.roles {
		switch {
		case role == Outside:
		case s.c.revs[i].Type == Driver:
			s.drivers = append(s.drivers, int32(i))
			s.enterDriver(int32(i))
		default:
			counts[rules.of[i]+1]++
		}
	}
	for n := 1; n < len(counts); n++ {
		counts[n] += counts[n-1]
	}
	s.first = counts
	s.under = make([]int32, counts[len(counts)-1])
	next := slices.Clone(counts)
	for i, role := range s.roles {
		if role != Outside && s.c.revs[i].Type != Driver {
			id := rules.of[i]
			s.under[next[id]] = int32(i)
			next[id]++
		}
	}
}

// Role gives a revision's role; Outside for one that the catalogue does not have.
func (s *Scope) Role(id RevisionID) Role {
	if i := s.c.number.get(id); i >= 0 {
		return s.roles[i]
	}
	return Outside
}

// Revisions lists what is in the scope, by RevisionID.
func (s *Scope) Revisions() []RevisionID {
	var ids []RevisionID
	for i, role := range s.roles {
		if role != Outside {
			ids = append(ids, s.c.revs[i].RevisionID)
		}
	}
	return ids
}

// HasDrivers reports whether a driver synchronisation can bring anything.
func (s *Scope) HasDrivers() bool { return len(s.drivers) > 0 }

// Within lists the deployed revisions that belong to one of the categories or to a category below it, and those
// categories themselves: what a category scan starts from (MS-WUSP 2.2.2.2.4, FilterCategoryIds). An unknown category
// has nothing in it.
func (s *Scope) Within(categories []guid.GUID) []RevisionID {
	in := map[guid.GUID]bool{}
	for _, g := range categories {
		if r := s.c.Newest(g); r != nil {
			in[g] = true
		}
	}
	belongs := func(r *Revision) bool {
		return slices.ContainsFunc(r.Prerequisites, func(c Clause) bool {
			return slices.ContainsFunc(c.AnyOf, func(g guid.GUID) bool { return in[g] })
		})
	}
	for grown := true; grown; {
		grown = false
		for i := range s.c.revs {
			if r := &s.c.revs[i]; r.Type == Category && !in[r.ID.GUID] && belongs(r) {
				in[r.ID.GUID], grown = true, true
			}
		}
	}
	var ids []RevisionID
	for i := range s.c.revs {
		r := &s.c.revs[i]
		asked := slices.Contains(categories, r.ID.GUID) && s.c.newest[r.ID.GUID] == int32(i)
		if asked || s.roles[i] == Deployed && belongs(r) {
			ids = append(ids, r.RevisionID)
		}
	}
	return ids
}
