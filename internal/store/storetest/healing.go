package storetest

import (
	"testing"
	"time"

	"github.com/redx-update/redx/internal/store"
)

// healings: a computer counts once for a finding, for a day, and from anew after a pause was ended.
func healings(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	for _, id := range []string{"a", "b", "c"} {
		must[store.Computer](t)(s.Enroll(ctx, sighting(id, id, "", 1)))
	}
	tell := func(computer string, when time.Time, ids ...string) map[string]int {
		t.Helper()
		return must[map[string]int](t)(s.ToldFindings(ctx, computer, when, ids))
	}
	same(t, map[string]int{"x": 1, "y": 1}, tell("a", at(0), "x", "y"))
	same(t, map[string]int{"x": 1}, tell("a", at(1), "x"))
	same(t, map[string]int{"x": 2}, tell("b", at(2), "x"))
	same(t, map[string]int{}, tell("b", at(2)))
	same(t, map[string]int{"x": 2, "y": 1}, tell("c", at(1).Add(24*time.Hour), "x", "y")) // a is too long ago
	if _, err := s.ToldFindings(ctx, "nobody", at(3), []string{"x"}); err == nil {
		t.Error("a computer that is not known was counted")
	}

	first := store.HealingPause{What: "x", Since: at(5), Why: "too many"}
	check(t, s.PauseHealing(ctx, first))
	check(t, s.PauseHealing(ctx, store.HealingPause{What: "x", Since: at(6), Why: "another"}))
	check(t, s.PauseHealing(ctx, store.HealingPause{What: "check", Since: at(7), Why: "asked for"}))
	same(t, []store.HealingPause{{What: "check", Since: at(7), Why: "asked for"}, first}, must[[]store.HealingPause](t)(open(t).HealingPauses(ctx)))

	later := at(1).Add(25 * time.Hour)
	check(t, s.ResumeHealing(ctx, "x", later))
	wantErr(t, s.ResumeHealing(ctx, "x", later), store.ErrNotFound)
	wantErr(t, s.ResumeHealing(ctx, "z", later), store.ErrNotFound)
	same(t, map[string]int{"x": 1}, tell("a", later.Add(time.Minute), "x"))
	check(t, s.PauseHealing(ctx, store.HealingPause{What: "x", Since: later, Why: "again"}))
	if all := must[[]store.HealingPause](t)(s.HealingPauses(ctx)); len(all) != 2 || all[1].Why != "again" {
		t.Errorf("paused: %+v", all)
	}
}
