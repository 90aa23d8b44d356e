package msilog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScan(t *testing.T) {
	const text = "=== Verbose logging started: 5/14/2019  9:12:55  Build type: SHIP UNICODE 5.00.10011.00  Calling process: C:\\Windows\\system32\\msiexec.exe ===\n" +
		"MSI (s) (A4:2C) [03:12:31:752]: Warning: Local cached package 'C:\\Windows\\Installer\\2b4c5e.msi' is missing.\n" +
		"MSI (c) (08!E4) [10:44:21:091]: Couldn't find local patch 'C:\\Windows\\Installer\\1d8f2a.msp'. Looking for it at its source.\n" +
		"Error 1706. No valid source could be found.\n" +
		"MSI (s) (A4:2C) [03:12:31:752]: Product: Some Suite 2013 -- Error 1612. The source is not available.\n" +
		"MSI (s) (A4:2C) [03:12:31:752]: Windows Installer reconfigured the product. Product Name: Some Tool. Product Version: 1.0.\n" +
		"MSI (s) (A4:2C) [03:12:31:753]: MainEngineThread is returning 1612\n" +
		"MSI (s) (A4:2C) [03:12:31:753]: Windows Installer removed the product. Product Name: Some Tool. Product Version: 1.0. Removal success or error status: 0.\n" +
		"MSI (s) (A4:2C) [03:12:31:753]: Note: 1: 1706 2: -2147483647 3: vc_red.msi\n"
	type told struct {
		Package, Product string
		Error            int
		Ended            bool
		Result           int
	}
	want := []told{
		{},
		{Package: `C:\Windows\Installer\2b4c5e.msi`},
		{Package: `C:\Windows\Installer\1d8f2a.msp`},
		{Error: 1706},
		{Product: "Some Suite 2013", Error: 1612},
		{Product: "Some Tool"},
		{Ended: true, Result: 1612},
		{Product: "Some Tool", Ended: true},
		{},
	}
	var got []told
	s := NewScanner(strings.NewReader(text))
	for s.Scan() {
		e := s.Entry()
		got = append(got, told{e.Package, e.Product, e.Error, e.Ended, e.Result})
		if e.Line != len(got) || strings.HasPrefix(string(e.Text), "MSI (") {
			t.Errorf("line %d: %+v", len(got), e)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSniff(t *testing.T) {
	for text, want := range map[string]bool{
		"MSI (s) (A4:2C) [03:12:31:752]: x\n":          true,
		"cut\nMSI (s) (A4:2C) [03:12:31:752]: x\n":     true,
		"=== Logging started: 5/14/2019  9:12:55 ===":  true,
		"MSI (s) what is that?\nError 1706. No source": false,
		"":   false,
		"\n": false,
		strings.Repeat("words\n", 20) + "MSI (s) (A4:2C) [03:12:31:752]: x\n": false,
	} {
		if Sniff([]byte(text)) != want {
			t.Errorf("%q: sniffed %v", text, !want)
		}
	}
}

func FuzzMSILog(f *testing.F) {
	f.Add([]byte("MSI (s) (A4:2C) [03:12:31:752]: Warning: Local cached package 'C:\\a.msi' is missing.\nMainEngineThread is returning 1612\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data)
		s := NewScanner(strings.NewReader(string(data)))
		for n := 1; s.Scan(); n++ {
			if e := s.Entry(); e.Line != n || e.Error > 9999 || e.Result > 99999 {
				t.Fatalf("entry %d: %+v", n, e)
			}
		}
	})
}
