package catalog

import (
	"encoding/binary"
	"slices"
)

// conditions are all prerequisites, each different clause and each different set of clauses once. Thousands of
// updates wait for the same few products, so it is these sets that a synchronisation judges, not the updates.
type conditions struct {
	of    []int32   // revision -> condition
	needs [][]int32 // condition -> its clauses
	// waiting has every condition under one of its clauses, the least common: only when that one is satisfied are the
	// others looked at.
	waiting [][]int32 // clause -> conditions
	free    []int32   // conditions without a clause
	opens   [][]int32 // update -> clauses that it satisfies
}

func compileConditions(c *Catalog) conditions {
	k := conditions{opens: make([][]int32, len(c.updates))}
	clauses, sets := map[string]int32{}, map[string]int32{}
	for i := range c.revs {
		var set []int32
		for _, clause := range c.revs[i].Prerequisites {
			set = append(set, k.clause(c, clauses, clause))
		}
		slices.Sort(set)
		k.of = append(k.of, k.condition(sets, slices.Compact(set)))
	}
	k.watch(len(clauses))
	return k
}

func (k *conditions) watch(clauses int) {
	common := make([]int, clauses)
	for _, set := range k.needs {
		for _, clause := range set {
			common[clause]++
		}
	}
	k.waiting = make([][]int32, clauses)
	for id, set := range k.needs {
		if len(set) == 0 {
			k.free = append(k.free, int32(id))
			continue
		}
		rarest := slices.MinFunc(set, func(a, b int32) int { return common[a] - common[b] })
		k.waiting[rarest] = append(k.waiting[rarest], int32(id))
	}
}

func (k *conditions) clause(c *Catalog, known map[string]int32, clause Clause) int32 {
	members := make([]int32, len(clause.AnyOf))
	for n, g := range clause.AnyOf {
		members[n] = c.updates[g]
	}
	slices.Sort(members)
	members = slices.Compact(members)
	name := key(members)
	if id, ok := known[name]; ok {
		return id
	}
	id := int32(len(known))
	known[name] = id
	for _, u := range members {
		k.opens[u] = append(k.opens[u], id)
	}
	return id
}

func (k *conditions) condition(known map[string]int32, set []int32) int32 {
	name := key(set)
	if id, ok := known[name]; ok {
		return id
	}
	id := int32(len(k.needs))
	known[name] = id
	k.needs = append(k.needs, set)
	return id
}

func key(sorted []int32) string {
	b := make([]byte, 0, 4*len(sorted))
	for _, n := range sorted {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b)
}

// judged says which conditions a computer meets.
type judged struct {
	met  []bool  // condition -> met
	list []int32 // the conditions that are met
	open []bool  // clause -> satisfied
}

// judge finds the conditions that installed updates meet.
func (k *conditions) judge(installed []int32) *judged {
	j := &judged{met: make([]bool, len(k.needs)), open: make([]bool, len(k.waiting))}
	var opened []int32
	for _, u := range installed {
		for _, clause := range k.opens[u] {
			if !j.open[clause] {
				j.open[clause] = true
				opened = append(opened, clause)
			}
		}
	}
	j.list = append(j.list, k.free...)
	for _, clause := range opened {
		for _, id := range k.waiting[clause] {
			if j.all(k.needs[id]) {
				j.list = append(j.list, id)
			}
		}
	}
	for _, id := range j.list {
		j.met[id] = true
	}
	return j
}

func (j *judged) all(clauses []int32) bool {
	for _, clause := range clauses {
		if !j.open[clause] {
			return false
		}
	}
	return true
}
