package wintest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recovered waits until the guard has done its work, and wants everything as it was, and no trace of the guard.
func (c *computer) recovered(before []serviceState, tree map[string]string) {
	c.t.Helper()
	c.waitFor("the guard is gone", func() bool {
		s := c.services()
		return !s[len(s)-1].Present
	})
	if d := cmp.Diff(before, c.services()); d != "" {
		c.t.Errorf("services: %s", d)
	}
	if d := cmp.Diff(tree, c.tree("windows/SoftwareDistribution")); d != "" {
		c.t.Errorf("the update folder: %s", d)
	}
	for _, name := range c.names("windows") {
		if strings.HasPrefix(strings.ToUpper(name), "SDTEMP") {
			c.t.Errorf("%s is left", name)
		}
	}
}

// afterBoot is how services are when Windows has started: those run too that start by themselves and at once.
func afterBoot(all []serviceState) []serviceState {
	for i := range all {
		all[i].Running = all[i].Running || all[i].Start == 2 && !all[i].Delayed
	}
	return all
}

// TestNobodyRunsRedxAgain lets a repair die before different acts, and starts Windows. Nobody calls redx: its guard
// takes all back, and removes itself.
func TestNobodyRunsRedxAgain(t *testing.T) {
	for _, act := range []int{2, 5, 8, 10} { // services are held from 2 on, stopped from 6 on; 10 is the rename
		t.Run("before act "+strconv.Itoa(act), func(t *testing.T) {
			c := newComputer(t)
			before, tree := c.services(), c.tree("windows/SoftwareDistribution")
			if a := c.run("redx.test.exe", "die", strconv.Itoa(act)); a.code != 9 {
				t.Fatalf("exit code %d: %s", a.code, a.err)
			}
			// The guard runs the program that made it; here that was the test's.
			redx, err := os.ReadFile(filepath.Join(c.here, "redx.exe"))
			c.must(err)
			c.must(os.WriteFile(c.path("ProgramData/redx/redx.exe"), redx, 0o755))
			c.restart()
			c.recovered(afterBoot(before), tree)
		})
	}
}
