package wer_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/wer"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/winbin"
)

const sample = "Version=1\r\nEventType=WindowsUpdateFailure3\r\nEventTime=133500000000000000\r\n" +
	"ReportIdentifier=11111111-2222-3333-4444-555555555555\r\nNsAppName=a=b\r\n" +
	"Sig[0].Name=ClientVersion\r\nSig[0].Value=10.0.19041.1023\r\n" +
	"Sig[1].Name=Win32HResult\r\nSig[1].Value=80070002\r\n" +
	"Sig[2].Name=UpdateId\r\nSig[2].Value=8A6B1C0E-52A1-4F39-9D0E-1C2F0D3B4A55\r\n" +
	"DynamicSig[1].Name=OS Version\r\nDynamicSig[1].Value=10.0.19045.2.0.0.256.48\r\n" +
	"FriendlyEventName=Windows Update installation problem\r\nAppName=Host Process\r\n"

func wide(s string) io.Reader {
	return bytes.NewReader(append([]byte{0xff, 0xfe}, winbin.PutUTF16(s)...))
}

func TestRead(t *testing.T) {
	got, err := wer.Read(wide(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := &wer.Report{
		EventType: "WindowsUpdateFailure3", Time: time.Date(2024, 1, 17, 21, 20, 0, 0, time.UTC), Line: 2,
		ID: "11111111-2222-3333-4444-555555555555", FriendlyName: "Windows Update installation problem", AppName: "Host Process",
		Sig: []wer.NameValue{
			{Name: "ClientVersion", Value: "10.0.19041.1023", Line: 7},
			{Name: "Win32HResult", Value: "80070002", Line: 9},
			{Name: "UpdateId", Value: "8A6B1C0E-52A1-4F39-9D0E-1C2F0D3B4A55", Line: 11},
		},
		Dynamic: []wer.NameValue{{}, {Name: "OS Version", Value: "10.0.19045.2.0.0.256.48", Line: 13}},
		Fields: []wer.NameValue{
			{Name: "Version", Value: "1", Line: 1},
			{Name: "ReportIdentifier", Value: "11111111-2222-3333-4444-555555555555", Line: 4},
			{Name: "NsAppName", Value: "a=b", Line: 5},
			{Name: "FriendlyEventName", Value: "Windows Update installation problem", Line: 14},
			{Name: "AppName", Value: "Host Process", Line: 15},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCode(t *testing.T) {
	tests := []struct {
		name, event, sig string
		want             hresult.Code
		line             int
	}{
		{"named", "WindowsWcpOtherFailure3", "Sig[0].Name=StackHash\nSig[0].Value=0x8e59918e\nSig[1].Name=Status\nSig[1].Value=800f0984", 0x800f0984, 6},
		{"with 0x", "StoreAgentScanForUpdatesFailure0", "Sig[0].Name=Error code\nSig[0].Value=0x8024402C", 0x8024402c, 4},
		{"unnamed", "WindowsUpdateFailure3", "Sig[0].Name=P1\nSig[0].Value=10.0.1\nSig[1].Name=P2\nSig[1].Value=80240017", 0x80240017, 6},
		{"hash alone", "WindowsWcpOtherFailure3", "Sig[0].Name=StackHash\nSig[0].Value=0x8e59918e", 0, 0},
		{"success", "WindowsUpdateFailure3", "Sig[0].Name=Win32HResult\nSig[0].Value=00000000", 0, 0},
		{"another kind", "APPCRASH", "Sig[0].Name=Exception Code\nSig[0].Value=c0000005", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep, err := wer.Read(strings.NewReader("Version=1\nEventType=" + tt.event + "\n" + tt.sig + "\n"))
			if err != nil {
				t.Fatal(err)
			}
			code, sig, ok := rep.Code()
			if code != tt.want || sig.Line != tt.line || ok != (tt.want != 0) {
				t.Errorf("Code() = %s, line %d, %v; want %s, line %d", code.Hex(), sig.Line, ok, tt.want.Hex(), tt.line)
			}
		})
	}
}

func TestNotAReport(t *testing.T) {
	for _, s := range []string{"", "hello", "Version=1\r\nConsent=1\r\n", "[Setup]\nEventType=x"} {
		if _, err := wer.Read(strings.NewReader(s)); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("Read(%q): %v, want ErrNotThis", s, err)
		}
	}
}

func TestBounds(t *testing.T) {
	rep, err := wer.Read(strings.NewReader("Version=1\nEventType=X\nSig[2000000000].Name=a\nSig[-1].Name=b\nA=" + strings.Repeat("x", 1<<16)))
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Sig) != 0 || !rep.Cut {
		t.Errorf("%d signatures, cut %v; want none and cut", len(rep.Sig), rep.Cut)
	}
}

func TestRealReports(t *testing.T) {
	for name, event := range map[string]time.Time{
		"wer_1": time.Date(2022, 2, 6, 4, 9, 49, 551964000, time.UTC),
		"wer_2": time.Date(2022, 2, 8, 20, 53, 12, 19221800, time.UTC),
	} {
		raw := testdata.Open(t, "windows/wer/"+name+".Report.wer")
		rep, err := wer.Read(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		code, sig, ok := rep.Code()
		if !ok || code != 0x800f0984 || sig.Name != "Status" || sig.Line != 32 {
			t.Errorf("%s: Code() = %s in %+v", name, code.Hex(), sig)
		}
		if rep.Kind() != wer.Servicing || rep.EventType != "WindowsWcpOtherFailure3" || rep.AppName != "Windows Modules Installer Worker" {
			t.Errorf("%s: %s, kind %d, %q", name, rep.EventType, rep.Kind(), rep.AppName)
		}
		if !rep.Time.Equal(event) || rep.Line != 2 {
			t.Errorf("%s: time %v, line %d; want %v, line 2", name, rep.Time, rep.Line, event)
		}
		// EventType and EventTime are no fields; a signature is two lines, and DynamicSig begins at 1.
		lines := bytes.Count(raw, []byte("\n\x00")) + 1
		if got := 2 + 2*len(rep.Sig) + 2*(len(rep.Dynamic)-1) + len(rep.Fields); got != lines {
			t.Errorf("%s: %d lines read, want %d", name, got, lines)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	b, _ := io.ReadAll(wide(sample))
	f.Add(b)
	testdata.Seeds(f, "windows/wer/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, _ := wer.Read(bytes.NewReader(b))
		if len(rep.Sig) > 256 || len(rep.Dynamic) > 256 {
			t.Fatalf("%d and %d signatures", len(rep.Sig), len(rep.Dynamic))
		}
		code, sig, ok := rep.Code()
		if ok && (!code.Failed() || sig.Line < 1) {
			t.Fatalf("code %s at line %d", code.Hex(), sig.Line)
		}
	})
}

// TestManyLines has far more lines than a report has, each of which takes more memory than it has bytes.
func TestManyLines(t *testing.T) {
	rep, err := wer.Read(strings.NewReader("Version=1\nEventType=x\n" + strings.Repeat("=\n", 100_000)))
	if err != nil || !rep.Cut || len(rep.Fields) > 20_000 {
		t.Errorf("%v; %d fields, cut %v", err, len(rep.Fields), rep.Cut)
	}
}
