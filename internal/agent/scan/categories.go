package scan

import (
	"slices"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
)

// Category is a product, and of it one classification; a zero classification is any.
type Category struct{ Product, Classification guid.GUID }

// Within leaves of a result what belongs to one of the categories, to any when there is none. A server gives the updates of
// products; of which classification they are is for the computer to judge (MS-WUSP 3.1.5.6).
func (s *Set) Within(r *Result, want []Category) {
	if len(want) == 0 {
		return
	}
	other := func(i Item) bool {
		has := map[guid.GUID]bool{}
		s.categoriesOf(i.Core.Prerequisites, has)
		return !slices.ContainsFunc(want, func(c Category) bool {
			return has[c.Product] && (c.Classification.IsZero() || has[c.Classification])
		})
	}
	r.Install, r.Uninstall = slices.DeleteFunc(r.Install, other), slices.DeleteFunc(r.Uninstall, other)
}

// categoriesOf finds the categories that are required, and those that they belong to in turn.
func (s *Set) categoriesOf(clauses []catalog.Clause, has map[guid.GUID]bool) {
	for _, c := range clauses {
		for _, g := range c.AnyOf {
			i := s.newest[g]
			if has[g] || !c.IsCategory && (i == nil || i.Core.Type != catalog.Category) {
				continue
			}
			has[g] = true
			if i != nil {
				s.categoriesOf(i.Core.Prerequisites, has)
			}
		}
	}
}
