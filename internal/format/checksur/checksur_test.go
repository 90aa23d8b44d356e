package checksur_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/checksur"
	"github.com/redx-update/redx/internal/testdata"
)

const (
	comp  = "amd64_microsoft-windows-twain_31bf3856ad364e35_6.1.7600.16385_none_0123456789abcdef"
	whole = "\ufeff=================================\r\nChecking System Update Readiness.\r\n" +
		"Binary Version 6.1.7601.22471\r\nPackage Version 26.0\r\n2014-03-01 10:00\r\n\r\n" +
		"Checking Windows Servicing Packages\r\n\r\nChecking Package Manifests and Catalogs\r\n" +
		"(f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\Package_for_KB978601~31bf3856ad364e35~amd64~~6.0.1.0.mum\t\t\r\n" +
		"(fix)\tCBS MUM Missing\tCBS File Replaced\tFile: Package_for_KB978601~31bf3856ad364e35~amd64~~6.0.1.0.mum From: C:\\x.cab\r\n" +
		"Checking Component Store\r\n(f)\tCSI Payload File Missing\t0x00000000\ta.dll\t" + comp + "\t\r\n\r\n" +
		"Summary:\r\nSeconds executed: 100\r\n Found 2 errors\r\n Fixed 1 errors\r\n" +
		"  CBS MUM Missing Total count: 1\r\n  Fixed: CBS MUM Missing.  Total count: 1\r\n\r\n" +
		"Unavailable repair files:\r\n\twinsxs\\manifests\\" + comp + ".manifest\r\n\tservicing\\packages\\x.mum\r\n\r\nno\\more\r\n"
)

func records(t *testing.T, in string) []string {
	t.Helper()
	var got []string
	for r, err := range checksur.Records(strings.NewReader(in)) {
		if err != nil {
			t.Fatal(err)
		}
		switch r.Kind {
		case checksur.Count:
			got = append(got, fmt.Sprintf("%d %s %d, fixed %v", r.Line, r.Name, r.N, r.Fixed))
		case checksur.Unavailable:
			got = append(got, fmt.Sprintf("%d unavailable %s", r.Line, r.Path))
		default:
			c := r.Corruption
			got = append(got, fmt.Sprintf("%d (%s) %s: %s of %s, owner %s, %s", r.Line, c.Mark, c.Kind, c.File, c.Component.Name, c.Owner.Name, c.Package.KB()))
		}
	}
	return got
}

func TestRecords(t *testing.T) {
	want := []string{
		`10 (f) CBS MUM Missing: servicing\Packages\Package_for_KB978601~31bf3856ad364e35~amd64~~6.0.1.0.mum of , owner , KB978601`,
		`11 (fix) CBS MUM Missing: Package_for_KB978601~31bf3856ad364e35~amd64~~6.0.1.0.mum of , owner , KB978601`,
		`13 (f) CSI Payload File Missing: a.dll of microsoft-windows-twain, owner , `,
		`16 seconds 100, fixed false`, `17 errors 2, fixed false`, `18 errors 1, fixed true`,
		`19 CBS MUM Missing 1, fixed false`, `20 CBS MUM Missing 1, fixed true`,
		`23 unavailable winsxs\manifests\` + comp + `.manifest`, `24 unavailable servicing\packages\x.mum`,
	}
	if diff := cmp.Diff(want, records(t, whole)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLabelled(t *testing.T) {
	raw := testdata.Open(t, "windows/labelled/checksur-payload-missing.txt")
	want := []string{
		"2 seconds 100, fixed false", "3 errors 3, fixed false", "4 errors 1, fixed true",
		"5 CSI Payload File Missing 3, fixed false", "6 CSI Payload File Missing 1, fixed true",
		"8 (f) CSI Payload File Missing: admparse.dll of microsoft-windows-ie-adminkitmostfiles, owner servicing, ",
		"9 (f) CSI Payload File Missing: bootmgr of microsoft-windows-b..re-bootmanager-pcat, owner , ",
		"10 (fix) CSI Payload File Missing: bootmgr of microsoft-windows-b..re-bootmanager-pcat, owner , ",
		"11 (f) CSI Payload File Missing: winload.exe of microsoft-windows-b..environment-windows, owner , ",
	}
	if diff := cmp.Diff(want, records(t, string(raw))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !checksur.Sniff(raw) {
		t.Error("not recognised")
	}
}

func TestSniff(t *testing.T) {
	for in, want := range map[string]bool{
		whole: true,
		"(f) CSI Payload File Missing 0x00000000 a.dll " + comp:                                   true,
		"(p)\tCSI Payload Corrupt\t(n)\t\t\t" + comp + `\a.dll`:                                   false,
		"2022-09-14 22:18:06, Info                  CBS    Checking System Update Readiness.\r\n": false,
		"Found nothing":  false,
		"Found x errors": false,
		"":               false,
	} {
		if got := checksur.Sniff([]byte(in)); got != want {
			t.Errorf("%.60q: got %v, want %v", in, got, want)
		}
	}
	for _, name := range []string{"CBS.log", "dism.log", "setupact.log", "setuperr.log", "setupapi.dev.log", "ReportingEvents.log"} {
		raw := testdata.Open(t, "windows/logs/"+name)
		if checksur.Sniff(raw[:min(len(raw), 4096)]) {
			t.Errorf("%s: taken for a CheckSUR.log", name)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("(f) CSI Payload File Missing 0x00000000 a.dll " + comp))
	testdata.Seeds(f, "windows/labelled/*.txt")
	f.Fuzz(func(t *testing.T, in []byte) {
		checksur.Sniff(in)
		last := 0
		for r, err := range checksur.Records(bytes.NewReader(in)) {
			if err != nil || r.Line <= last || r.N < 0 || r.Kind == checksur.Count && r.Name == "" {
				t.Fatalf("bad record %+v after line %d, error %v", r, last, err)
			}
			last = r.Line
		}
	})
}
