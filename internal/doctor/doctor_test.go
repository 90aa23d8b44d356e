package doctor_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// says makes a check that always finds the same.
func says(id string, because []string, findings ...doctor.Finding) doctor.Check {
	return doctor.Check{ID: id, ConsequenceOf: because, Run: func(*doctor.Exam) []doctor.Finding { return findings }}
}

func about(kb update.KB, files ...string) doctor.Finding {
	f := doctor.Finding{Severity: doctor.Error, Confidence: doctor.Proven, Update: update.Ref{KB: kb}}
	for _, name := range files {
		f.Files = append(f.Files, doctor.File{Path: name})
		f.Missing = append(f.Missing, doctor.Missing{Kind: doctor.MissingFile, Name: name})
	}
	return f
}

func examine(checks ...doctor.Check) []doctor.Finding {
	return doctor.Examine(evidence.NewBuilder().Set(), checks)
}

// order gives the checks of findings, each with those it follows from.
func order(findings []doctor.Finding) []string {
	byID := map[string]string{}
	for _, f := range findings {
		byID[f.ID] = f.Check
	}
	var out []string
	for _, f := range findings {
		line := f.Check
		for _, id := range f.BecauseOf {
			line += " <- " + byID[id]
		}
		out = append(out, line)
	}
	return out
}

