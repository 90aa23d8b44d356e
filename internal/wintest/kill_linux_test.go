package wintest

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// begun starts a repair of all of SoftwareDistribution and waits until services are held for it.
func (c *computer) begun() *exec.Cmd {
	c.t.Helper()
	cmd, _, _ := c.command("redx.exe", "repair", "--kb910336", "--yes")
	c.must(cmd.Start())
	c.waitFor("a service is held", func() bool { return c.services()[1].Start == 4 })
	return cmd
}

// killed kills a repair in the middle.
func (c *computer) killed() {
	c.t.Helper()
	cmd := c.begun()
	c.must(cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	if s := c.services(); !s[len(s)-1].Present || s[1].Start != 4 {
		c.t.Fatalf("it was not in the middle: %+v", s)
	}
}

// TestKilledAndRestarted: nobody runs redx again, and all is as before.
func TestKilledAndRestarted(t *testing.T) {
	c := newComputer(t)
	before, tree := c.services(), c.tree(sd)
	c.killed()
	c.restart()
	c.recovered(afterBoot(before), tree)
	c.restart() // the guard's own program goes with the next start
	c.gone()
}

func TestKilledAndResumed(t *testing.T) {
	c := newComputer(t)
	before, tree := c.services(), c.tree(sd)
	c.killed()
	c.wants(3, "repair", "resume") // done, and nobody has proved it
	c.same(before)
	c.sameTree("what is kept", "windows/SDTemp", tree)
	c.wants(0, "repair", "undo", "--yes")
	c.sameTree("after undo", sd, tree)
}

func TestKilledAndUndone(t *testing.T) {
	c := newComputer(t)
	before, tree := c.services(), c.tree(sd)
	c.killed()
	c.wants(0, "repair", "undo", "--yes")
	c.same(before)
	c.sameTree("after undo", sd, tree)
	if left := c.copies(); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}

// TestTwoAtOnce: the second one says that it is not alone, and the first one is not disturbed.
func TestTwoAtOnce(t *testing.T) {
	c := newComputer(t)
	before, tree := c.services(), c.tree(sd)
	first := c.begun()
	if a := c.wants(11, "repair", "--kb910336", "--yes"); !strings.Contains(a.err, "another redx") {
		t.Error(a.err)
	}
	err := first.Wait()
	if code := first.ProcessState.ExitCode(); code != 3 {
		t.Fatalf("the first one: exit code %d, %v", code, err)
	}
	c.same(before)
	c.sameTree("what is kept", "windows/SDTemp", tree)
}

// TestHeldUntilRestart: somebody holds the folder for good. Windows renames it when it starts, and redx ends it then.
func TestHeldUntilRestart(t *testing.T) {
	c := newComputer(t)
	before, tree := c.services(), c.tree(sd)
	release := c.hold(`C:\Windows\SoftwareDistribution`)
	var got struct{ State string }
	a := c.json(&got, "repair", "--kb910336", "--yes")
	if a.code != 3010%256 || got.State != "waits-for-restart" {
		t.Fatalf("exit code %d, %+v\n%s", a.code, got, a.err)
	}
	waiting := c.services()
	if d := cmp.Diff(before[:len(before)-1], waiting[:len(before)-1]); d != "" {
		t.Errorf("until the restart: %s", d)
	}
	if !waiting[len(waiting)-1].Present {
		t.Error("nobody will end it")
	}
	c.sameTree("until the restart", sd, tree)
	c.restart()
	release()
	c.waitFor("the guard is gone", func() bool { s := c.services(); return !s[len(s)-1].Present })
	if d := cmp.Diff(afterBoot(before)[2:], c.services()[2:]); d != "" { // the others are not started by a boot
		t.Errorf("after the restart: %s", d)
	}
	c.sameTree("what is kept", "windows/SDTemp", tree)
	var st standing
	c.json(&st, "repair", "status")
	if st.State != "done" || !st.Steps[0].Verified {
		t.Errorf("got %+v", st)
	}
	c.wants(0, "repair", "undo", "--yes")
	c.sameTree("after undo", sd, tree)
}
