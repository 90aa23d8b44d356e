package cbslog_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/winbin"
)

// The head of a line by a regular expression, as an oracle for the hand-made scanner.
var headPattern = regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d), (Info|Warning|Error|Perf) +(?:([A-Z]{2,7}) )? *(.*?)\s*$`)

func TestRealLines(t *testing.T) {
	for _, c := range []struct {
		name        string
		lines       int
		byComponent map[string]int
	}{
		{"windows/logs/CBS.log", 159, map[string]int{"": 7, "CBS": 148, "CSI": 4}},
		{"windows/logs/Win11_2026_CBS.log.gz", 13003, map[string]int{
			"": 3564, "CBS": 7223, "CSI": 520, "CSI [SR]": 1418, "SXS": 278,
		}},
	} {
		raw := testdata.Open(t, c.name)
		text := strings.TrimSuffix(strings.TrimPrefix(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\ufeff"), "\n")
		oracle := strings.Split(text, "\n")
		if !cbslog.Sniff(raw[:4096]) {
			t.Errorf("%s: not recognised", c.name)
		}
		s := cbslog.NewScanner(bytes.NewReader(raw))
		got := map[string]int{}
		for s.Scan() {
			e := s.Entry()
			m := headPattern.FindStringSubmatch(oracle[e.Line-1])
			if m == nil {
				m = []string{"", "", "", "", strings.TrimSpace(oracle[e.Line-1])}
			}
			stamp := ""
			if e.HasTime {
				stamp = e.Time.Format(time.DateTime)
			}
			component, _, _ := strings.Cut(e.Component, " ")
			head := []string{stamp, e.Level.String(), component}
			if diff := cmp.Diff(m[1:4], head); diff != "" || !strings.HasSuffix(m[4], string(e.Text)) {
				t.Fatalf("%s, line %d: %q (-want +got):\n%s", c.name, e.Line, oracle[e.Line-1], diff)
			}
			if len(m[4]) != len(e.Text) && !e.HasSeq {
				t.Fatalf("%s, line %d: got %q, want %q", c.name, e.Line, e.Text, m[4])
			}
			got[e.Component]++
		}
		if s.Err() != nil || s.Entry().Line != c.lines || len(oracle) != c.lines {
			t.Errorf("%s: got %d lines, error %v; want %d", c.name, s.Entry().Line, s.Err(), c.lines)
		}
		if diff := cmp.Diff(c.byComponent, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestRealEvents(t *testing.T) {
	raw := testdata.Open(t, "windows/logs/Win11_2026_CBS.log.gz")
	got := map[string]int{}
	symbols := map[string]int{}
	outside := 0
	for ev, err := range cbslog.Events(bytes.NewReader(raw), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got[names[ev.Kind]]++
		if ev.Kind == cbslog.Failure {
			symbols[ev.Code.Hex()+" "+ev.Symbol]++
			if ev.Session.Client == "" {
				outside++
			}
		}
		if offset := ev.Time.Sub(ev.UTC).Round(time.Minute); ev.Kind == cbslog.UniversalTime && offset != -3*time.Hour {
			t.Errorf("line %d: clock is %v off UTC, want -3h", ev.Line, offset)
		}
	}
	// Counted with grep in the file.
	want := map[string]int{"begin": 141, "end": 44, "stack": 32, "clock": 32, "failure": 376, "update": 94}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"0x800F0805 CBS_E_INVALID_PACKAGE": 282, "0x800F0805 ": 94}, symbols); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	if outside != 0 {
		t.Errorf("%d failures in no session, want none", outside)
	}
}

func TestLabelled(t *testing.T) {
	for name, want := range map[string][]string{
		"0x80070002-missing-payload.cbs.txt": {
			"1 missing file [ ] 0x80070002 ERROR_FILE_NOT_FOUND DWrite.dll of microsoft-windows-directwrite",
		},
		"0x80070002-clr_optimization.cbs.txt": {
			"2 failure [ ] 0x80070002 ", "3 failure [ ] 0x80070002 ERROR_FILE_NOT_FOUND",
		},
		"0x80070003-driver-op.cbs.txt": {
			"1 driver [ ] 0x80070003  ntprint4.inf", "2 driver [ ] 0x80070003  ntprint4.inf",
			"3 failure [ ] 0x80070003 ERROR_PATH_NOT_FOUND", "4 failure [ ] 0x80070003 ERROR_PATH_NOT_FOUND",
			"6 failure [ ] 0x80070003 ERROR_PATH_NOT_FOUND", "7 failure [ ] 0x80070003 ERROR_PATH_NOT_FOUND",
			"11 failure [ ] 0x80070003 ",
		},
		"0x800f0831-store-corruption.cbs.txt": {
			"1 missing manifest [ ] KB3192392", "2 failure [ ] 0x800F0831 CBS_E_STORE_CORRUPTION",
			"3 failure [ ] 0x800F0831 CBS_E_STORE_CORRUPTION", "4 failure [ ] 0x800F0831 CBS_E_STORE_CORRUPTION",
		},
		"0x80070bc9-pending.cbs.txt": {
			"2 failure [ ] 0x80070BC9 ERROR_FAIL_REBOOT_REQUIRED", "3 failure [ ] 0x80070BC9 ERROR_FAIL_REBOOT_REQUIRED",
			"4 failure [ ] 0x80070BC9 ERROR_FAIL_REBOOT_REQUIRED", "5 failure [ ] 0x80070BC9 ERROR_FAIL_REBOOT_REQUIRED",
		},
	} {
		raw := testdata.Open(t, "windows/labelled/"+name)
		if diff := cmp.Diff(want, told(t, string(raw), nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !cbslog.Sniff(raw) {
			t.Errorf("%s: not recognised", name)
		}
	}
}

func TestSniffOthers(t *testing.T) {
	for _, name := range []string{
		"logs/dism.log", "logs/setupact.log", "logs/setuperr.log", "logs/setupapi.dev.log", "logs/ReportingEvents.log",
		"labelled/checksur-payload-missing.txt", "wer/wer_1.Report.wer",
	} {
		raw := testdata.Open(t, "windows/"+name)
		if cbslog.Sniff(raw[:min(len(raw), 4096)]) {
			t.Errorf("%s: taken for a CBS.log", name)
		}
	}
}

// The same log tells the same in every encoding and with every line ending.
func TestRealEncodings(t *testing.T) {
	raw := testdata.Open(t, "windows/logs/Win11_2026_CBS.log.gz")
	plain := bytes.TrimPrefix(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\xef\xbb\xbf"))
	want := told(t, string(raw), nil)
	for name, variant := range map[string][]byte{
		"LF without BOM": plain,
		"bare CR":        bytes.ReplaceAll(plain, []byte("\n"), []byte("\r")),
		"UTF-16":         append([]byte{0xff, 0xfe}, winbin.PutUTF16(string(plain))...),
		"UTF-16 no BOM":  winbin.PutUTF16(string(plain)),
	} {
		if diff := cmp.Diff(want, told(t, string(variant), nil)); diff != "" || !cbslog.Sniff(variant[:4096]) {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