func TestCausesComeFirst(t *testing.T) {
	warning, likely := about("KB3"), about("KB4")
	warning.Severity, likely.Confidence = doctor.Warning, doctor.Likely
	machine := doctor.Finding{Severity: doctor.Info, Confidence: doctor.Proven}
	for name, tt := range map[string]struct {
		checks []doctor.Check
		want   []string
	}{
		"one update": {
			[]doctor.Check{says("symptom", []string{"root"}, about("KB1")), says("root", nil, about("KB1"))},
			[]string{"root", "symptom <- root"},
		},
		"another update": {
			[]doctor.Check{says("symptom", []string{"root"}, about("KB1")), says("root", nil, about("KB2"))},
			[]string{"symptom", "root"},
		},
		"one file": {
			[]doctor.Check{says("symptom", []string{"root"}, about("", `C:\a\X.cab`)), says("root", nil, about("KB2", `D:\x.CAB`))},
			[]string{"root", "symptom <- root"},
		},
		"a cause about the whole machine": {
			[]doctor.Check{says("symptom", []string{"root"}, about("KB1")), says("root", nil, machine)},
			[]string{"root", "symptom <- root"},
		},
		"a chain": {
			[]doctor.Check{
				says("c", []string{"b"}, about("KB1")), says("b", []string{"a"}, about("KB1")), says("a", nil, about("KB1")),
			},
			[]string{"a", "b <- a", "c <- b"},
		},
		"a circle loses nothing": {
			[]doctor.Check{says("a", []string{"b"}, about("KB1")), says("b", []string{"a"}, about("KB1"))},
			[]string{"a <- b", "b <- a"},
		},
		"by severity, then by confidence": {
			[]doctor.Check{says("warning", nil, warning), says("likely", nil, likely), says("proven", nil, about("KB5"))},
			[]string{"proven", "likely", "warning"},
		},
		"a cause that was not found": {
			[]doctor.Check{says("symptom", []string{"root"}, about("KB1")), says("root", nil)},
			[]string{"symptom"},
		},
	} {
		if diff := cmp.Diff(tt.want, order(examine(tt.checks...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The ID is made of what the finding is about, whatever its order, its case, and where it was seen.
func TestIdentity(t *testing.T) {
	id := func(f doctor.Finding) string { return examine(says("check", nil, f))[0].ID }
	base := about("KB1", `C:\a`, `C:\b`)
	same := about("KB1", `c:\B`, `C:\A`)
	same.Title, same.Detail, same.Confidence, same.Codes = "other", "words", doctor.Likely, []hresult.Code{5}
	same.Update.Title = "in another language"
	if id(base) != id(same) {
		t.Errorf("got %s and %s for one thing", id(base), id(same))
	}
	if !strings.HasPrefix(id(base), "check-") || len(id(base)) != len("check-")+12 {
		t.Errorf("got %s, want the check and 12 digits", id(base))
	}
	service, task := doctor.Finding{}, doctor.Finding{}
	service.Missing = []doctor.Missing{{Kind: doctor.MissingService, Name: "x"}}
	task.Missing = []doctor.Missing{{Kind: doctor.MissingTask, Name: "x"}}
	if id(service) == id(task) {
		t.Error("a service and a task of one name have the same ID")
	}
	for name, other := range map[string]doctor.Finding{
		"another update": about("KB2", `C:\a`, `C:\b`), "a file less": about("KB1", `C:\a`), "another file": about("KB1", `C:\a`, `C:\c`),
		"names that join to the same": about("KB1", `C:\ab`),
	} {
		if id(other) == id(base) {
			t.Errorf("%s has the same ID", name)
		}
	}
}

func TestTheSameTwiceIsOnce(t *testing.T) {
	f := about("KB1", `C:\a`)
	f.Codes = []hresult.Code{5, 0, 5, 6}
	got := examine(says("check", nil, f, f))
	if len(got) != 1 {
		t.Fatalf("%d findings, want 1", len(got))
	}
	if diff := cmp.Diff([]hresult.Code{5, 6}, got[0].Codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

func TestWorst(t *testing.T) {
	of := func(s ...doctor.Severity) (out []doctor.Finding) {
		for _, v := range s {
			out = append(out, doctor.Finding{Severity: v})
		}
		return out
	}
	for _, tt := range []struct {
		findings []doctor.Finding
		want     doctor.Severity
	}{
		{nil, doctor.Info},
		{of(doctor.Info), doctor.Info},
		{of(doctor.Warning, doctor.Info), doctor.Warning},
		{of(doctor.Warning, doctor.Error, doctor.Info), doctor.Error},
	} {
		if got := doctor.Worst(tt.findings); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

// A check whose pattern nothing has confirmed proves nothing by it; a file that is seen to be absent does.
func TestUnproven(t *testing.T) {
	state := func(s string) *evidence.Event {
		return &evidence.Event{Kind: evidence.FileState, Fields: map[string]string{evidence.State: s}}
	}
	for name, tt := range map[string]struct {
		unproven bool
		proof    *evidence.Event
		want     doctor.Confidence
	}{
		"a line":                              {true, &evidence.Event{Kind: evidence.PayloadMissing}, doctor.Likely},
		"a line of another kind with a state": {true, &evidence.Event{Fields: state(evidence.Absent).Fields}, doctor.Likely},
		"a file that is there":                {true, state(evidence.Present), doctor.Likely},
		"a file that is not there":            {true, state(evidence.Absent), doctor.Proven},
		"a folder that is not there":          {true, state(evidence.NoFolder), doctor.Proven},
		"a confirmed pattern":                 {false, &evidence.Event{Kind: evidence.PayloadMissing}, doctor.Proven},
	} {
		f := about("KB1")
		f.Proof = []*evidence.Event{tt.proof}
		c := says("check", nil, f)
		c.Unproven = tt.unproven
		got := examine(c)[0]
		if got.Confidence != tt.want || (got.Surer != "") != (tt.want == doctor.Likely) {
			t.Errorf("%s: got %s, surer %q; want %s", name, got.Confidence, got.Surer, tt.want)
		}
	}
}

// A check sees the history that was merged of the evidence, newest first.
func TestExam(t *testing.T) {
	b := evidence.NewBuilder()
	for _, r := range []update.Result{update.Failed, update.Succeeded} {
		b.Add(evidence.Event{Kind: evidence.Attempt, Update: update.Ref{KB: "KB1"}, Fields: map[string]string{evidence.Result: string(r)}})
	}
	set := b.Set()
	seen := 0
	doctor.Examine(set, []doctor.Check{{ID: "x", Run: func(x *doctor.Exam) []doctor.Finding {
		seen = len(x.History)
		if x.Evidence != set {
			t.Error("another set")
		}
		return nil
	}}})
	if seen != 2 {
		t.Errorf("%d entries of history, want 2", seen)
	}
}
