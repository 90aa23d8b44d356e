package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/doctor/check"
)

// TestScenarios builds every scenario, with -short every eighth, and holds that its diagnosis is what it expects.
func TestScenarios(t *testing.T) {
	for i, name := range Names() {
		if testing.Short() && i%8 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "C")
			if err := Build(s, dir); err != nil {
				t.Fatal(err)
			}
			o, err := Run(t.Context(), s, dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range o.Wrong {
				t.Error(w)
			}
		})
	}
}

// TestEveryCheckIsComplete holds that no check is without a scenario that shows it, a near miss and a docs page.
func TestEveryCheckIsComplete(t *testing.T) {
	names := Names()
	for _, c := range check.All() {
		for _, want := range []string{c.ID, c.ID + "-near"} {
			if !slices.Contains(names, want) {
				t.Errorf("check %s has no scenario %s", c.ID, want)
			}
		}
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "checks", c.ID+".md"))
		if err != nil || !strings.HasPrefix(string(page), "# "+c.ID+"\n") {
			t.Errorf("check %s has no docs page: %v", c.ID, err)
		}
	}
}

func TestBuildMarksItsImage(t *testing.T) {
	s, err := Load("payload-missing-download")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for range 2 {
		dir := t.TempDir()
		if err := Build(s, dir); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, MarkerName))
		if err != nil {
			t.Fatal(err)
		}
		var m Marker
		if err := json.Unmarshal(data, &m); err != nil || m.Version != 1 || len(m.ID) != 32 {
			t.Errorf("marker %s (%v)", data, err)
		}
		ids[m.ID] = true
		if err := Build(s, dir); err == nil {
			t.Error("Build into a folder that is not empty succeeded")
		}
	}
	if len(ids) != 2 {
		t.Errorf("two images have the marker IDs %v", ids)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no expect":         "Title\n-- Windows/x --\n1\n",
		"no title":          "-- expect --\nnothing\n",
		"a bad expectation": "Title\n-- expect --\npayload\n",
	} {
		if _, err := Parse(name, []byte(text)); err == nil {
			t.Errorf("%s: Parse succeeded", name)
		}
	}
	for name, text := range map[string]string{
		"a path that leaves the image": "T\n-- expect --\nnothing\n-- ../x --\n1\n",
		"an unknown key":               "T\n-- expect --\nnothing\n-- a.evtx.toml --\nchanel = \"System\"\n",
		"a bad registry value":         "T\n-- expect --\nnothing\n-- a.reg --\n[K]\n\"v\"=what:1\n",
		"a bad trace line":             "T\n-- expect --\nnothing\n-- a.etl.txt --\nyesterday 1 2 Agent text\n",
		"a bad result code":            "T\n-- expect --\nnothing\n-- a.edb.toml --\n[[history]]\nmapped = \"red\"\n",
	} {
		s, err := Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := Build(s, filepath.Join(t.TempDir(), "C")); err == nil {
			t.Errorf("%s: Build succeeded", name)
		}
	}
}

func TestExpectationsAreCompared(t *testing.T) {
	s, err := Load("payload-missing-download")
	if err != nil {
		t.Fatal(err)
	}
	s.Expect[0].Missing += "x"
	dir := filepath.Join(t.TempDir(), "C")
	if err := Build(s, dir); err != nil {
		t.Fatal(err)
	}
	o, err := Run(t.Context(), s, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Wrong) != 2 {
		t.Errorf("wrong expectation gives %q, want one line for what lacks and one for what is too much", o.Wrong)
	}
}
