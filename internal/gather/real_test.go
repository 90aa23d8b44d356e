package gather_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/testdata"
)

// samples are the real files, the reader that must take each, and the findings that each alone must lead to.
var samples = []struct {
	name   string
	reader string
	want   []string
}{
	{"labelled/0x80070002-missing-payload.cbs.txt", "servicing log", []string{"component-payload-missing proven  DWrite.dll"}},
	{"labelled/checksur-payload-missing.txt", "CheckSUR.log", []string{"component-payload-missing proven  admparse.dll winload.exe"}},
	{"labelled/0x80070002-clr_optimization.cbs.txt", "servicing log", []string{"dotnet-ngen-missing proven  clr_optimization_v4.0.30319_32"}},
	{"labelled/0x80070003-driver-op.cbs.txt", "servicing log", []string{"driver-package-missing proven  ntprint4.inf_*"}},
	{"labelled/0x800f0831-store-corruption.cbs.txt", "servicing log", []string{"package-manifest-missing proven  Package_123_for_KB3192392~31bf3856ad364e35~amd64~~6.3.1.4"}},
	{"labelled/0x80070bc9-pending.cbs.txt", "servicing log", []string{"pending-operation-interrupted proven "}},
	{"logs/CBS.log", "servicing log", nil},
	{"logs/Win11_2026_CBS.log.gz", "servicing log", nil},
	{"logs/ReportingEvents.log", "ReportingEvents.log", nil},
	{"logs/dism.log", "DISM log", nil},
	{"logs/setupact.log", "setup log", nil},
	{"logs/setuperr.log", "setup log", nil},
	{"logs/setupapi.dev.log", "SetupAPI log", nil},
	{"etl/SIH.20230422.034724.362.1.etl", "trace", nil},
	{"etl/WindowsUpdate.20251008.140245.443.8.etl", "trace", nil},
	{"evtx/Win10_Belkasoft_Microsoft-Windows-Bits-Client-Operational.evtx.gz", "event log", nil},
	{"evtx/Win10_Belkasoft_Microsoft-Windows-WindowsUpdateClient-Operational.evtx", "event log", nil},
	{"evtx/Win10_Rathbun_Setup.evtx", "event log", nil},
	{"evtx/Win10_Rathbun_System.evtx.gz", "event log", nil},
	{"evtx/Win10_omerbenamram_system.evtx.gz", "event log", nil},
	{"ese/qmgr.db.gz", "ESE database", nil},
	{"ese/basic.edb.gz", "ESE database", nil},
	{"ese/large.edb.gz", "ESE database", nil},
	{"ese/multi.edb.gz", "ESE database", nil},
	{"ese/text.edb.gz", "ESE database", nil},
	{"wer/wer_1.Report.wer", "error report", nil},
	{"wer/wer_2.Report.wer", "error report", nil},
	{"cab/lzx.cab", "cabinet", nil},
	{"cab/simple.cab", "cabinet", nil},
}

// unpackAll lays the samples out below a folder, as somebody would have collected them.
func unpackAll(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, r := range samples {
		name := strings.TrimSuffix(r.name, ".gz")
		writeFile(t, filepath.Join(dir, filepath.FromSlash(name)), testdata.Open(t, "windows/"+r.name))
	}
	for _, name := range []string{"SYSTEM", "SYSTEM.LOG1", "SYSTEM.LOG2"} {
		sample := strings.Replace(name, "SYSTEM", "SYSTEM_B", 1) + ".xz"
		writeFile(t, filepath.Join(dir, "hives", name), testdata.Open(t, "windows/hives/"+sample))
	}
	return dir
}

// Every real file, given alone and under a name that says nothing, is known by its content and leads to the findings
// that it must, and to no other.
func TestRealFiles(t *testing.T) {
	for _, r := range samples {
		t.Run(path.Base(r.name), func(t *testing.T) {
			data := testdata.Open(t, "windows/"+r.name)
			if got := gather.ReaderOf(data); got != r.reader {
				t.Errorf("taken by %q, want %q", got, r.reader)
			}
			file := filepath.Join(t.TempDir(), "unnamed")
			writeFile(t, file, data)
			set := ofLogs(t, file)
			if diff := cmp.Diff(r.want, findings(set)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if u := set.Unread(); len(u) > 0 {
				t.Errorf("unread: %v", u)
			}
		})
	}
}

// The labelled excerpts say the same however they were saved.
func TestRealExcerptsInOtherEncodings(t *testing.T) {
	for _, r := range samples {
		if !strings.HasPrefix(r.name, "labelled/") {
			continue
		}
		text := strings.ReplaceAll(string(testdata.Open(t, "windows/"+r.name)), "\r\n", "\n")
		for name, as := range map[string]string{
			"UTF-16": wide(strings.ReplaceAll(text, "\n", "\r\n")), "bare CR": strings.ReplaceAll(text, "\n", "\r"),
			"CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "BOM": "\ufeff" + text,
			"UTF-16, bare CR": wide(strings.ReplaceAll(text, "\n", "\r")),
		} {
			file := filepath.Join(t.TempDir(), "unnamed")
			writeFile(t, file, []byte(as))
			if diff := cmp.Diff(r.want, findings(ofLogs(t, file))); diff != "" {
				t.Errorf("%s as %s (-want +got):\n%s", r.name, name, diff)
			}
		}
	}
}

// All samples as one bundle, a folder or a zip, lead to what the excerpts lead to: nothing that one file says makes a
// cause of what another does.
func TestRealBundle(t *testing.T) {
	dir := unpackAll(t)
	want := []string{
		"component-payload-missing proven  DWrite.dll admparse.dll winload.exe",
		"pending-operation-interrupted proven ",
		"package-manifest-missing proven  Package_123_for_KB3192392~31bf3856ad364e35~amd64~~6.3.1.4",
		"driver-package-missing proven  ntprint4.inf_*",
		"dotnet-ngen-missing proven  clr_optimization_v4.0.30319_32",
	}
	var sets []*evidence.Set
	for name, path := range map[string]string{"folder": dir, "zip": makeZip(t, dir)} {
		set := ofLogs(t, path)
		sets = append(sets, set)
		if diff := cmp.Diff(want, findings(set)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if u := set.Unread(); len(u) > 0 {
			t.Errorf("%s: unread %v", name, u)
		}
	}
	if diff := cmp.Diff(events(sets[0]), events(sets[1])); diff != "" {
		t.Errorf("folder and zip differ:\n%s", diff)
	}
}

// Without the excerpts nothing is wrong on these machines that the checks know.
func TestRealHealthyBundle(t *testing.T) {
	dir := unpackAll(t)
	if err := os.RemoveAll(filepath.Join(dir, "labelled")); err != nil {
		t.Fatal(err)
	}
	set := ofLogs(t, dir)
	if got := findings(set); len(got) > 0 {
		t.Errorf("findings %q", got)
	}
	if n := len(events(set, evidence.Attempt)); n < 50 {
		t.Errorf("%d attempts, want the dozens that these logs tell of", n)
	}
}
