package gather_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/winbin"
)

// labImage builds a scenario's image, with changes: a path without content is taken away.
func labImage(t testing.TB, scenario string) string {
	t.Helper()
	s, err := lab.Load(scenario)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "C")
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func ofImage(t testing.TB, path string) *evidence.Set {
	t.Helper()
	img, err := offline.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	return gathered(t, img)
}

func ofLogs(t testing.TB, path string) *evidence.Set {
	t.Helper()
	img, err := offline.OpenLogs(path)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	return gathered(t, img)
}

func gathered(t testing.TB, img image.Image) *evidence.Set {
	t.Helper()
	set, err := gather.Gather(t.Context(), img, gather.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// findings gives one line for each finding that the three checks of this release make.
func findings(set *evidence.Set) []string {
	var out []string
	for _, f := range doctor.Examine(set, check.All()) {
		line := f.Check + " " + string(f.Confidence) + " " + string(f.Update.KB)
		for _, m := range f.Missing {
			line += " " + m.Name[strings.LastIndexAny(m.Name, `\/`)+1:]
		}
		out = append(out, line)
	}
	return out
}

func events(set *evidence.Set, kinds ...evidence.Kind) []evidence.Event {
	var out []evidence.Event
	for e := range set.Of(kinds...) {
		out = append(out, *e)
	}
	return out
}

// unread gives the paths that were not read.
func unread(set *evidence.Set) []string {
	var out []string
	for _, u := range set.Unread() {
		out = append(out, u.Path)
	}
	return slices.Compact(out)
}

const missingLine = `2024-01-11 03:14:55, Info                  CBS    Failed to find file: ` +
	`amd64_microsoft-windows-directwrite_31bf3856ad364e35_10.0.19041.3636_none_4a9c1c6f0f7e2d31\DWrite.dll ` +
	`[HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]` + "\r\n"

func wide(s string) string { return "\xff\xfe" + string(winbin.PutUTF16(s)) }

// A log says the same in every encoding and with every end of line.
func TestEncodings(t *testing.T) {
	want := []string{"component-payload-missing proven  DWrite.dll"}
	for name, text := range map[string]string{
		"CRLF":             missingLine,
		"LF":               strings.ReplaceAll(missingLine, "\r", ""),
		"bare CR":          strings.ReplaceAll(missingLine, "\n", ""),
		"no end of line":   strings.TrimSpace(missingLine),
		"UTF-8 with a BOM": "\ufeff" + missingLine,
		"UTF-16":           wide(missingLine),
		"UTF-16, bare CR":  wide(strings.ReplaceAll(missingLine, "\n", "")),
		"no time stamp":    strings.TrimPrefix(missingLine, "2024-01-11 03:14:55, Info                  CBS    "),
		"ANSI":             "2024-01-11 03:14:54, Info                  CBS    f\xfcr\r\n" + missingLine,
	} {
		dir := imagetest.Tree(t, map[string]string{"pasted": text})
		if diff := cmp.Diff(want, findings(ofLogs(t, filepath.Join(dir, "pasted")))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The lines with 0x80070002 and 0x80070003 that healthy machines write, after the templates that were counted on nine
// of them, are no cause of anything.
func TestNoiseIsNoFinding(t *testing.T) {
	cbs := []string{
		"FOD: WUFodMetadataCache not available; falling back to InboxFodMetadataCache",
		"Not able to add UpdateAgent.log to WER report", "Not able to add pending.xml to Windows Error Report.",
		"Not able to add pending.xml.bad to Windows Error Report.", "Not able to add poqexec.log to Windows Error Report.",
		"Not able to add SCM.EVM to Windows Error Report.", "Not able to add current session file to Windows Error Report.",
		"WU: Windows update server selection group policy not set",
		"Not able to read Ring", "Not able to read BranchName", "Not able to read ContentType", "Not able to read IsBuildFlightingEnabled",
		"Not able to query DisableWerReporting flag.  Assuming not set...",
		"Unable to determine current WU country code; skipping region-restricted feature",
		"Failed to clear CorruptionDetectedDuringAcr store corrupt flag", "Failed reading PoqexecCmdline registry key",
		"Failed reading SetupExecute registry key", `Failed to get poqexec cmdline from Components\Configuration`,
		"Failed to initialize onesettings", "The store corruption status report is incomplete.",
		"InternalOpenPackage failed for Package_7_for_KB5034122~31bf3856ad364e35~amd64~~10.0.1.0", "Exec: Failed to read AutoRepairNeeded",
	}
	var log strings.Builder
	for _, text := range cbs {
		for _, code := range []string{"0x80070002 - ERROR_FILE_NOT_FOUND", "0x80070003 - ERROR_PATH_NOT_FOUND"} {
			log.WriteString("2024-01-11 03:14:55, Info                  CBS    " + text + " [HRESULT = " + code + "]\r\n")
		}
	}
	agent := ""
	for _, text := range []string{
		`Agent           ResetPendingBlocks: Directory C:\Windows\SoftwareDistribution\Download\7f1c3e0a9b2d4c5e8f60718293a4b5c6 failed, 0x80070002`,
		`DownloadManager DeleteFile failed while expiring C:\Windows\SoftwareDistribution\Download\7f1c\x.cab, error = 0x80070002`,
		`Driver          *FAILED* [80070003] wuuhdrv.dll, C:\__w\1\s\src\Client\Handlers\lib\driverutilp.cpp @120`,
	} {
		agent += "2024/01/11 03:10:02.1234567 1204  4410  " + text + "\r\n"
	}
	// An attempt that failed with the same code stands beside it.
	const failed = "{6F9DA4C3-2C79-4BB8-9CF6-1C1FD3A1F003}\t2024-01-11 03:15:09:401+0100\t1\t182 [AGENT_INSTALLING_FAILED]\t101\t" +
		"{5C2A3F60-7D41-4BE9-9A0E-2F6F8E5B1D07}\t200\t80070002\tUpdateOrchestrator\tFailure\tContent Install\tInstallation Failure: " +
		"Windows failed to install the following update with error 0x80070002: An update (KB5034122).\tx\r\n"
	set := ofLogs(t, imagetest.Tree(t, map[string]string{
		"CBS.log": log.String(), "WindowsUpdate.log": agent, "ReportingEvents.log": wide(failed),
		"setupact.log": "2024-01-11 03:10:02, Info                         AudMig: RegOpenKeyEx can't open key (0x80070002)\r\n",
	}))
	if got := findings(set); len(got) > 0 {
		t.Errorf("noise led to %q", got)
	}
	if e := events(set, evidence.UpdateFileMissing, evidence.PayloadMissing, evidence.PayloadCorrupt); len(e) > 0 {
		t.Errorf("noise was taken for %+v", e)
	}
	if n := len(events(set, evidence.Attempt)); n != 1 {
		t.Errorf("%d attempts, want the one reported", n)
	}
	if codes := set.Codes(); len(codes) == 0 || codes[0].Code != 0x80070002 {
		t.Errorf("codes %v: noise is counted all the same", codes)
	}
}

// makeZip packs a folder.
func makeZip(t testing.TB, dir string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A lab image's own files as a bundle, as a folder and as a zip: no file can be looked for, but hives are read, and so
// local times are placed.
func TestBundleWithHives(t *testing.T) {
	dir := labImage(t, "component-payload-missing")
	for name, path := range map[string]string{"folder": dir, "zip": makeZip(t, dir)} {
		set := ofLogs(t, path)
		if diff := cmp.Diff([]string{"component-payload-missing proven KB5034122 DWrite.dll"}, findings(set)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if set.Machine.Build != "10.0.19045.3800" || set.Machine.Present || len(events(set, evidence.FileState)) > 0 {
			t.Errorf("%s: got %+v, file states %v", name, set.Machine, events(set, evidence.FileState))
		}
		for _, e := range events(set, evidence.PayloadMissing) {
			if got := evidence.FormatTime(e.Time, e.Local); got != "2024-01-11T02:14:55Z" {
				t.Errorf("%s: the missing file is of %s, want it in UTC by the hive's zone", name, got)
			}
		}
		if len(set.Unread()) > 0 {
			t.Errorf("%s: unread %v", name, set.Unread())
		}
	}
}

// What was saved of an image gives the findings of the image.
func TestSavedEvidence(t *testing.T) {
	for _, scenario := range lab.Names() {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			set := ofImage(t, labImage(t, scenario))
			var saved bytes.Buffer
			if err := evidence.Save(&saved, set); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "evidence.jsonl")
			if err := os.WriteFile(path, saved.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			loaded := ofLogs(t, path)
			want, got := doctor.Examine(set, check.All()), doctor.Examine(loaded, check.All())
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-image +saved):\n%s", diff)
			}
			if diff := cmp.Diff(history.Merge(set), history.Merge(loaded)); diff != "" {
				t.Errorf("history (-image +saved):\n%s", diff)
			}
			if diff := cmp.Diff(set.Codes(), loaded.Codes()); diff != "" {
				t.Errorf("codes (-image +saved):\n%s", diff)
			}
		})
	}
}

func TestNothingRecognised(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{"readme.txt": "hello", "x/y.bin": "\x00\x01"})
	img, err := offline.OpenLogs(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if _, err := gather.Gather(t.Context(), img, gather.Options{}); !errors.Is(err, image.ErrNoLogs) {
		t.Errorf("got %v, want %v", err, image.ErrNoLogs)
	}
}

// brake is an image whose files never end.
type brake struct{ image.Image }

type endless struct{ line []byte }

func (b brake) FS() image.FS { return brakeFS{b.Image.FS()} }

type brakeFS struct{ image.FS }

func (b brakeFS) Open(string) (image.File, error) {
	return endless{[]byte(strings.Repeat(missingLine, 10))}, nil
}

func (e endless) Read(p []byte) (int, error)              { return copy(p, e.line), nil }
func (e endless) ReadAt(p []byte, off int64) (int, error) { return copy(p, e.line[off%100:]), nil }
func (e endless) Size() int64                             { return 1 << 40 }
func (e endless) Close() error                            { return nil }

func TestCancelled(t *testing.T) {
	img, err := offline.OpenLogs(imagetest.Tree(t, map[string]string{"a.log": "", "b.log": "", "c.log": "", "d.log": ""}))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err = gather.Gather(ctx, brake{img}, gather.Options{})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 30*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
}

func TestCancelledBeforeItBegins(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	img, err := offline.Open(labImage(t, "payload-missing-download"))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if set, err := gather.Gather(ctx, img, gather.Options{}); !errors.Is(err, context.Canceled) || set != nil {
		t.Errorf("got %v, %v", set, err)
	}
}

func TestProgress(t *testing.T) {
	img, err := offline.Open(labImage(t, "payload-missing-download"))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	var seen []string // without a lock: one at a time is promised
	if _, err := gather.Gather(t.Context(), img, gather.Options{Progress: func(p string) { seen = append(seen, p) }}); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(seen, `C:\Windows\Logs\CBS\CBS.log`) {
		t.Errorf("progress %q", seen)
	}
}

func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
