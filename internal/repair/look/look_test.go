package look

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/repair"
)

const update = "7f1c3e0a9b2d4c5e8f60718293a4b5c6"

// build makes the image of a missing payload, with the given files laid over it.
func build(t *testing.T, overlay string) string {
	t.Helper()
	s, err := lab.Parse("test", []byte("T\n-- expect --\nnothing\n"+
		"-- Windows/SoftwareDistribution/Download/"+update+"/a --\n12345\n-- Windows/SoftwareDistribution/b --\n1\n"+overlay))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "C")
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func look(t *testing.T, dir string) *repair.Scene {
	t.Helper()
	img, err := offline.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	return Image(img, []repair.Target{
		{Rung: repair.UpdateFolder, Update: update}, {Rung: repair.DataStore}, {Rung: repair.SoftwareDistribution},
	})
}

func TestImage(t *testing.T) {
	s := look(t, build(t, "-- Windows/sdtemp/x --\n1\n"))
	if s.Machine != "00000000-1ab0-4ab0-8ab0-000000000001" {
		t.Errorf("machine is %q", s.Machine)
	}
	if len(s.Pending)+len(s.Unseen) > 0 || s.Hibernated != "" {
		t.Errorf("a healthy image gives %q, %q, %q", s.Pending, s.Unseen, s.Hibernated)
	}
	want := map[repair.Target]repair.Folder{
		{Rung: repair.UpdateFolder, Update: update}: {Present: true, Bytes: 6},
		{Rung: repair.DataStore}:                    {Bytes: repair.Unknown},
		{Rung: repair.SoftwareDistribution}:         {Present: true, Bytes: 8},
	}
	if d := cmp.Diff(want, s.Folders); d != "" {
		t.Errorf("folders (-want +got):\n%s", d)
	}
	if names := s.Names[`C:\Windows`]; !strings.Contains(strings.Join(names, " "), "sdtemp") {
		t.Errorf("names are %q", names)
	}
}

const software = `-- Windows/System32/config/SOFTWARE.reg --
[Microsoft\Windows NT\CurrentVersion]
"SystemRoot"="C:\Windows"
`

func TestPending(t *testing.T) {
	const set = "-- Windows/System32/config/SYSTEM.reg --\n[Select]\n\"Current\"=dword:00000001\n" +
		"[ControlSet001\\Control\\Session Manager]\n\"PendingFileRenameOperations\"="
	cbs := `[Microsoft\Windows\CurrentVersion\Component Based Servicing\`
	au := `[Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\`
	for overlay, want := range map[string]string{
		"-- Windows/WinSxS/pending.xml --\n<x/>\n":                                         `C:\Windows\WinSxS\pending.xml`,
		software + cbs + "RebootPending]\n":                                                `RebootPending`,
		software + cbs + "RebootInProgress]\n":                                             `RebootInProgress`,
		software + cbs + "PackagesPending]\n":                                              `PackagesPending`,
		software + au + "RebootRequired]\n":                                                `RebootRequired`,
		software + au + "PostRebootReporting]\n":                                           "",
		set + `multi:"\??\C:\Windows\SoftwareDistribution","\??\C:\Windows\SDTemp"` + "\n": `Operations: C:\Windows\SoftwareDistribution`,
		set + `multi:"\??\C:\x","\??\c:\windows\softwaredistribution\y"` + "\n":            `Operations: c:\windows\softwaredistribution\y`,
		set + `multi:"\??\C:\Temp\x",""` + "\n":                                            "",
	} {
		s := look(t, build(t, overlay))
		got := strings.Join(s.Pending, " ")
		if len(s.Unseen) > 0 || !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: pending %q, unseen %q, want %q", overlay, s.Pending, s.Unseen, want)
		}
	}
}

func TestHibernation(t *testing.T) {
	for head, want := range map[string]string{
		"hibr....": "hibernated", "HIBR....": "hibernated", "wake....": "", "\x00\x00\x00\x00": "", "ab": "",
		"what....": "unseen",
	} {
		dir := build(t, "")
		if err := os.WriteFile(filepath.Join(dir, "hiberfil.sys"), []byte(head), 0o600); err != nil {
			t.Fatal(err)
		}
		s, got := look(t, dir), ""
		switch {
		case s.Hibernated != "":
			got = "hibernated"
		case len(s.Unseen) > 0:
			got = "unseen"
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", head, got, want)
		}
	}
}

func TestReparse(t *testing.T) {
	for name, link := range map[string]string{"inside": "System32", "outside": "/usr", "dangling": "nowhere"} {
		t.Run(name, func(t *testing.T) {
			dir := build(t, "")
			sd := filepath.Join(dir, "Windows", "SoftwareDistribution")
			if err := os.RemoveAll(sd); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(link, sd); err != nil {
				t.Skip("cannot make symbolic links here:", err)
			}
			s := look(t, dir)
			for target, f := range s.Folders {
				redirected := f.Present && (len(f.Reparse) > 0 || f.Foreign != "")
				if !redirected && len(s.Unseen) == 0 {
					t.Errorf("%v: %+v: a redirected folder passes", target, f)
				}
			}
		})
	}
}

func TestUnreadableRegistryIsSaid(t *testing.T) {
	dir := build(t, "")
	for _, hive := range []string{"SOFTWARE", "SYSTEM"} {
		if err := os.WriteFile(filepath.Join(dir, "Windows", "System32", "config", hive), []byte("no hive"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s := look(t, dir); len(s.Unseen) != 2 {
		t.Errorf("unseen is %q, want both hives", s.Unseen)
	}
}
