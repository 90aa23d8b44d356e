package install_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/redx-update/redx/internal/agent/disk/disksim"
)

// TestRandomOrder installs, uninstalls, recovers, crashes and loses in any order: after every recovery the image is as it
// is with the update or as it is without, and each attempt that was begun for certain is in the history once.
func TestRandomOrder(t *testing.T) {
	first, ready, _ := starting(t, false)
	without, with := states(t, first, ready, false)
	rapid.Check(t, func(r *rapid.T) {
		d, c := like(t, first, ready)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		ended := 0
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			uninstall := rapid.Bool().Draw(r, "uninstall")
			crash := rapid.IntRange(0, 500).Draw(r, "crash")
			d.CrashAt(crash)
			_, err := c.either(uninstall)(t.Context(), c.order)
			if died := d.Dead(); died {
				loss := rapid.SampledFrom([]disksim.Loss{disksim.LoseAll, disksim.LoseNone, disksim.LoseSome}).Draw(r, "loss")
				d.PowerCut(loss, rng)
			} else if d.CrashAt(0); err != nil && codeOf(err) != 0x80240028 {
				r.Fatal(err)
			}
			if _, err := c.Recover(); err != nil {
				r.Fatal(err)
			}
			if got := stateOf(t, d); got != with && got != without {
				r.Fatalf("neither installed nor not:\n%s", got)
			}
			rows, lines, events := attempts(t, d)
			if rows != lines || lines != events || rows < ended || rows > ended+1 {
				r.Fatalf("%d attempts in the datastore, %d reported, %d logged after %d", rows, lines, events, ended)
			}
			ended = rows
		}
	})
}
