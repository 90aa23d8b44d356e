// Package scan decides what a computer needs of the revisions that its update location gave: prerequisites, bundles,
// supersedence and the compiled rules of applicability, evaluated against the computer as it is now.
//
// It asks no server, reads no machine itself and keeps no verdict: rules are compiled when a revision comes, and asked anew
// in every scan. Its invariant: nothing is guessed. What a rule that cannot be evaluated decides is Unknown, is not offered,
// and names the rule. Equal revisions and facts give equal results.
package scan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// Set is the revisions that are known, compiled. The zero value is ready. It is for one goroutine.
type Set struct {
	compiler applicability.Compiler
	items    []*item             // by the server's number
	known    map[int32]*item     // what items has
	newest   map[guid.GUID]*item // of each update the highest revision
	exact    map[update.ID]*item
	nonLeaf  []*item
	compiled int // since the compiler is this one
}

// item is a revision with its rules and what it refers to, resolved.
type item struct {
	*metadata.Revision
	at            int // in items
	fragment      string
	said          string // the revision's own Problem
	leaf          bool
	rules         applicability.Rules
	problem       string // why it cannot be judged
	prerequisites [][]*item
	members       [][]*item // those that are known
	replacements  []*item   // what supersedes it
}

// Update makes the set that of these revisions. What is in it already is not compiled again.
func (s *Set) Update(all map[int32]*metadata.Revision) {
	if s.unchanged(all) {
		return
	}
	if s.compiled > 2*len(all)+1000 {
		*s = Set{} // most of what the compiler holds is of revisions that are gone
	}
	known := make(map[int32]*item, len(all))
	s.items, s.nonLeaf = s.items[:0], s.nonLeaf[:0]
	for _, id := range slices.Sorted(maps.Keys(all)) {
		r := all[id]
		i := s.known[id]
		if i == nil || i.fragment != r.Fragment || i.said != r.Problem {
			i = s.compile(r)
		}
		i.Revision, i.leaf, i.at = r, r.Leaf, len(s.items)
		known[id] = i
		s.items = append(s.items, i)
		if !i.leaf {
			s.nonLeaf = append(s.nonLeaf, i)
		}
	}
	s.known = known
	s.resolve()
}

// unchanged reports that these revisions are those of the set. Deployments may be others: they are not compiled.
func (s *Set) unchanged(all map[int32]*metadata.Revision) bool {
	if len(all) != len(s.items) {
		return false
	}
	for _, i := range s.items {
		if r := all[i.ID]; r != i.Revision || r.Leaf != i.leaf || r.Problem != i.said || r.Fragment != i.fragment {
			return false
		}
	}
	return true
}

func (s *Set) compile(r *metadata.Revision) *item {
	s.compiled++
	i := &item{Revision: r, fragment: r.Fragment, said: r.Problem, problem: r.Problem}
	if i.problem != "" {
		return i
	}
	var err error
	if i.rules, err = s.compiler.Compile([]byte(r.Fragment), r.Core.ID.GUID); err != nil {
		i.problem = err.Error()
	}
	return i
}

// resolve finds what revisions refer to. Of an update that is there in several revisions the highest one counts.
func (s *Set) resolve() {
	s.newest, s.exact = make(map[guid.GUID]*item, len(s.items)), make(map[update.ID]*item, len(s.items))
	for _, i := range s.items {
		i.replacements = nil
		if i.Core.ID.GUID.IsZero() {
			continue
		}
		s.exact[i.Core.ID] = i
		if n := s.newest[i.Core.ID.GUID]; n == nil || n.Core.ID.Revision < i.Core.ID.Revision {
			s.newest[i.Core.ID.GUID] = i
		}
	}
	for _, i := range s.items {
		i.prerequisites, i.members = s.clauses(i.Core.Prerequisites), s.bundles(i.Core.Bundles)
		if s.newest[i.Core.ID.GUID] != i {
			continue
		}
		for _, g := range i.Core.Supersedes {
			if old := s.newest[g]; old != nil && old != i {
				old.replacements = append(old.replacements, i)
			}
		}
	}
}

func (s *Set) clauses(all []catalog.Clause) [][]*item {
	var out [][]*item
	for _, c := range all {
		var of []*item
		for _, g := range c.AnyOf {
			if i := s.newest[g]; i != nil {
				of = append(of, i)
			}
		}
		out = append(out, of)
	}
	return out
}

// bundles finds members by their exact revision; the server may have sent a later one instead.
func (s *Set) bundles(all [][]update.ID) [][]*item {
	var out [][]*item
	for _, group := range all {
		var of []*item
		for _, id := range group {
			if i := s.exact[id]; i != nil {
				of = append(of, i)
			} else if i := s.newest[id.GUID]; i != nil {
				of = append(of, i)
			}
		}
		out = append(out, of)
	}
	return out
}

// Judge is what a synchronisation asks: which revisions that are no leaves are installed.
func (s *Set) Judge(f applicability.Facts) func(map[int32]*metadata.Revision) []int32 {
	return func(all map[int32]*metadata.Revision) []int32 {
		s.Update(all)
		e := s.begin(f)
		var ids []int32
		for _, i := range s.nonLeaf {
			if e.installed(i).Truth == applicability.True {
				ids = append(ids, i.ID)
			}
		}
		return ids
	}
}

func unknown(rule, format string, args ...any) applicability.Answer {
	return applicability.Answer{Rule: rule, Why: fmt.Sprintf(format, args...)}
}
