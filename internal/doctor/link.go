package doctor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/update"
)

// linkConsequences says of each finding which others it follows from.
func linkConsequences(all []Finding, checks []Check) {
	causes := causesByCheck(all)
	parents := map[string][]string{}
	for _, c := range checks {
		parents[c.ID] = c.ConsequenceOf
	}
	for i := range all {
		f := &all[i]
		var because []int
		for _, id := range parents[f.Check] {
			because = append(because, causes[id].of(f)...)
		}
		slices.Sort(because)
		for _, j := range slices.Compact(because) {
			if i != j && !slices.Contains(f.BecauseOf, all[j].ID) {
				f.BecauseOf = append(f.BecauseOf, all[j].ID)
			}
		}
	}
}

// causes are the findings of one check, by what they are about.
type causes struct {
	whole   []int // about the whole machine
	unnamed []int // about no known update
	all     []int
	updates update.Index[int]
	files   map[string][]int // by the name of a file
}

func causesByCheck(all []Finding) map[string]*causes {
	out := map[string]*causes{}
	for i := range all {
		f := &all[i]
		c := out[f.Check]
		if c == nil {
			c = &causes{files: map[string][]int{}}
			out[f.Check] = c
		}
		c.all = append(c.all, i)
		c.updates.Add(f.Update, i)
		if f.Update.IsZero() {
			c.unnamed = append(c.unnamed, i)
			if len(f.Files) == 0 {
				c.whole = append(c.whole, i)
			}
		}
		for _, file := range f.Files {
			if name := strings.ToLower(fileName(file)); name != "" {
				c.files[name] = append(c.files[name], i)
			}
		}
	}
	return out
}

// of gives those that explain a finding: they are about the same update or the same file, or about the whole machine.
// What names no file is known by its update alone, and one of the two may not be known.
func (c *causes) of(f *Finding) []int {
	switch {
	case c == nil:
		return nil
	case len(f.Files) == 0 && f.Update.IsZero():
		return c.all
	}
	out := slices.Concat(c.whole, slices.Collect(c.updates.Same(f.Update)))
	if len(f.Files) == 0 {
		out = append(out, c.unnamed...)
	}
	for _, file := range f.Files {
		out = append(out, c.files[strings.ToLower(fileName(file))]...)
	}
	return out
}

// fileName is the last element of a file's path or address.
func fileName(f File) string {
	s := cmp.Or(f.Path, f.URL)
	return s[strings.LastIndexAny(s, `\/`)+1:]
}

// rootsFirst puts each consequence behind its cause. A finding whose cause is not in the list stands for itself.
func rootsFirst(all []Finding) []Finding {
	here := map[string]bool{}
	follow := map[string][]int{} // the consequences of each
	for i := range all {
		here[all[i].ID] = true
		for _, cause := range all[i].BecauseOf {
			follow[cause] = append(follow[cause], i)
		}
	}
	out := make([]Finding, 0, len(all))
	done := make([]bool, len(all))
	var put func(i int)
	put = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		out = append(out, all[i])
		for _, j := range follow[all[i].ID] {
			put(j)
		}
	}
	for i := range all {
		if !slices.ContainsFunc(all[i].BecauseOf, func(id string) bool { return here[id] }) {
			put(i)
		}
	}
	for i := range all { // a cycle of causes would otherwise be lost
		put(i)
	}
	return out
}
