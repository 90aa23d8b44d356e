package gather

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/update"
)

// TestDistinct has several revisions of one update, as a datastore keeps them.
func TestDistinct(t *testing.T) {
	want := []update.Ref{
		{Title: "no id"}, {ID: update.ID{Revision: 1}}, {ID: update.ID{Revision: 200}}, {ID: update.ID{Revision: 200}, KB: "KB5034441"},
	}
	for seed := range uint64(200) {
		refs := slices.Concat(want, want, want)
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
		if d := cmp.Diff(want, distinct(refs)); d != "" {
			t.Fatalf("seed %d, -want +got\n%s", seed, d)
		}
	}
}

// TestAncestors has bundles of bundles, and a datastore in which every update is part of every other.
func TestAncestors(t *testing.T) {
	few := map[int64][]int64{1: {2, 3, 2}, 2: {4}, 3: {4, 1}}
	if d := cmp.Diff([]int64{2, 3, 4}, ancestors(1, few)); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	const n = 1000
	all := make([]int64, n)
	for i := range all {
		all[i] = int64(i)
	}
	many := map[int64][]int64{}
	for _, i := range all {
		many[i] = all
	}
	if got := ancestors(7, many); len(got) > 200 || len(got) == 0 {
		t.Errorf("%d bundles of one update", len(got))
	}
}
