package trace_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/update"
)

const (
	folder = `C:\Windows\SoftwareDistribution\Download\5c2a3f607d414be99a0e2f6f8e5b1d07`
	logs   = `C:\Windows\System32\winevt\Logs`
	source = "http://wsus.lab:8530/Content/AB/0123456789ABCDEF0123456789ABCDEF012345AB.cab"
)

var (
	start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	fix   = update.Ref{
		ID: update.ID{GUID: guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"), Revision: 200}, KB: "KB5034122",
		Title: "2026-11 Update for lab computers (KB5034122)",
	}
	options = trace.Options{
		Root: `C:\Windows`, Logs: logs, Computer: "LAB-PC", Client: "redx agent", Zone: time.FixedZone("", 3600),
	}
)

// computer makes a healthy image on which an update was downloaded and extracted.
func computer(t *testing.T) (string, *disk.Drive, *trace.Keeper) {
	t.Helper()
	healthy, err := lab.Parse("healthy", []byte("A healthy computer.\n-- expect --\nnothing\n"))
	if err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	if err := lab.Build(healthy, top); err != nil {
		t.Fatal(err)
	}
	d, err := disk.Open(top, "C:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return top, d, trace.New(d, options)
}

// payload are the files of the update, put where they belong.
func payload(t *testing.T, d disk.Disk) []trace.File {
	t.Helper()
	var files []trace.File
	for _, name := range []string{"fix.cab", "update.mum", `amd64_redx-lab_31bf3856ad364e35_1.0.0.1_none_0123456789abcdef\lab.dll`} {
		path := folder + `\` + name
		dir, _ := disk.Split(path)
		_, err := disk.MakeAll(d, dir)
		if err = errors.Join(err, disk.Replace(d, path, disk.Bytes([]byte(name)))); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(name))
		files = append(files, trace.File{Name: name, Path: path, Size: int64(len(name)), SHA256: sum[:], URLs: []string{source}, Done: true})
	}
	return files
}

func tell(t *testing.T, k *trace.Keeper, events ...trace.Event) {
	t.Helper()
	for _, e := range events {
		if err := k.Tell(e); err != nil {
			t.Fatal(err)
		}
	}
}

// attempt is what an agent tells of an installation that begins at a time.
func attempt(at time.Time, code hresult.Code) []trace.Event {
	end := trace.Event{Kind: trace.InstallDone, At: at.Add(2 * time.Second), Update: fix, Code: code}
	if code.Failed() {
		end.Kind = trace.InstallFailed
	}
	return []trace.Event{
		{Kind: trace.ScanDone, At: at.Add(-3 * time.Second), Found: 1},
		{Kind: trace.DownloadStarted, At: at.Add(-2 * time.Second), Update: fix},
		{Kind: trace.TransferDone, At: at.Add(-1500 * time.Millisecond), Update: fix, URL: source, Bytes: 7},
		{Kind: trace.DownloadDone, At: at.Add(-time.Second), Update: fix},
		{Kind: trace.InstallStarted, At: at, Update: fix},
		end,
	}
}

func look(t *testing.T, top string) (*evidence.Set, []history.Entry, []doctor.Finding) {
	t.Helper()
	img, err := offline.Open(top)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	set, err := gather.Gather(context.Background(), img, gather.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set, history.Merge(set), doctor.Examine(set, check.All())
}

func TestMissingFileIsProven(t *testing.T) {
	top, d, k := computer(t)
	files := payload(t, d)
	if err := k.Know(trace.Known{Update: fix, Files: files}); err != nil {
		t.Fatal(err)
	}
	lost := files[2]
	if err := d.Remove(lost.Path); err != nil {
		t.Fatal(err)
	}
	tell(t, k, attempt(start, hresult.FileNotFound)...)
	set, entries, findings := look(t, top)
	if unread := set.Unread(); len(unread) > 0 {
		t.Errorf("not read: %+v", unread)
	}
	if len(entries) != 1 || len(entries[0].Sources) != 3 || entries[0].Result != update.Failed || entries[0].Operation != update.Install {
		t.Errorf("history: %+v", entries)
	}
	if len(findings) != 1 {
		t.Fatalf("findings: %+v", findings)
	}
	f := findings[0]
	want := doctor.File{Path: lost.Path, SHA256: hex.EncodeToString(lost.SHA256), URL: source, Size: lost.Size}
	if f.Check != "payload-missing-download" || f.Confidence != doctor.Proven || f.Update.ID.GUID != fix.ID.GUID {
		t.Errorf("finding: %+v", f)
	}
	if diff := cmp.Diff([]doctor.File{want}, f.Files); diff != "" {
		t.Error(diff)
	}
}

func TestMissingFolderIsProven(t *testing.T) {
	top, d, k := computer(t)
	if err := k.Know(trace.Known{Update: fix, Files: payload(t, d)}); err != nil {
		t.Fatal(err)
	}
	if err := disk.RemoveAll(d, folder); err != nil {
		t.Fatal(err)
	}
	tell(t, k, attempt(start, hresult.PathNotFound)...)
	_, _, findings := look(t, top)
	if len(findings) != 1 || findings[0].Check != "payload-missing-download" || findings[0].Confidence != doctor.Proven {
		t.Fatalf("findings: %+v", findings)
	}
	if m := findings[0].Missing; len(m) != 1 || m[0].Kind != doctor.MissingDirectory || !strings.EqualFold(m[0].Name, folder) {
		t.Errorf("missing: %+v", m)
	}
}

// TestServerContentMissing tells of a download that the server answered with 404.
func TestServerContentMissing(t *testing.T) {
	top, _, k := computer(t)
	tell(
		t, k, trace.Event{Kind: trace.DownloadStarted, At: start, Update: fix},
		trace.Event{Kind: trace.TransferFailed, At: start.Add(time.Second), Update: fix, URL: source, Code: 0x80190194},
		trace.Event{Kind: trace.DownloadFailed, At: start.Add(time.Second), Update: fix, Code: 0x80244019},
	)
	_, entries, findings := look(t, top)
	if len(entries) != 1 || entries[0].Phase != evidence.PhaseInstall && entries[0].Phase != evidence.PhaseDownload {
		t.Errorf("history: %+v", entries)
	}
	if len(findings) != 1 || findings[0].Check != "server-content-missing" || findings[0].Files[0].URL != source {
		t.Errorf("findings: %+v", findings)
	}
}

// TestToldTwice holds that what is told again changes no file.
func TestToldTwice(t *testing.T) {
	top, d, k := computer(t)
	known := trace.Known{Update: fix, Files: payload(t, d)}
	if err := k.Know(known); err != nil {
		t.Fatal(err)
	}
	tell(t, k, attempt(start, hresult.FileNotFound)...)
	before := files(t, top)
	tell(t, k, attempt(start, hresult.FileNotFound)...)
	if diff := cmp.Diff(before, files(t, top)); diff != "" {
		t.Error(diff)
	}
	tell(t, k, attempt(start.Add(time.Hour), 0)...)
	_, entries, findings := look(t, top)
	if len(entries) != 2 || len(entries[0].Sources) != 3 || len(entries[1].Sources) != 3 || entries[0].Result != update.Succeeded {
		t.Errorf("history: %+v", entries)
	}
	if len(findings) > 0 {
		t.Errorf("findings: %+v", findings)
	}
}

// files gives the digests of what stands in an image.
func files(t *testing.T, top string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(top, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		sum := sha256.Sum256(b)
		all[path] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDamagedDatastore(t *testing.T) {
	for name, harm := range map[string]func(b []byte) []byte{
		"a page":   func(b []byte) []byte { copy(b[len(b)-3*32768+500:], "overwritten"); return b },
		"the head": func(b []byte) []byte { clear(b[:2*32768]); return b },
		"cut":      func(b []byte) []byte { return b[:4*32768] },
		"empty":    func(b []byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			top, d, k := computer(t)
			if err := k.Know(trace.Known{Update: fix, Files: payload(t, d)}); err != nil {
				t.Fatal(err)
			}
			tell(t, k, attempt(start, 0)...)
			path := filepath.Join(top, "Windows", "SoftwareDistribution", "DataStore", "DataStore.edb")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b = harm(b)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			var damaged *trace.Damaged
			if err := k.Check(); !errors.As(err, &damaged) || damaged.Code>>16 != 0xc800 || damaged.Path != k.Datastore() {
				t.Fatalf("got %v", err)
			}
			tell(
				t, k, trace.Event{Kind: trace.DatastoreDamaged, At: start.Add(time.Hour), Code: damaged.Code},
				trace.Event{Kind: trace.ScanFailed, At: start.Add(time.Hour), Code: damaged.Code},
			)
			if err := k.Tell(attempt(start.Add(2*time.Hour), hresult.FileNotFound)[5]); !errors.As(err, &damaged) {
				t.Errorf("told: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(b) {
				t.Error("the damaged database was written to", err)
			}
			_, _, findings := look(t, top)
			proven := false
			for _, f := range findings {
				proven = proven || f.Check == "datastore-damaged" && f.Confidence == doctor.Proven
			}
			if !proven {
				t.Errorf("findings: %+v", findings)
			}
		})
	}
}

// TestOwnFolder keeps traces where an agent on a real computer does: no event log is touched, pages are as it is told.
func TestOwnFolder(t *testing.T) {
	d, err := disk.Open(t.TempDir(), "C:")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := disk.MakeAll(d, `C:\ProgramData\redx`); err != nil {
		t.Fatal(err)
	}
	o := trace.Options{Root: `C:\ProgramData\redx`, Client: "redx agent", PageSize: 4096}
	for n := range 30 {
		tell(t, trace.New(d, o), attempt(start.Add(time.Duration(n)*time.Hour), hresult.FileNotFound)...)
		o.PageSize = 0 // the one that is there keeps its own
	}
	names, err := d.Names(`C:\ProgramData\redx\SoftwareDistribution`)
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"DataStore", "ReportingEvents.log"}) {
		t.Errorf("%q, %v", names, err)
	}
	if names, err := d.Names(`C:\`); err != nil || len(names) != 1 {
		t.Errorf("%q, %v", names, err)
	}
	k := trace.New(d, o)
	info, err := d.Stat(k.Datastore())
	if err = errors.Join(err, k.Check()); err != nil || info.Size > 300<<10 {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestForeignReaders has evtxexport and esedbexport read what was left.
func TestForeignReaders(t *testing.T) {
	export, edb := testdata.Tool(t, "evtxexport"), testdata.Tool(t, "esedbexport")
	top, d, k := computer(t)
	if err := k.Know(trace.Known{Update: fix, Files: payload(t, d)}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		tell(t, k, attempt(start.Add(time.Duration(i)*time.Hour), hresult.FileNotFound)...)
	}
	out, err := exec.Command(export, "-f", "xml", filepath.Join(top, "Windows/System32/winevt/Logs/System.evtx")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for want, n := range map[string]int{
		"<EventID>20</EventID>": 5, "<EventID>43</EventID>": 5, "<EventID>44</EventID>": 5,
		`<Data Name="errorCode">0x80070002</Data>`:                               5,
		`<Data Name="updateTitle">` + fix.Title + `</Data>`:                      15,
		`<Data Name="updateGuid">{5C2A3F60-7D41-4BE9-9A0E-2F6F8E5B1D07}</Data>`:  15,
		`<Data Name="updateRevisionNumber">200</Data>`:                           15,
		`Guid="{945A8954-C147-4ACD-923F-40C45405A658}"`:                          15,
		`<Data Name="serviceGuid">{3DA21691-E39D-4DA6-8A4B-B43877BCB1B7}</Data>`: 5,
	} {
		if got := strings.Count(string(out), want); got != n {
			t.Errorf("%s: %d times, want %d", want, got, n)
		}
	}
	dir := t.TempDir()
	if out, err := exec.Command(edb, "-t", filepath.Join(dir, "x"), filepath.Join(top, "Windows/SoftwareDistribution/DataStore/DataStore.edb")).
		CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "x.export", "tbHistory.*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	table, err := os.ReadFile(names[0])
	if err != nil || strings.Count(string(table), fix.Title) != 5 {
		t.Errorf("%v: %s", err, table)
	}
}
