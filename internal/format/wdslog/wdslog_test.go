package wdslog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/wdslog"
)

func TestParse(t *testing.T) {
	at := time.Date(2023, 5, 17, 8, 25, 12, 0, time.UTC)
	type want struct {
		Time      time.Time
		Level     wdslog.Level
		ID        string
		Component string
		Text      string
		Goes      bool
	}
	for _, c := range []struct {
		in   string
		want want
	}{
		{"2023-05-17 08:25:12, Info                  CBS    a text  ", want{at, wdslog.Info, "", "CBS", "a text", false}},
		{"2023-05-17 08:25:12, Warning               DISM   x", want{at, wdslog.Warning, "", "DISM", "x", false}},
		{"2023-05-17 08:25:12, Info                  Reset  x", want{at, wdslog.Info, "", "Reset", "x", false}},
		{"2023-05-17 08:25:12, Error      [0x0606ae] IBS    x", want{at, wdslog.Error, "0606ae", "IBS", "x", false}},
		{"2023-05-17 08:25:12, Info                         Feature: X", want{at, wdslog.Info, "", "", "Feature: X", false}},
		{"2023-05-17 08:25:12, Info                         CBS said", want{at, wdslog.Info, "", "", "CBS said", false}},
		{"2023-05-17 08:25:12, Info CBS x", want{at, wdslog.Info, "", "CBS", "x", false}},
		{"2023-05-17 08:25:12, Info    CBS         INSTALL index", want{at, wdslog.Info, "", "CBS", "INSTALL index", false}},
		{"2023-05-17 08:25:12, Info   Feature: X", want{at, wdslog.Info, "", "", "Feature: X", false}},
		{"2023-05-17 08:25:12, Perf                  CBS    x", want{at, wdslog.Perf, "", "CBS", "x", false}},
		{"2023-05-17 08:25:12, Info                  CBS", want{at, wdslog.Info, "", "CBS", "", false}},
		{"2023-05-17 08:25:12, a line cut at its front", want{Time: at, Text: "a line cut at its front"}},
		{"2023-05-17 08:25:12,", want{Time: at}},
		{"   2023-05-17 08:25:12, Info CBS indented", want{at, wdslog.Info, "", "CBS", "indented", false}},
		{"Error CSI 000000fc (F) x", want{time.Time{}, wdslog.Error, "", "CSI", "000000fc (F) x", false}},
		{"Error: it failed", want{Text: "Error: it failed", Goes: true}},
		{"Information follows", want{Text: "Information follows", Goes: true}},
		{"Info on this", want{Text: "Info on this", Goes: true}},
		{"2023-02-30 08:25:12, Info CBS x", want{Text: "2023-02-30 08:25:12, Info CBS x", Goes: true}},
		{"2023-05-17 24:25:12, Info CBS x", want{Text: "2023-05-17 24:25:12, Info CBS x", Goes: true}},
		{"", want{Goes: true}},
		{"\t(p)\ta\tb\t", want{Text: "(p)\ta\tb", Goes: true}},
	} {
		var p wdslog.Parser
		for _, before := range []string{"", "2023-05-17 08:25:12, Info                  CBS    x", c.in} { // what p remembers
			p.Parse([]byte(before))
			h := p.Parse([]byte(c.in))
			got := want{h.Time, h.Level, string(h.ID), h.Component, string(h.Text), h.Continuation()}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", c.in, diff)
			}
			if h.HasTime == h.Time.IsZero() {
				t.Errorf("%q: HasTime %v, but time %v", c.in, h.HasTime, h.Time)
			}
		}
	}
}
