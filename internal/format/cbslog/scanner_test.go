package cbslog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/format/wdslog"
)

func scan(in string) []cbslog.Entry {
	var got []cbslog.Entry
	s := cbslog.NewScanner(strings.NewReader(in))
	for s.Scan() {
		e := *s.Entry()
		e.Text = []byte(string(e.Text))
		got = append(got, e)
	}
	return got
}

func TestScanner(t *testing.T) {
	at := time.Date(2022, 9, 14, 22, 18, 7, 0, time.UTC)
	in := "\ufeff2022-09-14 22:18:07, Info                  CBS    first\r\n" +
		"2022-09-14 22:18:07, Info                  CSI    00000001@2022/9/15:05:18:07.054 WcpInitialize: x\n" +
		"2022-09-14 22:18:07, Error                 CSI    000000fb [SR] Cannot repair\r" +
		" Expected: {l:32}.\r\n" +
		"\r\n" +
		"2022-09-14 22:18:07, Info                  CSI    not a number\n" +
		"2022-09-14 22:18:07, Info                         Feature: X\n" +
		"Error CSI 000000fc@2018/9/29:08:45:29.414 (F) pasted\n" +
		"Operation result: 0x0"
	want := []cbslog.Entry{
		{Line: 1, Time: at, HasTime: true, Level: wdslog.Info, Component: "CBS", Text: []byte("first")},
		{
			Line: 2, Time: at, HasTime: true, Level: wdslog.Info, Component: "CSI", Seq: 1, HasSeq: true,
			UTC: time.Date(2022, 9, 15, 5, 18, 7, 54e6, time.UTC), Text: []byte("WcpInitialize: x"),
		},
		{Line: 3, Time: at, HasTime: true, Level: wdslog.Error, Component: cbslog.SFC, Seq: 0xfb, HasSeq: true, Text: []byte("Cannot repair")},
		{Line: 4, Time: at, Continuation: true, Text: []byte("Expected: {l:32}.")},
		{Line: 5, Time: at, Continuation: true, Text: []byte("")},
		{Line: 6, Time: at, HasTime: true, Level: wdslog.Info, Component: "CSI", Text: []byte("not a number")},
		{Line: 7, Time: at, HasTime: true, Level: wdslog.Info, Text: []byte("Feature: X")},
		{
			Line: 8, Level: wdslog.Error, Component: "CSI", Seq: 0xfc, HasSeq: true, Text: []byte("(F) pasted"),
			UTC: time.Date(2018, 9, 29, 8, 45, 29, 414e6, time.UTC),
		},
		{Line: 9, Continuation: true, Text: []byte("Operation result: 0x0")},
	}
	if diff := cmp.Diff(want, scan(in)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestScannerCut(t *testing.T) {
	got := scan("2022-09-14 22:18:07, Info CBS " + strings.Repeat("x", 1<<20) + "\nInfo CBS next")
	if len(got) != 2 || !got[0].Cut || got[1].Cut || got[1].Line != 2 {
		t.Errorf("got %d entries, cut %v", len(got), got[0].Cut)
	}
}

func TestScannerAllocatesNothing(t *testing.T) {
	in := strings.Repeat("2022-09-14 22:18:07, Info                  CSI    00000001 a line\n\tContinuation\n"+
		"2022-09-14 22:18:08, Info                  DPX    a line\n", 10000)
	allocs := testing.AllocsPerRun(3, func() {
		s := cbslog.NewScanner(strings.NewReader(in))
		for s.Scan() {
		}
	})
	if allocs > 12 {
		t.Errorf("got %.0f allocations for 30000 lines, want only the scanner's own", allocs)
	}
}

func TestSniff(t *testing.T) {
	for in, want := range map[string]bool{
		"\ufeff2022-09-14 22:18:06, Info                  CBS    TI: x\n":                                            true,
		"2022-09-14 22:18:06, Info                  CSI    00000001 x\n":                                             true,
		"Info CSI 000000fb Begin executing\n":                                                                        true,
		"2022-09-14 22:18:06, Info                         Feature: X\nInfo CBS x\n":                                 true,
		"(p)\tCSI Payload Corrupt\t(n)\t\t\ta\\b\n":                                                                  true,
		"Operation: Detect and Repair\nOperation result: 0x0\n":                                                      true,
		"2022-02-22 12:18:13, Info                  DISM   API: PID=1 TID=1 x\n":                                     false,
		"2022-10-14 05:56:46, Info                  MOUPG  x\n2022-10-14 05:56:46, Info                  CBS    x\n": false,
		"(f) CSI Payload File Missing 0x00000000 a.dll x\n":                                                          false,
		"2022-01-01\t10:00:00:123\t 800\t1a4\tAgent\tx\n":                                                            false,
		"Error: CBS is broken\n":                                                                                     false,
		"":                                                                                                           false,
	} {
		if got := cbslog.Sniff([]byte(in)); got != want {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}
