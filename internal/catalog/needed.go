package catalog

import "slices"

// Need is what a computer should know of a scope, compared with what it has cached.
type Need struct {
	// New are needed and not cached, in the order in which they must be sent.
	New []RevisionID
	// Kept are needed and cached, in the order of the request.
	Kept []RevisionID
	// Gone are cached and not needed: no longer in the scope, or their prerequisites are no longer installed. Numbers
	// that this catalogue never gave are among them.
	Gone []RevisionID
}

// Needed answers a software synchronisation (MS-WUSP 3.1.5.7): everything in the scope except drivers whose
// prerequisites are met by installed (InstalledNonLeafUpdateIDs), whichever revision of a prerequisite it is that is
// installed. The client's cache is installed and cached together. Both lists may name a number twice.
func (s *Scope) Needed(installed, cached []RevisionID) Need {
	j := s.judge(installed)
	var need Need
	has := make([]bool, len(s.roles))
	for _, list := range [][]RevisionID{installed, cached} {
		for _, id := range list {
			s.sort(id, j, has, &need)
		}
	}
	var fresh []int32
	for _, condition := range j.list {
		for _, i := range s.under[s.first[condition]:s.first[condition+1]] {
			if !has[i] {
				fresh = append(fresh, i)
			}
		}
	}
	need.New = s.ordered(fresh)
	return need
}

// sort decides about one cached revision.
func (s *Scope) sort(id RevisionID, j *judged, has []bool, need *Need) {
	i := s.c.number.get(id)
	switch {
	case i < 0 || s.roles[i] == Outside || s.c.revs[i].Type == Driver || !j.met[s.c.rules.of[i]]:
		need.Gone = append(need.Gone, id)
	case !has[i]:
		need.Kept = append(need.Kept, id)
	}
	if i >= 0 {
		has[i] = true
	}
}

func (s *Scope) judge(installed []RevisionID) *judged {
	updates := make([]int32, 0, len(installed))
	for _, id := range installed {
		if i := s.c.number.get(id); i >= 0 {
			updates = append(updates, s.c.updateOf[i])
		}
	}
	return s.c.rules.judge(updates)
}

func (s *Scope) ordered(fresh []int32) []RevisionID {
	slices.SortFunc(fresh, func(a, b int32) int { return int(s.c.rank[a] - s.c.rank[b]) })
	ids := make([]RevisionID, len(fresh))
	for n, i := range fresh {
		ids[n] = s.c.revs[i].RevisionID
	}
	return ids
}

// Unmet lists the clauses of a revision that the installed ones do not satisfy; empty means that its prerequisites
// are met.
func (c *Catalog) Unmet(r *Revision, installed []RevisionID) []Clause {
	var unmet []Clause
	for _, clause := range r.Prerequisites {
		met := slices.ContainsFunc(installed, func(id RevisionID) bool {
			i := c.Revision(id)
			return i != nil && slices.Contains(clause.AnyOf, i.ID.GUID)
		})
		if !met {
			unmet = append(unmet, clause)
		}
	}
	return unmet
}
