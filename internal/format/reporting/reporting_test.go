package reporting_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/reporting"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/winbin"
)

const (
	eventID = "{11111111-2222-3333-4444-555555555555}"
	subject = "{AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE}"
)

func line(fields ...string) string { return strings.Join(fields, "\t") }

func failed(code, text string) string {
	return line(eventID, "2024-02-29 23:59:58:914-0730", "1", "182 [AGENT_INSTALLING_FAILED]", "101", subject, "200", code,
		"Update;ScanForUpdates", "Failure", "Content Install", text, "abc.1.2")
}

func TestScanner(t *testing.T) {
	want := reporting.Row{
		Event: guid.MustParse(eventID),
		Time:  time.Date(2024, 2, 29, 23, 59, 58, 914e6, time.FixedZone("", -(7*3600+1800))),
		ID:    reporting.InstallFailed, Name: "AGENT_INSTALLING_FAILED",
		Update: update.ID{GUID: guid.MustParse(subject), Revision: 200}, Code: 0x80070002,
		Client: "Update;ScanForUpdates", Category: "Content Install", Text: "title", Vector: "abc.1.2",
	}
	tabs, old := want, want
	tabs.Text = "title\twith tabs"
	old.Vector = ""
	scan := reporting.Row{
		Event: want.Event, Time: want.Time, ID: reporting.DetectionFinished, Service: guid.MustParse(subject),
		Client: "c", Success: true, Category: "Software Synchronization", Text: "found 1",
	}
	text := strings.Join([]string{
		failed("80070002", "title"), "", failed("80070002", "title\twith tabs"),
		strings.TrimSuffix(failed("80070002", "title"), "\tabc.1.2"),
		line(eventID, "2024-02-29 23:59:58:914-0730", "1", "147 [(null)]", "101", subject, "0", "0", "c", "Success",
			"Software Synchronization", "found 1", ""),
	}, "\r\n")
	wants := []reporting.Row{want, tabs, old, scan}
	for i, no := range []int{1, 3, 4, 5} {
		wants[i].Line = no
	}
	for name, b := range map[string][]byte{
		"UTF-16": append([]byte{0xff, 0xfe}, winbin.PutUTF16(text+"\r\n")...), "UTF-8, no end": []byte(text),
	} {
		var got []reporting.Row
		s := reporting.NewScanner(bytes.NewReader(b))
		for s.Scan() {
			if s.Damage() != nil {
				t.Error(s.Damage())
			}
			got = append(got, s.Row())
		}
		if diff := cmp.Diff(wants, got); s.Err() != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, s.Err(), diff)
		}
	}
}

func TestScannerDamage(t *testing.T) {
	sound := failed("0", "t")
	tests := []struct{ line, says string }{
		{"\tinstalled", "fields"},
		{strings.Replace(sound, "{1111", "{X111", 1), "GUID"},
		{strings.Replace(sound, "02-29", "02-30", 1), "time"},
		{strings.Replace(sound, "182 ", "x ", 1), "number"},
		{strings.Replace(sound, "{AAAA", "AAAA", 1), "update"},
		{strings.Replace(sound, "\t200\t", "\t-1\t", 1), "revision"},
		{failed("0x1", "t"), "result"},
		{failed("180070002", "t"), "result"},
	}
	for _, tt := range tests {
		s := reporting.NewScanner(strings.NewReader("\n" + tt.line + "\n" + sound))
		if !s.Scan() {
			t.Fatal("no line")
		}
		var damage *format.Error
		if !errors.As(s.Damage(), &damage) || damage.Line != 2 || !strings.Contains(damage.What, tt.says) {
			t.Errorf("%q: got %v, want damage at line 2 that says %q", tt.line, s.Damage(), tt.says)
		}
		if !s.Scan() || s.Damage() != nil || s.Row().Line != 3 || s.Err() != nil {
			t.Errorf("%q: the sound line behind it: %+v, %v", tt.line, s.Row(), s.Damage())
		}
	}
	for _, text := range []string{"", "2024-01-01 00:00:00, Info CBS x\n"} {
		s := reporting.NewScanner(strings.NewReader(text))
		for s.Scan() {
		}
		if !errors.Is(s.Err(), format.ErrNotThis) {
			t.Errorf("%q: got %v, want format.ErrNotThis", text, s.Err())
		}
	}
}

func TestRealFile(t *testing.T) {
	s := reporting.NewScanner(bytes.NewReader(testdata.Open(t, "windows/logs/ReportingEvents.log")))
	got := map[string]int{}
	for s.Scan() {
		r := s.Row()
		if s.Damage() != nil || r.Time.Year() < 2020 || r.Event.IsZero() || r.Vector == "" ||
			r.Service.IsZero() == r.Update.GUID.IsZero() {
			t.Errorf("line %d: %v, %+v", r.Line, s.Damage(), r)
		}
		got["rows"]++
		got[fmt.Sprintf("%d %s", r.ID, r.Code.Hex())]++
	}
	want := map[string]int{
		"rows": 163, "147 0x00000000": 42, "162 0x00000000": 35, "163 0x8024000B": 2, "167 0x00000000": 52,
		"168 0x00000000": 2, "181 0x00000000": 13, "182 0x80073D02": 2, "182 0x80240017": 2, "183 0x00000000": 11,
		"183 0x00240006": 2,
	}
	if diff := cmp.Diff(want, got); s.Err() != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", s.Err(), diff)
	}
}

func FuzzReporting(f *testing.F) {
	f.Add([]byte(failed("80070002", "title")))
	f.Add(append([]byte{0xff, 0xfe}, winbin.PutUTF16(failed("0", "a\tb")+"\r\n\r\n")...))
	testdata.Seeds(f, "windows/logs/ReportingEvents.log")
	f.Fuzz(func(t *testing.T, b []byte) {
		s := reporting.NewScanner(bytes.NewReader(b))
		last := 0
		for s.Scan() {
			r := s.Row()
			if r.Line <= last {
				t.Errorf("line %d behind %d", r.Line, last)
			}
			last = r.Line
			if s.Damage() == nil && r.Service != (guid.GUID{}) && r.Update != (update.ID{}) {
				t.Errorf("line %d: both a service and an update", r.Line)
			}
		}
	})
}
