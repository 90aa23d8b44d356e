// Package lab shows the whole story on one machine: it builds a broken Windows image in the real file formats from a
// readable scenario, has it diagnosed, and says whether the report is what the scenario expects. Its images are for
// looking at and for tests; nothing in it ever touches a real installation.
package lab

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed scenario/*.txtar
var scenarios embed.FS

// Scenario is a broken image in readable form, and what a diagnosis of it must say.
type Scenario struct {
	Name   string
	Title  string // the first line of its text
	Story  string // the rest
	Expect []Expectation
	files  []txtar.File
}

// Expectation is one finding that a scenario must lead to; a scenario without any must lead to none.
type Expectation struct {
	Check      string
	Confidence string
	KB         string // "-" in the file when the finding names none
	Missing    string // the first missing thing
}

func (e Expectation) String() string {
	kb := e.KB
	if kb == "" {
		kb = "-"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", e.Check, e.Confidence, kb, e.Missing))
}

// Names gives the embedded scenarios, sorted.
func Names() []string {
	entries, err := fs.ReadDir(scenarios, "scenario")
	if err != nil {
		panic(err) // the folder is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txtar"))
	}
	slices.Sort(names)
	return names
}

// Load reads an embedded scenario.
func Load(name string) (*Scenario, error) {
	data, err := scenarios.ReadFile("scenario/" + name + ".txtar")
	if err != nil {
		return nil, fmt.Errorf("no scenario %q; redx lab --list names them", name)
	}
	return Parse(name, data)
}

// Parse reads a scenario: a txtar archive whose text tells the story, whose file "expect" lists the findings, and
// whose other files are the image's (see Build for their forms).
func Parse(name string, data []byte) (*Scenario, error) {
	a := txtar.Parse(data)
	title, story, _ := strings.Cut(strings.TrimSpace(string(a.Comment)), "\n")
	s := &Scenario{Name: name, Title: title, Story: strings.TrimSpace(story)}
	expects := false
	for _, f := range a.Files {
		if f.Name != "expect" {
			s.files = append(s.files, f)
			continue
		}
		expects = true
		var err error
		if s.Expect, err = parseExpect(string(f.Data)); err != nil {
			return nil, fmt.Errorf("scenario %s: expect: %w", name, err)
		}
	}
	if title == "" || !expects {
		return nil, fmt.Errorf("scenario %s: wants a title and a file named expect", name)
	}
	return s, nil
}

// parseExpect reads lines of "CHECK CONFIDENCE KB|- [MISSING]"; "nothing" stands for no finding.
func parseExpect(text string) ([]Expectation, error) {
	var out []Expectation
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line == "nothing" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, " ", 4)
		if len(parts) < 3 {
			return nil, fmt.Errorf("%q is not CHECK CONFIDENCE KB [MISSING]", line)
		}
		e := Expectation{Check: parts[0], Confidence: parts[1], KB: strings.TrimPrefix(parts[2], "-")}
		if len(parts) == 4 {
			e.Missing = parts[3]
		}
		out = append(out, e)
	}
	return out, nil
}
