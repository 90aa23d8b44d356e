package dismlog_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/dismlog"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/testdata"
)

type line struct {
	Provider string
	PID, TID uint32
	Text     string
	Function string
	Code     hresult.Code
}

func scan(in string) []line {
	var got []line
	s := dismlog.NewScanner(strings.NewReader(in))
	for s.Scan() {
		e := s.Entry()
		code, ok := e.Code()
		if ok && code == 0 {
			code = 0xffffffff // success must not be given
		}
		got = append(got, line{string(e.Provider), e.PID, e.TID, string(e.Text), string(e.Function), code})
	}
	return got
}

const head = "2022-07-08 14:47:14, Info                  DISM   "

const sample = head + "DISM Provider Store: PID=3144 TID=8708 Failed to load the provider: C:\\x\\y.dll. - CDISMProviderStore::Internal_GetProvider(hr:0x8007007e)\r\n" +
	head + "API: PID=8708 TID=8708 DismApi.dll:                                            - DismInitializeInternal\r\n" +
	head + "Initialized Panther logging at C:\\WINDOWS\\Logs\\DISM\\dism.log\r\n" +
	head + "PID=8708 TID=8709 Loaded - CDISMManager::LoadLocalImageSession\r\n" +
	head + "DISM Package Manager: PID=1 TID=2 Loaded servicing stack - not a function\r\n" +
	head + "DISM OS Provider: PID=1 TID=2 x - CDISMOSServiceManager::get_ServicingStackDirectory(hr:0x80070003)\r\n" +
	"[3144] [0xc142011c] UnmarshallImageHandleFromDirectory:(641)\r\n" +
	"2022-09-09 12:32:54, Error                        EnumeratePathEx: FindFirstFile failed; GLE = 0x3[gle=0x00000003]\r\n" +
	"2022-09-09 12:32:54, Info                         CSetupFilesCleanup::CleanVolume - Return status: 80070003\r\n" +
	head + "API: PID=x TID=2 y\r\n" +
	head + "API: PID=1 TID=2 fine - CApi::Do(hr:0x0)"

func TestScanner(t *testing.T) {
	want := []line{
		{"DISM Provider Store", 3144, 8708, `Failed to load the provider: C:\x\y.dll.`, "CDISMProviderStore::Internal_GetProvider(hr:0x8007007e)", 0x8007007e},
		{"API", 8708, 8708, "DismApi.dll:", "DismInitializeInternal", 0},
		{"", 0, 0, `Initialized Panther logging at C:\WINDOWS\Logs\DISM\dism.log`, "", 0},
		{"", 8708, 8709, "Loaded", "CDISMManager::LoadLocalImageSession", 0},
		{"DISM Package Manager", 1, 2, "Loaded servicing stack - not a function", "", 0},
		{"DISM OS Provider", 1, 2, "x", "CDISMOSServiceManager::get_ServicingStackDirectory(hr:0x80070003)", 0x80070003},
		{"", 3144, 0, "[0xc142011c] UnmarshallImageHandleFromDirectory:(641)", "", 0xc142011c},
		{"", 0, 0, "EnumeratePathEx: FindFirstFile failed; GLE = 0x3[gle=0x00000003]", "", 0x80070003},
		{"", 0, 0, "CSetupFilesCleanup::CleanVolume - Return status: 80070003", "", 0x80070003},
		{"", 0, 0, "API: PID=x TID=2 y", "", 0},
		{"API", 1, 2, "fine", "CApi::Do(hr:0x0)", 0},
	}
	if diff := cmp.Diff(want, scan(sample)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReal(t *testing.T) {
	raw := testdata.Open(t, "windows/logs/dism.log")
	if !dismlog.Sniff(raw[:4096]) {
		t.Error("not recognised")
	}
	s := dismlog.NewScanner(bytes.NewReader(raw))
	withPID, codes, levels := 0, map[hresult.Code]int{}, map[string]int{}
	for s.Scan() {
		e := s.Entry()
		// Oracle: the raw text has the field wherever it was found, and nowhere else.
		if raw := strings.Contains(string(e.Text), "PID="); raw {
			t.Errorf("line %d: PID left in %q", e.Line, e.Text)
		}
		if e.PID != 0 {
			withPID++
		}
		if code, ok := e.Code(); ok {
			codes[code]++
		}
		levels[e.Level.String()]++
	}
	if want := bytes.Count(raw, []byte(" PID=")) + bytes.Count(raw, []byte("\n[3144] [")); withPID != want {
		t.Errorf("got %d lines with a process, want %d", withPID, want)
	}
	// Counted with grep in the file.
	want := map[hresult.Code]int{0x8007007e: 2, 0x8007007b: 2, 0xc142011c: 4, 0x80070003: 4}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"": 17, "Info": 89, "Warning": 2, "Error": 3}, levels); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
}

func TestSniff(t *testing.T) {
	if !dismlog.Sniff([]byte(sample)) {
		t.Error("sample not recognised")
	}
	for _, name := range []string{"CBS.log", "setupact.log", "setuperr.log", "setupapi.dev.log", "ReportingEvents.log"} {
		raw := testdata.Open(t, "windows/logs/"+name)
		if dismlog.Sniff(raw[:min(len(raw), 4096)]) {
			t.Errorf("%s: taken for a DISM.log", name)
		}
	}
}

func FuzzLog(f *testing.F) {
	f.Add([]byte(sample))
	testdata.Seeds(f, "windows/logs/dism.log")
	f.Fuzz(func(t *testing.T, in []byte) {
		dismlog.Sniff(in)
		s := dismlog.NewScanner(bytes.NewReader(in))
		lines := 0
		for s.Scan() {
			lines++
			e := s.Entry()
			if n := len(e.Text) + len(e.Function) + len(e.Provider); e.Line != lines || n > len(in)*3 {
				t.Fatalf("bad entry %+v after %d lines", e, lines)
			}
			if code, ok := e.Code(); ok && code == 0 {
				t.Fatalf("line %d: code 0 in %q", e.Line, e.Text)
			}
		}
	})
}
