package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/term"
	"github.com/redx-update/redx/internal/update"
)

var rewrite = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s; if it is meant so, run the test with -update (-want +got):\n%s", name, diff)
	}
}

var (
	noon  = time.Date(2024, 1, 11, 12, 0, 0, 0, time.UTC)
	kb    = update.Ref{ID: update.ID{GUID: guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"), Revision: 200}, KB: "KB5034122", Title: "2024-01 Cumulative Update (KB5034122)"}
	plain = term.Style{Width: 100}
	pc    = report.Image{Kind: image.Offline, Path: "/mnt/c", Build: "10.0.19045.3800"}
)

const cab = `C:\Windows\SoftwareDistribution\Download\7f1c3e0a9b2d4c5e8f60718293a4b5c6\x.cab`

// attempt is an attempt as the event log tells it.
func attempt(hour int, u update.Ref, fields ...string) evidence.Event {
	e := evidence.Event{
		Kind: evidence.Attempt, Source: evidence.Source{Path: `C:\Windows\System32\winevt\Logs\System.evtx`, Record: uint64(hour + 20)},
		Time: noon.Add(time.Duration(hour) * time.Hour), Update: u, Text: "Installation of the update ended.",
		Fields: map[string]string{evidence.Phase: evidence.PhaseInstall},
	}
	for i := 0; i+1 < len(fields); i += 2 {
		e.Fields[fields[i]] = fields[i+1]
	}
	if e.Field(evidence.Result) == string(update.Failed) {
		e.Code = 0x80070002
	}
	return e
}

func setOf(events ...evidence.Event) *evidence.Set {
	b := evidence.NewBuilder()
	for _, e := range events {
		b.Add(e)
	}
	return b.Set()
}

// found gives a cause, what follows from it, a warning and a machine that could not be read whole.
func found() (*evidence.Set, []doctor.Finding) {
	proof := attempt(0, kb, evidence.Result, string(update.Failed))
	local := evidence.Event{
		Source: evidence.Source{Path: `C:\Windows\Logs\CBS\CBS.log`, Line: 812}, Time: noon, Local: true, Text: "Failed to find file: x",
	}
	state := evidence.Event{Source: evidence.Source{Path: cab}, Text: "not there"}
	cause := doctor.Finding{
		Turn: doctor.ServersTurn, ID: "server-content-missing-000000000001", Check: "server-content-missing", Severity: doctor.Error, Confidence: doctor.Likely,
		Title: "The update server wsus does not have a file of KB5034122", Detail: strings.Repeat("The server answers 404. ", 8),
		Surer: "no evidence names the configured update server", Update: kb, Proof: []*evidence.Event{&local},
		Files:   []doctor.File{{URL: "http://wsus:8530/Content/x.cab", SHA1: "aa", SHA256: "bb", Size: 24}},
		Missing: []doctor.Missing{{Kind: doctor.MissingFile, Name: "http://wsus:8530/Content/x.cab"}},
		Next:    []string{"curl -I http://wsus:8530/Content/x.cab"}, Codes: []hresult.Code{0x80244019},
	}
	consequence := doctor.Finding{
		Turn: doctor.OwnersTurn, ID: "payload-missing-download-000000000002", Check: "payload-missing-download", Severity: doctor.Error, Confidence: doctor.Proven,
		Title: "A file is missing from the download folder of KB5034122", Update: kb, BecauseOf: []string{cause.ID},
		Files:   []doctor.File{{Path: cab, Size: 24, SHA1: "aa", URL: "http://wsus:8530/Content/x.cab"}},
		Missing: []doctor.Missing{{Kind: doctor.MissingFile, Name: cab}}, Codes: []hresult.Code{0x80070002},
		Proof: []*evidence.Event{&proof, &state},
	}
	many := doctor.Finding{
		Turn: doctor.OwnersTurn, ID: "component-payload-missing-000000000003", Check: "component-payload-missing", Severity: doctor.Warning, Confidence: doctor.Proven,
		Title: "7 files are missing from the component store", Next: []string{"DISM /Online /Cleanup-Image /RestoreHealth", "sfc /scannow"},
	}
	for i := range 7 {
		name := `C:\Windows\WinSxS\x\` + string(rune('a'+i)) + ".dll"
		many.Files = append(many.Files, doctor.File{Path: name})
		many.Missing = append(many.Missing, doctor.Missing{Kind: doctor.MissingFile, Name: name})
		many.Proof = append(many.Proof, &local)
	}
	b := evidence.NewBuilder()
	b.Add(proof)
	b.Unread(`C:\Windows\System32\winevt\Logs\Setup.evtx`, errors.New("offset 0x1000: chunk is cut off"))
	b.Note("the drive letter C: was guessed")
	return b.Set(), []doctor.Finding{cause, consequence, many}
}

func result(set *evidence.Set, findings []doctor.Finding) *report.Result {
	return report.NewResult(pc, set, findings, history.Filter{})
}

func text(t *testing.T, style term.Style, set *evidence.Set, findings []doctor.Finding) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.Text(&out, style, result(set, findings)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestText(t *testing.T) {
	set, findings := found()
	golden(t, "findings.txt", text(t, plain, set, findings))
	golden(t, "nothing.txt", text(t, plain, setOf(), nil))
	golden(t, "incomplete.txt", text(t, plain, set, nil))
}

// Colour is added, and takes nothing away.
func TestTextInColour(t *testing.T) {
	set, findings := found()
	coloured := text(t, term.Style{Width: 100, Colour: true}, set, findings)
	if !strings.Contains(coloured, "\x1b[31mX  1. The update server") {
		t.Error("the title of an error is not red")
	}
	bare := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured, "")
	if diff := cmp.Diff(text(t, plain, set, findings), bare); diff != "" {
		t.Errorf("without its colours (-plain +coloured):\n%s", diff)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteJSON(&out, v); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDiagnosisJSON(t *testing.T) {
	set, findings := found()
	golden(t, "diagnose.json", asJSON(t, report.NewDiagnosis(result(set, findings))))
	golden(t, "diagnose_nothing.json", asJSON(t, report.NewDiagnosis(report.NewResult(report.Image{Kind: image.Logs, Path: "x.zip"}, setOf(), nil, history.Filter{}))))
}

// attempts are a history with one of each: failed, succeeded, cancelled, uninstalled, local, without time, unnamed.
func attempts() *evidence.Set {
	local := attempt(3, update.Ref{KB: "KB5000001"}, evidence.Result, string(update.Failed))
	local.Local = true
	undated := attempt(4, update.Ref{Title: "=cmd|' /C calc'!A0"}, evidence.Result, string(update.Succeeded))
	undated.Time = time.Time{}
	unnamed := attempt(5, update.Ref{ID: kb.ID}, evidence.Result, string(update.Cancelled))
	unnamed.Update.ID.GUID[0]++
	return setOf(
		attempt(0, kb, evidence.Result, string(update.Failed), evidence.Operation, "install"),
		attempt(1, kb, evidence.Result, string(update.Succeeded)), local, undated, unnamed,
		attempt(6, kb, evidence.Result, string(update.Succeeded), evidence.Operation, "uninstall"),
	)
}

func TestHistory(t *testing.T) {
	set := attempts()
	entries := history.Merge(set)
	var table, sheet bytes.Buffer
	if err := errors.Join(report.HistoryText(&table, plain, pc, set, entries, 0), report.HistoryCSV(&sheet, entries)); err != nil {
		t.Fatal(err)
	}
	golden(t, "history.txt", table.String())
	golden(t, "history.csv", sheet.String())
	golden(t, "history.json", asJSON(t, report.NewHistory(pc, set, entries)))
	golden(t, "history_nothing.json", asJSON(t, report.NewHistory(pc, setOf(), nil)))
	table.Reset()
	if err := report.HistoryText(&table, plain, pc, setOf(), nil, 0); err != nil || !strings.Contains(table.String(), "No update history to show.") {
		t.Errorf("an empty history: %v\n%s", err, table.String())
	}
}

func TestHistoryPage(t *testing.T) {
	set := attempts()
	_, findings := found()
	var page bytes.Buffer
	if err := report.HistoryPage(&page, pc, set, history.Merge(set), findings); err != nil {
		t.Fatal(err)
	}
	golden(t, "history.html", page.String())
	if n := strings.Count(page.String(), "<details>"); n != 6 {
		t.Errorf("%d entries can be opened, want all 6", n)
	}
}

// hostile is evidence whose every text tries something.
func hostile() (*evidence.Set, []doctor.Finding) {
	const evil = "\x1b]0;owned\x07\x1b[2J\u009b31m<script>alert(1)</script>\"'\u202egnp.\r\n=1+1"
	u := update.Ref{ID: kb.ID, KB: "KB1" + evil, Title: evil}
	e := attempt(0, u, evidence.Result, string(update.Failed), evidence.Operation, evil)
	e.Source.Path, e.Text, e.Session = evil, evil, evil
	b := evidence.NewBuilder()
	b.Add(e)
	b.Add(attempt(1, u, evidence.Result, evil))
	b.Unread(evil, errors.New(evil))
	b.Note(evil)
	b.SetMachine(evidence.Machine{Build: evil})
	f := doctor.Finding{
		ID: evil, Check: evil, Severity: doctor.Error, Confidence: doctor.Confidence(evil), Title: evil, Detail: evil, Surer: evil,
		Update: u, Files: []doctor.File{{Path: evil, SHA1: evil, URL: evil, Size: 1}}, Missing: []doctor.Missing{{Kind: evil, Name: evil}},
		Proof: []*evidence.Event{&e}, Next: []string{evil}, Codes: []hresult.Code{0x80070002},
	}
	g := f
	g.ID, g.BecauseOf = "b", []string{evil}
	return b.Set(), []doctor.Finding{f, g}
}

var driving = regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]")

// No text out of the evidence drives a terminal, becomes part of the page, or is taken for a formula.
func TestHostileText(t *testing.T) {
	set, findings := hostile()
	img := pc
	img.Path, img.Build = "\x1b[2J", "\u202e"
	entries := history.Merge(set)
	var screen, table, page, sheet bytes.Buffer
	if err := errors.Join(
		report.Text(&screen, plain, report.NewResult(img, set, findings, history.Filter{})), report.HistoryText(&table, plain, img, set, entries, 0),
		report.HistoryPage(&page, img, set, entries, findings), report.HistoryCSV(&sheet, entries),
	); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{
		"text": screen.String(), "history": table.String(), "csv": sheet.String(),
		"diagnose --json": asJSON(t, report.NewDiagnosis(report.NewResult(img, set, findings, history.Filter{}))), "history --json": asJSON(t, report.NewHistory(img, set, entries)),
	} {
		if found := driving.FindString(out); found != "" {
			t.Errorf("%s has %q in it:\n%q", name, found, out)
		}
		if lines := strings.Count(out, "\n=1+1"); lines > 0 {
			t.Errorf("%s: a line break of the evidence broke a line", name)
		}
	}
	if regexp.MustCompile(`(?i)<script|<img|javascript:|\son\w+=|src=|@import|url\(`).MatchString(page.String()) {
		t.Errorf("the page has a script in it or loads something:\n%s", page.String())
	}
	rows, err := csv.NewReader(&sheet).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("csv: %d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if c := strings.TrimSpace(cell); c != "" && strings.ContainsAny(c[:1], "=+-@") {
				t.Errorf("cell %q is a formula", cell)
			}
		}
	}
}

// What JSON says is what was there, escaped or not.
func TestJSONKeepsTexts(t *testing.T) {
	const evil = "\x1b[2J\u009b\u202e<&>\U0001F600 \u2028"
	var got report.Missing
	if err := json.Unmarshal([]byte(asJSON(t, report.Missing{Name: evil})), &got); err != nil || got.Name != evil {
		t.Errorf("got %q, %v, want %q", got.Name, err, evil)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrorsAreTold(t *testing.T) {
	set, findings := found()
	entries := history.Merge(set)
	for name, err := range map[string]error{
		"text": report.Text(broken{}, plain, result(set, findings)), "json": report.WriteJSON(broken{}, findings),
		"history": report.HistoryText(broken{}, plain, pc, set, entries, 0), "csv": report.HistoryCSV(broken{}, entries),
		"page": report.HistoryPage(broken{}, pc, set, entries, nil),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestFormulaGuard holds that no title is taken for a formula, whichever sign it begins with.
func TestFormulaGuard(t *testing.T) {
	for _, sign := range []string{"=", "+", "-", "@", "\t="} {
		title := sign + "1+1"
		var out bytes.Buffer
		entry := history.Entry{Entry: update.Entry{Update: update.Ref{Title: title}, Result: update.Failed}}
		if err := report.HistoryCSV(&out, []history.Entry{entry}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), ","+title) || !strings.Contains(out.String(), "1+1") {
			t.Errorf("title %q stands unguarded in %q", title, out.String())
		}
	}
}
