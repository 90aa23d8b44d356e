package gather_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/vault"
	"github.com/redx-update/redx/internal/winbin"
	"github.com/redx-update/redx/internal/write/cab"
)

// wrongCase spells a path as no Windows does.
func wrongCase(p string) string {
	b := []byte(strings.ToLower(p))
	for i := 0; i < len(b); i += 2 {
		b[i] = strings.ToUpper(string(b[i : i+1]))[0]
	}
	return string(b)
}

// keptHistory is a vault that has the history of an image.
func keptHistory(t *testing.T, dir string) []byte {
	kept := t.TempDir()
	if _, err := vault.Save(t.Context(), kept, ofImage(t, dir)); err != nil {
		t.Fatal(err)
	}
	return readFile(t, filepath.Join(kept, vault.Name))
}

// oneOfEach gives a file for every kind of place, in the real format, by what the place is.
func oneOfEach(t *testing.T) map[string][]byte {
	dir := labImage(t, "payload-missing-download")
	take := func(p string) []byte { return readFile(t, filepath.Join(dir, filepath.FromSlash(p))) }
	packed, err := cab.Encode([]cab.File{cab.Bytes("CbsPersist_1.log", time.Time{}, []byte(missingLine))}, cab.Options{Method: cab.LZX})
	if err != nil {
		t.Fatal(err)
	}
	evtx, edb := take("Windows/System32/winevt/Logs/System.evtx"), take("Windows/SoftwareDistribution/DataStore/DataStore.edb")
	etl := take("Windows/Logs/WindowsUpdate/WindowsUpdate.20240111.031502.100.1.etl")
	reporting := take("Windows/SoftwareDistribution/ReportingEvents.log")
	history := keptHistory(t, dir)
	setup := []byte("2024-01-11 03:10:02, Error                 SP     Operation failed: x. Error: 0x80070002[gle=0x00000002]\r\n")
	setupapi := []byte("[Device Install Log]\r\n     OS Version = 10.0.19045\r\n\r\n>>>  [x]\r\n>>>  Section start 2024/01/11 03:10:02.123\r\n" +
		"!!!  inf: Unable to load INF: 'C:\\x.inf'(00000003)\r\n<<<  Section end 2024/01/11 03:10:02.123\r\n<<<  [Exit status: FAILURE(0x00000003)]\r\n")
	return map[string][]byte{
		`windows\logs\cbs\cbs.log`: []byte(missingLine), `windows\logs\cbs\cbspersist_20240101.cab`: packed,
		`windows\logs\dism\dism.log`:                                                           []byte("2024-01-11 03:10:02, Error                 DISM   DISM Provider Store: PID=1 TID=2 failed - x(hr:0x80070002)\r\n"),
		`windows\logs\windowsupdate\a.etl`:                                                     etl,
		`windows\logs\sih\a.etl`:                                                               etl,
		`windows\logs\waasmedic\a.etl`:                                                         etl,
		`windows\windowsupdate.log`:                                                            []byte("2024/01/11 03:10:02.1234567 1204  4410  Agent           *FAILED* [80070002] x\r\n"),
		`windows\softwaredistribution\reportingevents.log`:                                     reporting,
		`windows\softwaredistribution\datastore\datastore.edb`:                                 edb,
		`windows\sdtemp2\reportingevents.log`:                                                  reporting,
		`windows\sdtemp2\datastore\datastore.edb`:                                              edb,
		`windows\sdtemp.datastore\datastore.edb`:                                               edb,
		`windows\softwaredistribution_old\datastore\datastore.edb`:                             edb,
		`windows\softwaredistribution\datastore.bak\datastore.edb`:                             edb,
		`windows\softwaredistribution.old\reportingevents.log`:                                 reporting,
		`windows\softwaredistribution.bak1\datastore\datastore.edb`:                            edb,
		`windows\system32\winevt\logs\system.evtx`:                                             evtx,
		`windows\system32\winevt\logs\setup.evtx`:                                              evtx,
		`windows\system32\winevt\logs\application.evtx`:                                        evtx,
		`windows\system32\winevt\logs\microsoft-windows-windowsupdateclient%4operational.evtx`: evtx,
		`windows\system32\winevt\logs\microsoft-windows-bits-client%4operational.evtx`:         evtx,
		`windows\system32\winevt\logs\microsoft-windows-capi2%4operational.evtx`:               evtx,
		`windows\system32\winevt\logs\microsoft-windows-taskscheduler%4operational.evtx`:       evtx,
		`windows\system32\catroot2\{f750e6c3-38ee-11d1-85e5-00c04fc295ee}\catdb`:               edb,
		`windows\inf\setupapi.dev.log`:                                                         setupapi,
		`windows\pfro.log`:                                                                     []byte("1/11/2024 3:10:2 - PFRO Error: \\??\\C:\\x, |delete operation|, 0xc0000034\r\n"),
		`windows\winsxs\poqexec.log`:                                                           fmt.Appendf(nil, "%x: c0000034;failed\r\n", winbin.PutFiletime(time.Date(2024, 1, 11, 2, 0, 0, 0, time.UTC))),
		`windows\panther\setupact.log`:                                                         setup,
		`windows\panther\newos\panther\setuperr.log`:                                           setup,
		`windows\panther\unattendgc\setupact.log`:                                              setup,
		`$windows.~bt\sources\panther\setuperr.log`:                                            setup,
		`$windows.~bt\sources\rollback\setupact.log`:                                           setup,
		`programdata\microsoft\windows\wer\reportarchive\a_1\report.wer`:                       []byte("Version=1\r\nEventType=WindowsUpdateFailure3\r\nSig[0].Name=x\r\n"),
		`programdata\microsoft\windows\wer\reportqueue\b_1\report.wer`:                         []byte("Version=1\r\nEventType=WindowsUpdateFailure3\r\nSig[0].Name=x\r\n"),
		`programdata\microsoft\network\downloader\qmgr.db`:                                     edb,
		`programdata\usoprivate\updatestore\store.db`:                                          take("ProgramData/USOPrivate/UpdateStore/store.db"),
		`programdata\redx\softwaredistribution\reportingevents.log`:                            reporting,
		`programdata\redx\softwaredistribution\datastore\datastore.edb`:                        edb,
		`programdata\redx\sdtemp.2\reportingevents.log`:                                        reporting,
		`programdata\redx\sdtemp.2\datastore\datastore.edb`:                                    edb,
		`programdata\redx\sdtemp.datastore\datastore.edb`:                                      edb,
		`programdata\redx\history.db`:                                                          history,
		`programdata\redx\history.db.aside.2`:                                                  history,
	}
}

