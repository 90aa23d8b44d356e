package update

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
)

// everyRef gives references with every choice of three names of each sort, one of them none.
func everyRef() []Ref {
	var out []Ref
	for _, id := range []guid.GUID{{}, {1: 1}, {1: 2}} {
		for _, kb := range []KB{"", "KB5000001", "KB5000002"} {
			for _, title := range []string{"", "An Update", "an update", "Another"} {
				out = append(out, Ref{ID: ID{GUID: id}, KB: kb, Title: title})
			}
		}
	}
	return out
}

// TestIndexIsSame holds that the index finds just what Same says, each once.
func TestIndexIsSame(t *testing.T) {
	all := everyRef()
	var x Index[int]
	for i, r := range all {
		x.Add(r, i)
	}
	for _, r := range all {
		var want []int
		for i, o := range all {
			if r.Same(o) {
				want = append(want, i)
			}
		}
		if d := cmp.Diff(want, slices.Sorted(x.Same(r))); d != "" {
			t.Errorf("of %v (-want +got):\n%s", r, d)
		}
	}
}
