package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/term"
	"github.com/redx-update/redx/internal/update"
)

func TestDiagnosisPage(t *testing.T) {
	set, findings := found()
	for name, r := range map[string]*report.Result{
		"diagnose.html": result(set, findings), "diagnose_nothing.html": result(setOf(), nil),
	} {
		var out bytes.Buffer
		if err := report.DiagnosisPage(&out, r, "v1.2.3", noon); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
		for _, outside := range []string{"<script", "src=", "@import", "url("} {
			if strings.Contains(out.String(), outside) {
				t.Errorf("%s has %s: it must stand alone", name, outside)
			}
		}
	}
}

// A page is made of what stands in logs: none of it becomes markup.
func TestDiagnosisPageHostile(t *testing.T) {
	const evil = `<img src=x onerror=alert(1)>`
	f := doctor.Finding{
		ID: "x-1", Check: "x", Severity: doctor.Error, Title: evil, Detail: evil, Update: update.Ref{Title: evil},
		Missing: []doctor.Missing{{Kind: doctor.MissingFile, Name: evil}}, Next: []string{evil},
		Proof: []*evidence.Event{{Source: evidence.Source{Path: evil}, Text: evil}},
	}
	var out bytes.Buffer
	if err := report.DiagnosisPage(&out, result(setOf(), []doctor.Finding{f}), "v1.2.3", noon); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "<img") {
		t.Errorf("markup out of a log:\n%s", out.String())
	}
}

func TestResultNarrowed(t *testing.T) {
	other := update.Ref{KB: "KB5000001", Title: "Another (KB5000001)"}
	set := setOf(attempt(0, kb, evidence.Result, string(update.Failed)), attempt(1, other, evidence.Result, string(update.Failed)))
	tests := []struct {
		by      history.Filter
		want    []update.KB
		unknown bool
	}{
		{history.Filter{}, []update.KB{"KB5000001", "KB5034122"}, false},
		{history.Filter{Update: "KB5000001"}, []update.KB{"KB5000001"}, false},
		{history.Filter{Update: "KB5999999"}, nil, true},
		{history.Filter{Since: noon.Add(30 * time.Minute)}, []update.KB{"KB5000001"}, false},
	}
	for _, tt := range tests {
		r := report.NewResult(pc, set, nil, tt.by)
		var got []update.KB
		for _, e := range r.Unexplained {
			got = append(got, e.Update.KB)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || r.Unknown() != tt.unknown {
			t.Errorf("%+v: unknown is %v (-want +got):\n%s", tt.by, r.Unknown(), diff)
		}
	}
}

// An update that nothing is known of is not one with which nothing is wrong.
func TestTextUnknownUpdate(t *testing.T) {
	var out bytes.Buffer
	r := report.NewResult(pc, setOf(), nil, history.Filter{Update: "KB5999999"})
	if err := report.Text(&out, plain, r); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "Nothing here tells of KB5999999") || strings.Contains(got, "Nothing wrong") {
		t.Errorf("got %s", got)
	}
}

// A bundle without the files that causes stand in is no proof that there is none.
func TestCollect(t *testing.T) {
	_, findings := found()
	logs := report.Image{Kind: image.Logs, Path: "logs.zip"}
	b := evidence.NewBuilder()
	for _, path := range []string{`x\CBS.log`, `dump/DataStore.edb`, `ReportingEvents.log`, `System.evtx`} {
		b.Source(path)
	}
	whole := b.Set()
	for name, tt := range map[string]struct {
		r    *report.Result
		want int
	}{
		"nothing in it":   {report.NewResult(logs, setOf(), nil, history.Filter{}), 5},
		"all in it":       {report.NewResult(logs, whole, nil, history.Filter{}), 0},
		"a cause found":   {report.NewResult(logs, setOf(), findings, history.Filter{}), 0},
		"an installation": {report.NewResult(pc, setOf(), nil, history.Filter{}), 0},
	} {
		var out bytes.Buffer
		if err := report.Text(&out, term.Style{Width: 100}, tt.r); err != nil {
			t.Fatal(err)
		}
		if got := tt.r.Collect(); len(got) != tt.want || (tt.want > 0) != strings.Contains(out.String(), "   collect    ") {
			t.Errorf("%s: got %q in\n%s", name, got, out.String())
		}
	}
}
