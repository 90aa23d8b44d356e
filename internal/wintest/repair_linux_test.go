package wintest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the lab's broken image has.
const (
	missing = "Windows10.0-KB5034122-x64.cab"
	folder  = "7f1c3e0a9b2d4c5e8f60718293a4b5c6" // the update's, below Download
	sd      = "windows/SoftwareDistribution"
)

// standing is as repair status prints it.
type standing struct {
	State string
	Steps []struct {
		Rung, State string
		Verified    bool
	}
}

// same wants services as they were, without a guard.
func (c *computer) same(before []serviceState) {
	c.t.Helper()
	if d := cmp.Diff(before, c.services()); d != "" {
		c.t.Errorf("services: %s", d)
	}
	c.gone()
}

// gone wants no copy of redx.
func (c *computer) gone() {
	c.t.Helper()
	if _, err := os.Stat(c.path("ProgramData/redx/redx.exe")); err == nil {
		c.t.Error("redx's copy is left")
	}
}

func (c *computer) sameTree(what, rel string, want map[string]string) {
	c.t.Helper()
	if d := cmp.Diff(want, c.tree(rel)); d != "" {
		c.t.Errorf("%s: %s", what, d)
	}
}

// copies names the kept folders.
func (c *computer) copies() (names []string) {
	for _, name := range c.names("windows") {
		if strings.HasPrefix(name, "SDTemp") {
			names = append(names, name)
		}
	}
	return names
}

// download is what Windows does after a repair: the update comes again, whole.
func (c *computer) download() {
	c.t.Helper()
	dir := c.path(sd + "/Download/" + folder)
	c.must(os.MkdirAll(dir, 0o755))
	c.must(os.WriteFile(dir+"/"+missing, []byte("the payload that is gone\n"), 0o644))
	c.must(os.WriteFile(dir+"/WSUSSCAN.cab", []byte("a payload that stayed\n"), 0o644))
}

// TestRepairAndUndo is the whole story: broken, found, repaired, found no more, taken back byte for byte.
func TestRepairAndUndo(t *testing.T) {
	c := newComputer(t)
	before, tree, moved := c.services(), c.tree(sd), c.tree(sd+"/Download/"+folder)
	if a := c.wants(3, "diagnose"); !strings.Contains(a.out, missing) {
		t.Error(a.out)
	}
	c.wants(0, "repair", "--dry-run")
	c.same(before)
	c.sameTree("after the plan", sd, tree)

	c.wants(3, "repair", "--yes") // nobody has proved it
	c.same(before)
	c.sameTree("what is kept", "windows/SDTemp."+folder, moved)
	if _, err := os.Stat(c.path(sd + "/Download/" + folder)); err == nil {
		t.Error("the folder is still there")
	}
	c.download()
	c.wants(0, "diagnose")
	var st standing
	c.json(&st, "repair", "status")
	if st.State != "done" || len(st.Steps) != 1 || !st.Steps[0].Verified || st.Steps[0].Rung != "update-folder" {
		t.Errorf("got %+v", st)
	}

	c.wants(0, "repair", "undo", "--yes")
	c.same(before)
	c.sameTree("after undo", sd, tree)
	if d := cmp.Diff([]string{"SDTemp." + folder + ".undone"}, c.copies()); d != "" { // what came anew
		t.Error(d)
	}
	c.wants(3, "diagnose")

	if !c.knowsEvents() {
		t.Error("no event was written")
	}
	c.wants(0, "repair", "purge", "--unproven", "--yes")
	if left := c.copies(); len(left) > 0 || c.knowsEvents() {
		t.Errorf("purged, and left are %q, the source of events: %v", left, c.knowsEvents())
	}
	c.sameTree("after purge", sd, tree)
}

// knowsEvents tells whether the event log knows redx.
func (c *computer) knowsEvents() bool {
	c.t.Helper()
	reg, err := filepath.Rel(c.here, c.path("windows/system32/reg.exe"))
	c.must(err)
	return c.run(reg, "query", `HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\redx`).code == 0
}

// TestArticle moves all of SoftwareDistribution, which a service holds and makes anew, and takes it back.
func TestArticle(t *testing.T) {
	c := newComputer(t)
	c.must(os.WriteFile(c.path("windows")+"/sdtemp", nil, 0o644)) // planted where the copy would go
	before, tree := c.services(), c.tree(sd)
	c.wants(3, "repair", "--kb910336", "--yes")
	c.same(before)
	c.sameTree("what is kept", "windows/SDTemp.2", tree)
	c.sameTree("made anew", sd, map[string]string{"./": ""})
	c.wants(0, "repair", "undo", "--yes")
	c.same(before)
	c.sameTree("after undo", sd, tree)
	c.sameTree("what was made anew", "windows/SDTemp.undone", map[string]string{"./": ""})
}

// TestWithoutElevation refuses, and touches nothing. Wine gives no rights to who does not ask for them.
func TestWithoutElevation(t *testing.T) {
	c := newComputer(t)
	before, tree := c.services(), c.tree(sd)
	c.must(os.Remove("redx.exe.manifest"))
	a := c.wants(5, "repair", "--yes")
	if !strings.Contains(a.err+a.out, "administrator") {
		t.Error(a.out, a.err)
	}
	c.same(before)
	c.sameTree("after the refusal", sd, tree)
	if _, err := os.Stat(c.path("ProgramData/redx")); err == nil {
		t.Error("a folder was made")
	}
}

// TestPlantedFolder refuses when what should be redx's own folder is something else.
func TestPlantedFolder(t *testing.T) {
	c := newComputer(t)
	before, tree := c.services(), c.tree(sd)
	c.must(os.WriteFile(c.path("ProgramData")+"/redx", []byte("planted"), 0o644))
	c.wants(1, "repair", "--yes")
	c.same(before)
	c.sameTree("after the refusal", sd, tree)
}

// TestForgedJournal does nothing by a journal that was altered.
func TestForgedJournal(t *testing.T) {
	c := newComputer(t)
	c.wants(3, "repair", "--yes")
	before, tree, kept := c.services(), c.tree(sd), c.tree("windows/SDTemp."+folder)
	path := c.path("ProgramData/redx/journal/00001.jsonl")
	text, err := os.ReadFile(path)
	c.must(err)
	c.must(os.WriteFile(path, []byte(strings.Replace(string(text), folder, strings.Repeat("a", 32), 1)), 0o644))
	for _, verb := range []string{"undo", "resume", "purge"} {
		c.wants(1, "repair", verb, "--yes")
	}
	c.wants(1, "repair", "--kb910336", "--yes")
	c.same(before)
	c.sameTree("after undo", sd, tree)
	c.sameTree("the copy after undo", "windows/SDTemp."+folder, kept)
}