// Every known place is found in a tree whose names are spelled in the wrong case, and read once.
func TestPlaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "C")
	s, err := lab.Load("payload-missing-download-near")
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	hives := map[string][]byte{}
	for _, h := range []string{"SYSTEM", "SOFTWARE", "COMPONENTS"} {
		hives[`windows\system32\config\`+h] = readFile(t, filepath.Join(dir, "Windows/System32/config", h))
	}
	files := oneOfEach(t)
	tree := t.TempDir()
	for _, m := range []map[string][]byte{files, hives} {
		for p, data := range m {
			writeFile(t, filepath.Join(tree, strings.ReplaceAll(wrongCase(p), `\`, "/")), data)
		}
	}
	img, err := offline.Open(tree)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	var got []string
	set, err := gather.Gather(t.Context(), img, gather.Options{Progress: func(p string) {
		got = append(got, strings.ToLower(strings.TrimPrefix(p, `C:\`)))
	}})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for p := range files {
		want = append(want, p)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files read (-want +got):\n%s", diff)
	}
	if u := set.Unread(); len(u) > 0 {
		t.Errorf("unread: %v", u)
	}
}

// Every user can leave an error report, and a folder of setup's. Neither passes for a log of servicing, and no file of an
// installation for evidence that redx has saved.
func TestPlanted(t *testing.T) {
	dir := labImage(t, "payload-missing-download")
	var saved bytes.Buffer
	if err := evidence.Save(&saved, ofImage(t, dir)); err != nil {
		t.Fatal(err)
	}
	places := []string{
		"ProgramData/Microsoft/Windows/WER/ReportQueue/x/Report.wer", "ProgramData/Microsoft/Windows/WER/ReportArchive/x/Report.wer",
		"$WINDOWS.~BT/Sources/Panther/setupact.log", "$WINDOWS.~BT/Sources/Rollback/setuperr.log",
	}
	for what, data := range map[string][]byte{
		"a servicing log": []byte(missingLine), "saved evidence": saved.Bytes(),
		"an event log": readFile(t, filepath.Join(dir, "Windows/System32/winevt/Logs/System.evtx")),
		"a database":   readFile(t, filepath.Join(dir, "Windows/SoftwareDistribution/DataStore/DataStore.edb")),
	} {
		planted := labImage(t, "payload-missing-download")
		for _, p := range places {
			writeFile(t, filepath.Join(planted, p), data)
		}
		if what == "saved evidence" {
			writeFile(t, filepath.Join(planted, "Windows/Logs/CBS/CBS.log"), []byte(strings.ReplaceAll(saved.String(), `C:\\Windows`, `C:\\planted`)))
		}
		for _, e := range events(ofImage(t, planted)) {
			if strings.Contains(e.Source.Path, "planted") || slices.ContainsFunc(places, func(p string) bool { return strings.HasSuffix(e.Source.Path, strings.ReplaceAll(p, "/", `\`)) }) {
				t.Errorf("%s is taken from %s", what, e.Source.Path)
			}
		}
	}
}

// Folders of earlier repairs keep their history; their files are no longer looked for.
func TestPutAside(t *testing.T) {
	dir := labImage(t, "payload-missing-download")
	sd := filepath.Join(dir, "Windows", "SoftwareDistribution")
	if err := os.Rename(sd, filepath.Join(dir, "Windows", "SDTemp")); err != nil {
		t.Fatal(err)
	}
	set := ofImage(t, dir)
	sources := map[string]int{}
	for _, e := range events(set, evidence.Attempt, evidence.DatastoreFile) {
		sources[string(e.Kind)+" "+e.Source.Path]++
	}
	const edb = `C:\Windows\SDTemp\DataStore\DataStore.edb`
	if sources["attempt "+edb] != 2 || sources["datastore-file "+edb] != 0 || sources[`attempt C:\Windows\SDTemp\ReportingEvents.log`] == 0 {
		t.Errorf("got %v, want history from SDTemp and no files", sources)
	}
	// The same in a bundle, where SDTemp may be the bundle's root.
	for _, root := range []string{dir, filepath.Join(dir, "Windows")} {
		if files := events(ofLogs(t, root), evidence.DatastoreFile); len(files) > 0 {
			t.Errorf("%s: %d files of a datastore put aside", root, len(files))
		}
	}
}

// Rolled servicing logs are read out of their cabinets, whichever way these are packed.
func TestCabinets(t *testing.T) {
	for name, options := range map[string]cab.Options{
		"LZX": {Method: cab.LZX}, "LZX 15": {Method: cab.LZX, Window: 15}, "MSZIP": {Method: cab.MSZIP}, "stored": {},
	} {
		log := strings.Repeat("2024-01-11 03:14:54, Info                  CBS    padding\r\n", 2000) + missingLine
		packed, err := cab.Encode([]cab.File{
			cab.Bytes("readme.txt", time.Time{}, []byte(missingLine)), cab.Bytes("CbsPersist_1.log", time.Time{}, []byte(log)),
		}, options)
		if err != nil {
			t.Fatal(err)
		}
		dir := labImage(t, "payload-missing-download-near")
		writeFile(t, filepath.Join(dir, "Windows/Logs/CBS/CbsPersist_1.cab"), packed)
		set := ofImage(t, dir)
		got := events(set, evidence.PayloadMissing)
		if len(got) != 1 || got[0].Source.Path != `C:\Windows\Logs\CBS\CbsPersist_1.cab\CbsPersist_1.log` || got[0].Source.Line != 2001 {
			t.Errorf("%s: got %+v, unread %v", name, got, set.Unread())
			continue
		}
		if evidence.FormatTime(got[0].Time, got[0].Local) != "2024-01-11T02:14:55Z" {
			t.Errorf("%s: time %s, want the registry's zone applied", name, got[0].Time)
		}
	}
}

// forbidding is an image with a file that may not be read; root, who may run the tests, could read any.
type forbidding struct{ image.Image }

type forbiddingFS struct{ image.FS }

func (f forbidding) FS() image.FS { return forbiddingFS{f.Image.FS()} }

func (f forbiddingFS) Open(path string) (image.File, error) {
	if strings.HasSuffix(path, "PFRO.log") {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	return f.FS.Open(path)
}

// symlink makes a link and says whether it is there: Windows grants links to few, and Wine makes none and says it has.
func symlink(t *testing.T, target, link string) bool {
	t.Helper()
	err := os.Symlink(target, link)
	if _, missing := os.Lstat(link); missing != nil && runtime.GOOS == "windows" {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

// What is damaged, forbidden or outside is named; all else is read.
func TestUnread(t *testing.T) {
	dir := labImage(t, "component-payload-missing")
	files := oneOfEach(t)
	cut := func(from, to string, keep func(n int) int) {
		data := files[from]
		writeFile(t, filepath.Join(dir, to), data[:keep(len(data))])
	}
	half := func(n int) int { return n / 2 }
	cut(`windows\system32\winevt\logs\system.evtx`, "Windows/System32/winevt/Logs/System.evtx", func(int) int { return 5000 })
	cut(`windows\softwaredistribution\datastore\datastore.edb`, "Windows/SoftwareDistribution/DataStore/DataStore.edb", half)
	cut(`windows\logs\cbs\cbspersist_20240101.cab`, "Windows/Logs/CBS/CbsPersist_1.cab", half)
	writeFile(t, filepath.Join(dir, "Windows/System32/winevt/Logs/Setup.evtx"), make([]byte, 70000))
	writeFile(t, filepath.Join(dir, "ProgramData/Microsoft/Network/Downloader/qmgr.db"), []byte("zzz"))
	software := filepath.Join(dir, "Windows/System32/config/SOFTWARE")
	writeFile(t, software, readFile(t, software)[:600])
	outside := filepath.Join(t.TempDir(), "dism.log")
	writeFile(t, outside, []byte("2024-01-11 03:10:02, Error                 DISM   x(hr:0x80070005)\r\n"))
	if err := os.MkdirAll(filepath.Join(dir, "Windows/Logs/DISM"), 0o755); err != nil {
		t.Fatal(err)
	}
	linked := symlink(t, outside, filepath.Join(dir, "Windows/Logs/DISM/dism.log"))
	want := []string{
		`C:\ProgramData\Microsoft\Network\Downloader\qmgr.db`, `C:\Windows\Logs\CBS\CbsPersist_1.cab\CbsPersist_1.log`,
		`C:\Windows\Logs\DISM\dism.log`, `C:\Windows\PFRO.log`, `C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`,
		`C:\Windows\System32\winevt\Logs\Setup.evtx`, `C:\Windows\System32\winevt\Logs\System.evtx`, `HKLM\SOFTWARE`,
	}
	if !linked {
		want = slices.DeleteFunc(want, func(p string) bool { return strings.HasSuffix(p, "dism.log") })
	}
	writeFile(t, filepath.Join(dir, "Windows/PFRO.log"), []byte("x"))
	img, err := offline.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	set := gathered(t, forbidding{img})
	if diff := cmp.Diff(want, unread(set)); diff != "" {
		t.Errorf("unread (-want +got):\n%s\n%v", diff, set.Unread())
	}
	for _, c := range set.Codes() {
		if c.Code == 0x80070005 {
			t.Error("a link out of the image was followed")
		}
	}
	left := []string{"component-payload-missing proven KB5034122 DWrite.dll", "bits-queue-damaged proven "}
	if diff := cmp.Diff(left, findings(set)); diff != "" {
		t.Errorf("what the rest says (-want +got):\n%s", diff)
	}
}

// A bundle names damage too, and passes over what it does not know.
func TestUnreadInABundle(t *testing.T) {
	files := oneOfEach(t)
	evtx := files[`windows\system32\winevt\logs\system.evtx`]
	dir := imagetest.Tree(t, map[string]string{
		"CBS.log": missingLine, "Cut.evtx": string(evtx[:5000]), "zero.evtx": strings.Repeat("\x00", 5000), "empty.etl": "",
		"notes.txt": "hello", "photo.jpg": "\xff\xd8\xff", "other.cab": "MSCF", "thumbs.db": "x",
	})
	set := ofLogs(t, dir)
	if diff := cmp.Diff([]string{"Cut.evtx", "zero.evtx"}, unread(set)); diff != "" {
		t.Errorf("unread (-want +got):\n%s\n%v", diff, set.Unread())
	}
	if got := findings(set); len(got) != 1 {
		t.Errorf("findings %q", got)
	}
}

// TestPlacesAreTested holds that a new place comes with a file in oneOfEach.
func TestPlacesAreTested(t *testing.T) {
	files := oneOfEach(t)
	for _, place := range gather.Places() {
		pattern := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(place, "%windir%", `\windows`), `\`))
		found := false
		for p := range files {
			ok, err := path.Match(strings.ReplaceAll(pattern, `\`, "/"), strings.ReplaceAll(p, `\`, "/"))
			found = found || ok && err == nil
		}
		if !found {
			t.Errorf("no test file for %s", place)
		}
	}
}
