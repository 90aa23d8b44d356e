package cbslog_test

import (
	"bytes"
	"testing"

	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/testdata"
)

// FuzzLog walks everything that the package offers over any input.
func FuzzLog(f *testing.F) {
	f.Add([]byte(repairLog))
	f.Add([]byte("2022-09-14 22:18:07, Info                  CSI    00000001@2022/9/15:05:18:07.054 [SR] Cannot repair member file [l:5]'a.dll' of X, version 1"))
	f.Add([]byte("Session: 1_1 initialized by client A\rError CSI 000000fc (F) 80070002 [Warning,Code=ERROR_FILE_NOT_FOUND] on:[l:2{1}]\"x\"[gle=0x80070002]"))
	f.Add([]byte("WU creates the package, AppID:a, UpdateID:{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}, revision: 2\nA~31bf3856ad364e35~x86~~1.0"))
	testdata.Seeds(f, "windows/logs/CBS.log", "windows/labelled/*.txt", "windows/logs/setuperr.log")
	f.Fuzz(func(t *testing.T, in []byte) {
		cbslog.Sniff(in[:min(len(in), 4096)])
		s := cbslog.NewScanner(bytes.NewReader(in))
		lines := 0
		for s.Scan() {
			lines++
			e := s.Entry()
			if e.Line != lines || len(e.Text) > 3*textline.MaxLine || e.HasTime && e.Time.IsZero() {
				t.Fatalf("bad entry after %d lines: %+v", lines, e)
			}
			walk(t, string(e.Text))
		}
		last, events := 0, 0
		for ev, err := range cbslog.Events(bytes.NewReader(in), func(e *cbslog.Entry) bool { return e.Line%3 == 0 }) {
			events++
			if err != nil || ev.Line < 1 || ev.Line > lines || ev.Kind > cbslog.UpdateOpened {
				t.Fatalf("bad event %+v, error %v", ev, err)
			}
			if ev.Summary == nil && ev.Line < last {
				t.Fatalf("event of line %d after line %d", ev.Line, last)
			}
			if s := ev.Summary; s != nil && (s.Last < s.First || s.First != ev.Line || len(s.Counts) > 32) {
				t.Fatalf("bad summary %+v of line %d", s, ev.Line)
			}
			last = max(last, ev.Line)
		}
		if events > 2*lines {
			t.Fatalf("%d events of %d lines", events, lines)
		}
	})
}

func walk(t *testing.T, text string) {
	cbslog.HResult(text)
	cbslog.Status(text)
	n := 0
	for _, s := range cbslog.Strings(text) {
		n += len(s)
	}
	if n > len(text) {
		t.Fatalf("strings of %d bytes out of %d", n, len(text))
	}
	cbslog.ParseCorruption(text)
	cbslog.ParseSession(text)
	cbslog.ParseStack(text)
	cbslog.ParseMissingFile(text)
	cbslog.ParseMemberFile(text)
	cbslog.ParseDriver(text)
	cbslog.ParseUniversalTime(text)
	cbslog.ParseUpdate(text)
}
