package lab

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/testdata"
)

var update = flag.Bool("update", false, "write docs/accuracy.md anew (with REDX_TESTDATA for its real files)")

// tried is one scenario or real file: the causes that it has, those that redx says, and those that a search for codes
// says. Causes are IDs of checks, sorted.
type tried struct {
	name             string
	want, got, grep  []string
	codes, evidences []string
}

// TestAccuracy diagnoses every scenario and every real file, holds that each has the causes that it must, and keeps
// docs/accuracy.md, which says so beside what a search for the bare codes would have said.
func TestAccuracy(t *testing.T) {
	known := codesOfPages(t)
	scenarios, files := tryScenarios(t, known), tryFiles(t, known)
	for _, c := range slices.Concat(scenarios, files) {
		if !slices.Equal(c.want, c.got) {
			t.Errorf("%s: causes %q, want %q", c.name, c.got, c.want)
		}
	}
	name := filepath.Join("..", "..", "docs", "accuracy.md")
	if *update {
		if len(files) == 0 {
			t.Fatalf("set %s: without the real files the page would be half", testdata.Env)
		}
		if err := os.WriteFile(name, page(scenarios, files), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// Lines and counts change with every log that is touched; whether each scenario stands there as it is must hold.
	for _, c := range scenarios {
		if !bytes.Contains(text, []byte(c.head())) {
			t.Errorf("%s is not in docs/accuracy.md as it is: make accuracy", c.name)
		}
	}
}

// codesOfPages gives for each code the checks whose page names it under "What you see", as somebody would look them up.
func codesOfPages(t *testing.T) map[string][]string {
	out := map[string][]string{}
	for _, c := range check.All() {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", "checks", c.ID+".md"))
		if err != nil {
			t.Fatal(err)
		}
		_, see, _ := strings.Cut(string(text), "**What you see.**")
		see, _, _ = strings.Cut(see, "**When redx reports it.**")
		for _, code := range regexp.MustCompile(`0x[0-9A-Fa-f]{8}`).FindAllString(see, -1) {
			if code = strings.ToLower(code); !slices.Contains(out[code], c.ID) {
				out[code] = append(out[code], c.ID)
			}
		}
	}
	return out
}

func tryScenarios(t *testing.T, known map[string][]string) []tried {
	var out []tried
	for _, name := range Names() {
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
		c := try(name, o.Evidence, o.Findings, known)
		for _, e := range s.Expect {
			c.want = append(c.want, e.Check)
		}
		if c.got = causes(o.Findings, false); len(c.want) == 0 {
			c.want = nil
		}
		slices.Sort(c.want)
		c.want = slices.Compact(c.want)
		out = append(out, c)
	}
	return out
}

// tryFiles takes the real files: the labelled excerpts have the cause that their label says, all others none.
func tryFiles(t *testing.T, known map[string][]string) []tried {
	root := os.Getenv(testdata.Env)
	if root == "" {
		t.Logf("set %s to try the real files too", testdata.Env)
		return nil
	}
	labels := map[string]string{}
	for line := range strings.Lines(string(testdata.Open(t, "windows/labelled/LABELS.tsv"))) {
		if file, id, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			labels[file] = id
		}
	}
	var out []tried
	for _, folder := range []string{"labelled", "logs", "evtx", "etl", "wer", "ese"} {
		entries, err := fs.ReadDir(os.DirFS(root), path.Join("windows", folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() == "LABELS.tsv" {
				continue
			}
			c := tryFile(t, path.Join(folder, e.Name()), known)
			if id := labels[e.Name()]; id != "" {
				c.want = []string{id}
			}
			out = append(out, c)
		}
	}
	return out
}

func tryFile(t *testing.T, name string, known map[string][]string) tried {
	file := filepath.Join(t.TempDir(), strings.TrimSuffix(path.Base(name), ".gz"))
	if err := os.WriteFile(file, testdata.Open(t, "windows/"+name), 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := offline.OpenLogs(file)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	set, err := gather.Gather(t.Context(), img, gather.Options{})
	if err != nil {
		t.Fatal(err)
	}
	findings := doctor.Examine(set, check.All())
	c := try(name, set, findings, known)
	c.got = causes(findings, true)
	return c
}

// causes gives the checks of findings, each once; with roots only, those that follow from no other.
func causes(findings []doctor.Finding, roots bool) []string {
	var out []string
	for _, f := range findings {
		if !roots || len(f.BecauseOf) == 0 {
			out = append(out, f.Check)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// try notes what the codes in the sources would have said: every cause whose page names one of them.
func try(name string, set *evidence.Set, findings []doctor.Finding, known map[string][]string) tried {
	c := tried{name: name}
	for _, n := range set.Codes() {
		said := known[strings.ToLower(n.Code.Hex())]
		if len(said) > 0 {
			c.codes = append(c.codes, fmt.Sprintf("%s x%d", n.Code.Hex(), n.Count))
		}
		c.grep = append(c.grep, said...)
	}
	slices.Sort(c.grep)
	c.grep = slices.Compact(c.grep)
	for _, f := range findings {
		for _, e := range f.Proof {
			c.evidences = append(c.evidences, place(e.Source))
		}
	}
	return c
}

func place(s evidence.Source) string {
	name := s.Path[strings.LastIndexAny(s.Path, `\/`)+1:]
	switch {
	case s.Line > 0:
		return fmt.Sprintf("%s:%d", name, s.Line)
	case s.Record > 0:
		return fmt.Sprintf("%s, record %d", name, s.Record)
	}
	return name
}
