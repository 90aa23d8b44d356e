package gather_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/testdata"
)

// Every labelled excerpt, given alone as a log, leads to the cause that it is labelled with and to no other.
func TestLabelled(t *testing.T) {
	checks := check.All()
	for file, want := range labels(t) {
		t.Run(file, func(t *testing.T) {
			if !slices.ContainsFunc(checks, func(c doctor.Check) bool { return c.ID == want }) {
				t.Skipf("to do: there is no check %s yet", want)
			}
			name := filepath.Join(t.TempDir(), "unnamed")
			writeFile(t, name, testdata.Open(t, "windows/labelled/"+file))
			if got := roots(doctor.Examine(ofLogs(t, name), checks)); !slices.Equal(got, []string{want}) {
				t.Errorf("leads to %q, want %s", got, want)
			}
		})
	}
}

// labels reads LABELS.tsv: the check of each excerpt, below a line of headings.
func labels(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(string(testdata.Open(t, "windows/labelled/LABELS.tsv"))) {
		file, id, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if ok && file != "file" {
			out[file] = id
		}
	}
	if len(out) == 0 {
		t.Fatal("LABELS.tsv names no excerpt")
	}
	return out
}

// roots gives the checks of the findings that follow from no other, each once.
func roots(findings []doctor.Finding) []string {
	var out []string
	for _, f := range findings {
		if len(f.BecauseOf) == 0 && !slices.Contains(out, f.Check) {
			out = append(out, f.Check)
		}
	}
	return out
}
