package doctor

import (
	"slices"

	"github.com/redx-update/redx/internal/history"
)

// Narrow keeps the findings about the updates and from the time that a filter wants, with what those follow from and
// what follows from them. A finding about the whole machine is about every update, and one without times is of any time.
func Narrow(all []Finding, by history.Filter) []Finding {
	keep := map[string]bool{}
	for i := range all {
		keep[all[i].ID] = wanted(&all[i], by)
	}
	for more := true; more; {
		more = false
		for i := range all {
			f := &all[i]
			for _, cause := range f.BecauseOf {
				if keep[f.ID] != keep[cause] {
					keep[f.ID], keep[cause], more = true, true, true
				}
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(f Finding) bool { return !keep[f.ID] })
}

func wanted(f *Finding, by history.Filter) bool {
	if by.Update != "" && !f.Update.IsZero() && !f.Update.Matches(by.Update) {
		return false
	}
	dated := false
	for _, e := range f.Proof {
		if t := e.Latest(); !t.IsZero() {
			dated = true
			if !t.Before(by.Since) {
				return true
			}
		}
	}
	return !dated
}
