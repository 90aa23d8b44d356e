package setuplog

import (
	"bytes"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/testdata"
)

func TestParseResult(t *testing.T) {
	for text, want := range map[string]Result{
		"SetupHost: Error 0xC1900101 - 0x20017":                       {0xC1900101, 0x20017},
		"failed with 0x80070003-0x20007":                              {0x80070003, 0x20007},
		"Process Drivers for Migration. Error: 0x80070003":            {0x80070003, 0},
		"MigPlatformStartupOffline 0x00000003":                        {},
		"Mode = [0x2], GUID 0x800700031 is too long, 0x8007000 short": {},
	} {
		got, ok := ParseResult([]byte(text))
		if got != want || ok != (want != Result{}) {
			t.Errorf("ParseResult(%q) = %+v, %v, want %+v", text, got, ok, want)
		}
	}
}

func TestSniff(t *testing.T) {
	for head, want := range map[string]bool{
		"2022-10-14 05:56:46, Info                  MOUPG  SetupHost::Initialize\n":                 true,
		"2019-03-29 00:32:48, Error      [0x0606ae] IBS    text\n":                                  true,
		"2023-05-17 08:25:12, Info                  CBS    text\n":                                  false,
		"2022-02-22 12:18:13, Info                  DISM   API: PID=8708 TID=8708 DismApi.dll: x\n": false,
		"no log at all": false,
		"":              false,
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("Sniff(%q) = %v, want %v", head, got, want)
		}
	}
}

func TestSniffPlain(t *testing.T) {
	for head, want := range map[string]bool{
		"\ufeff2020-05-28 12:32:23, Error                        No such folder [gle=0x00000003]\r\n": true,
		"a line before\n2020-05-28 12:32:23, Info                  NEWMIG text\n":                     true,
		"2020-05-28 12:32:23: text of another layout\n":                                               false,
		"Error: something\nInfo: something\n":                                                         false,
		"2020-05-28 12:32:23, Notice text\n":                                                          false,
		"":                                                                                            false,
	} {
		if got := SniffPlain([]byte(head)); got != want {
			t.Errorf("SniffPlain(%q) = %v, want %v", head, got, want)
		}
	}
}

func TestRealLogs(t *testing.T) {
	for _, name := range []string{"setupact.log", "setuperr.log"} {
		data := testdata.Open(t, "windows/logs/"+name)
		if !Sniff(data) {
			t.Errorf("%s is not recognised", name)
		}
		s := NewScanner(bytes.NewReader(data))
		timed := 0
		for s.Scan() {
			if s.Entry().HasTime {
				timed++
			}
		}
		want := strings.Count(string(data), ", Info ") + strings.Count(string(data), ", Error ") + strings.Count(string(data), ", Warning ")
		if timed != want || s.Err() != nil {
			t.Errorf("%s: %d lines with a time (error %v), want %d", name, timed, s.Err(), want)
		}
	}
}

func FuzzSetuplog(f *testing.F) {
	f.Add([]byte("2022-10-14 05:56:46, Info                  MOUPG  failed 0xC1900101 - 0x20017\r\ncontinued\r"))
	testdata.Seeds(f, "windows/logs/setup*.log")
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data)
		SniffPlain(data)
		s := NewScanner(bytes.NewReader(data))
		lines := 0
		for s.Scan() {
			lines++
			if e := s.Entry(); e.Line != lines {
				t.Fatalf("line %d is numbered %d", lines, e.Line)
			}
			ParseResult(s.Entry().Text)
		}
		if lines > len(data) {
			t.Fatalf("%d lines in %d bytes", lines, len(data))
		}
	})
}
