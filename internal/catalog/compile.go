package catalog

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// Catalog is a set of revisions, compiled. It is safe for concurrent use.
type Catalog struct {
	revs   []Revision // by RevisionID
	number numbering
	ids    map[update.ID]int32
	newest map[guid.GUID]int32

	updateOf []int32             // revision -> update
	updates  map[guid.GUID]int32 // every update that is there or named as a prerequisite
	// nonLeaf is when an update first became somebody's prerequisite; zero for leaves.
	nonLeaf []time.Time
	rank    []int32 // order of a synchronisation
	parents map[int32][]int32
	super   map[guid.GUID][]int32
	rules   conditions
}

// Compile makes a Catalog of revisions whose RevisionIDs and identities differ; of doubles the first is kept. It
// keeps the slices inside the revisions.
func Compile(revs []Revision) *Catalog {
	c := &Catalog{
		revs: unique(revs), ids: map[update.ID]int32{}, newest: map[guid.GUID]int32{}, updates: map[guid.GUID]int32{},
		parents: map[int32][]int32{}, super: map[guid.GUID][]int32{},
	}
	for i := range c.revs {
		c.enter(int32(i))
	}
	c.nonLeaf = make([]time.Time, len(c.updates))
	for i := range c.revs {
		c.relate(int32(i))
	}
	c.rules = compileConditions(c)
	c.order()
	return c
}

func unique(revs []Revision) []Revision {
	revs = slices.Clone(revs)
	slices.SortStableFunc(revs, func(a, b Revision) int { return cmp.Compare(a.RevisionID, b.RevisionID) })
	seen := map[update.ID]bool{}
	var last RevisionID
	return slices.DeleteFunc(revs, func(r Revision) bool {
		double := r.RevisionID <= last || seen[r.ID]
		if !double {
			seen[r.ID], last = true, r.RevisionID
		}
		return double
	})
}

func (c *Catalog) enter(i int32) {
	r := &c.revs[i]
	c.number.set(r.RevisionID, i)
	c.ids[r.ID] = i
	if n, ok := c.newest[r.ID.GUID]; !ok || c.revs[n].ID.Revision < r.ID.Revision {
		c.newest[r.ID.GUID] = i
	}
	c.updateOf = append(c.updateOf, c.updateNumber(r.ID.GUID))
	r.prerequisites(func(g guid.GUID) { c.updateNumber(g) })
}

func (c *Catalog) updateNumber(g guid.GUID) int32 {
	n, ok := c.updates[g]
	if !ok {
		n = int32(len(c.updates))
		c.updates[g] = n
	}
	return n
}

func (c *Catalog) relate(i int32) {
	r := &c.revs[i]
	r.prerequisites(func(g guid.GUID) {
		at := &c.nonLeaf[c.updates[g]]
		if at.IsZero() || r.Arrived.Before(*at) {
			*at = cmp.Or(r.Arrived, time.Unix(0, 1))
		}
	})
	for _, clause := range r.Bundles {
		for _, id := range clause {
			if m, ok := c.ids[id]; ok {
				c.parents[m] = append(c.parents[m], i)
			}
		}
	}
	for _, g := range r.Supersedes {
		c.super[g] = append(c.super[g], i)
	}
}

// order ranks revisions as a first synchronisation must bring them: what others wait for comes first, roots before
// the rest, categories and detectoids before software, bundles before plain leaves. A client that gets approved
// updates before these stops without a word.
func (c *Catalog) order() {
	byRank := make([]int32, len(c.revs))
	for i := range byRank {
		byRank[i] = int32(i)
	}
	slices.SortStableFunc(byRank, func(a, b int32) int { return cmp.Compare(c.stage(a), c.stage(b)) })
	c.rank = make([]int32, len(c.revs))
	for rank, i := range byRank {
		c.rank[i] = int32(rank)
	}
}

func (c *Catalog) stage(i int32) int {
	r := &c.revs[i]
	stage := 0
	switch {
	case c.leaf(i) && len(r.Bundles) == 0:
		stage = 6
	case c.leaf(i):
		stage = 4
	case len(r.Prerequisites) > 0:
		stage = 2
	}
	if r.Type == Software || r.Type == Driver {
		stage++
	}
	return stage
}

func (c *Catalog) leaf(i int32) bool { return c.nonLeaf[c.updateOf[i]].IsZero() }

// Len is the number of revisions.
func (c *Catalog) Len() int { return len(c.revs) }

// All gives every revision by RevisionID. They must not be changed.
func (c *Catalog) All() iter.Seq[*Revision] {
	return func(yield func(*Revision) bool) {
		for i := range c.revs {
			if !yield(&c.revs[i]) {
				return
			}
		}
	}
}

// Revision finds a revision by its number; nil when there is none.
func (c *Catalog) Revision(id RevisionID) *Revision { return c.at(c.number.get(id)) }

// Find finds a revision by its identity; nil when there is none.
func (c *Catalog) Find(id update.ID) *Revision {
	if i, ok := c.ids[id]; ok {
		return &c.revs[i]
	}
	return nil
}

// Newest finds an update's highest revision; nil when there is none.
func (c *Catalog) Newest(g guid.GUID) *Revision {
	if i, ok := c.newest[g]; ok {
		return &c.revs[i]
	}
	return nil
}

func (c *Catalog) at(i int32) *Revision {
	if i < 0 {
		return nil
	}
	return &c.revs[i]
}

// IsLeaf reports that nothing in the whole catalogue has the revision's update as a prerequisite. Members of bundles
// are leaves; categories that a clause names are not.
func (c *Catalog) IsLeaf(id RevisionID) bool {
	i := c.number.get(id)
	return i < 0 || c.leaf(i)
}

// NonLeafSince is when the revision's update first became a prerequisite; zero for a leaf.
func (c *Catalog) NonLeafSince(id RevisionID) time.Time {
	if i := c.number.get(id); i >= 0 {
		return c.nonLeaf[c.updateOf[i]]
	}
	return time.Time{}
}

// BundledBy gives the revisions that have this one as a member.
func (c *Catalog) BundledBy(id RevisionID) []*Revision { return c.several(c.parents[c.number.get(id)]) }

// SupersededBy gives the newest revisions of the updates that replace this one.
func (c *Catalog) SupersededBy(g guid.GUID) []*Revision {
	return slices.DeleteFunc(c.several(c.super[g]), func(r *Revision) bool { return c.Newest(r.ID.GUID) != r })
}

func (c *Catalog) several(all []int32) []*Revision {
	revs := make([]*Revision, len(all))
	for n, i := range all {
		revs[n] = &c.revs[i]
	}
	return revs
}
