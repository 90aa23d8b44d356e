package collect_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/collect"
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab"
)

func open(t *testing.T, path string, how func(string) (image.Image, error)) image.Image {
	t.Helper()
	img, err := how(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

func labImage(t *testing.T, name string) image.Image {
	t.Helper()
	s, err := lab.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, offline.Open)
}

func gathered(t *testing.T, img image.Image) *evidence.Set {
	t.Helper()
	set, err := gather.Gather(t.Context(), img, gather.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func collected(t *testing.T, img image.Image, o collect.Options) (string, collect.Summary) {
	t.Helper()
	var b bytes.Buffer
	summary, err := collect.Write(t.Context(), &b, img, o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "evidence.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, summary
}

func states(set *evidence.Set) []evidence.Event {
	var out []evidence.Event
	for e := range set.Of(evidence.FileState) {
		out = append(out, *e)
	}
	return out
}

// The zip of an image says what the image says, to the last line of proof.
func TestSameFindings(t *testing.T) {
	for _, name := range scenarios() {
		t.Run(name, func(t *testing.T) {
			img := labImage(t, name)
			path, _ := collected(t, img, collect.Options{Names: true})
			want, got := gathered(t, img), gathered(t, open(t, path, offline.OpenLogs))
			if diff := cmp.Diff(doctor.Examine(want, check.All()), doctor.Examine(got, check.All())); diff != "" {
				t.Errorf("findings (-image +zip):\n%s", diff)
			}
			if diff := cmp.Diff(states(want), states(got)); diff != "" {
				t.Errorf("file states (-image +zip):\n%s", diff)
			}
			if diff := cmp.Diff(want.Codes(), got.Codes()); diff != "" {
				t.Errorf("codes (-image +zip):\n%s", diff)
			}
			if diff := cmp.Diff(want.Unread(), got.Unread()); diff != "" {
				t.Errorf("unread (-image +zip):\n%s", diff)
			}
		})
	}
}

// Masked, names differ and nothing else: the same causes, as sure, with as many things missing. Where a missing thing is
// called after a person, so is the finding's identity.
func TestSameFindingsMasked(t *testing.T) {
	type short struct {
		Check      string
		Confidence doctor.Confidence
		Missing    int
		Proof      int
	}
	shorten := func(set *evidence.Set) (out []short) {
		for _, f := range doctor.Examine(set, check.All()) {
			out = append(out, short{f.Check, f.Confidence, len(f.Missing), len(f.Proof)})
		}
		return out
	}
	for _, name := range scenarios() {
		img := labImage(t, name)
		path, summary := collected(t, img, collect.Options{})
		want, got := shorten(gathered(t, img)), shorten(gathered(t, open(t, path, offline.OpenLogs)))
		if diff := cmp.Diff(want, got); diff != "" || !summary.Masked {
			t.Errorf("%s: masked is %v (-image +zip):\n%s", name, summary.Masked, diff)
		}
	}
}

func entries(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	all := map[string]string{}
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name] = string(b)
	}
	return all
}

// The zip has text and nothing but what was recognised, and twice the same image gives the same bytes.
func TestZip(t *testing.T) {
	img := labImage(t, "payload-missing-download")
	first, summary := collected(t, img, collect.Options{})
	second, _ := collected(t, img, collect.Options{})
	a, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(second)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("two zips of one image differ, %v", err)
	}
	all := entries(t, first)
	if len(all) != 2+len(summary.Logs) || len(summary.Logs) == 0 || summary.Events == 0 {
		t.Errorf("%d entries for %d logs and %d events", len(all), len(summary.Logs), summary.Events)
	}
	for name, content := range all {
		if strings.ContainsRune(content, 0) || strings.HasSuffix(name, ".edb") || strings.HasSuffix(name, ".evtx") {
			t.Errorf("%s is no text", name)
		}
	}
	if !strings.Contains(all[gather.Manifest], `"drive": "C:"`) || !strings.Contains(all[gather.Manifest], `"zone"`) {
		t.Errorf("manifest: %s", all[gather.Manifest])
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWriteFails(t *testing.T) {
	img := labImage(t, "payload-missing-download")
	if _, err := collect.Write(t.Context(), full{}, img, collect.Options{}); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := collect.Write(ctx, io.Discard, img, collect.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

const named = `Names of a person, a computer and a domain, wherever Windows writes them.
-- expect --
nothing
-- Windows/System32/config/SYSTEM.reg+ --

[ControlSet001\Control\ComputerName\ComputerName]
"ComputerName"="FRONTDESK-9"

[ControlSet001\Services\Tcpip\Parameters]
"NV Hostname"="frontdesk-9"
"NV Domain"="clinic.example"
-- Windows/System32/config/SOFTWARE.reg+ --

[Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1004336348-1177238915-682003330-1001]
"ProfileImagePath"=expand:"C:\Users\wilhelmina"

[Microsoft\Windows NT\CurrentVersion\Winlogon]
"DefaultUserName"="wilhelmina"

[Policies\Microsoft\Windows\WindowsUpdate]
"WUServer"="http://updates.clinic.example:8530"

[Policies\Microsoft\Windows\WindowsUpdate\AU]
"UseWUServer"=dword:00000001
-- Windows/Logs/CBS/CBS.log --
2024-01-10 09:00:02, Info                  CBS    Session: 30000000_1 initialized by client WindowsUpdateAgent on FRONTDESK-9.
2024-01-10 09:00:03, Info                  CBS    Reading C:\Users\Wilhelmina\AppData\Local\Temp\x.log, CLINIC\wilhelmina
-- Windows/PFRO.log.utf16 --
1/10/2024 9:0:2 - PFRO Error: \??\C:\Users\wilhelmina\x.tmp, |delete operation|, 0xc0000034
`

func TestNamesAreMasked(t *testing.T) {
	s, err := lab.Parse("named", []byte(named))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	img := open(t, dir, offline.Open)
	names := []string{"wilhelmina", "frontdesk", "clinic.example", "1004336348"}
	count := func(o collect.Options) map[string]int {
		n := map[string]int{}
		path, _ := collected(t, img, o)
		for entry, content := range entries(t, path) {
			for _, name := range names {
				n[name] += strings.Count(strings.ToLower(entry+content), name)
			}
		}
		return n
	}
	masked, kept := count(collect.Options{}), count(collect.Options{Names: true})
	for _, name := range names[:3] {
		if masked[name] != 0 || kept[name] == 0 {
			t.Errorf("%s stands %d times in the masked zip, %d times in the other", name, masked[name], kept[name])
		}
	}
	path, _ := collected(t, img, collect.Options{})
	if log := entries(t, path)["C/Windows/PFRO.log"]; !strings.Contains(log, `C:\Users\user1\x.tmp`) {
		t.Errorf("the UTF-16 log: %q", log)
	}
	set := gathered(t, open(t, path, offline.OpenLogs))
	if !set.Machine.Masked {
		t.Error("the bundle does not say that names were replaced")
	}
}

// scenarios are all of the lab's; with -short every eighth.
func scenarios() []string {
	if !testing.Short() {
		return lab.Names()
	}
	var some []string
	for i, name := range lab.Names() {
		if i%8 == 0 {
			some = append(some, name)
		}
	}
	return some
}
