package winsys_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/winsys"
	writer "github.com/redx-update/redx/internal/write/hive"
)

// load gives the root of a hive with what fill puts into it.
func load(t *testing.T, fill func(*writer.Key)) registry.Key {
	t.Helper()
	root := &writer.Key{Name: "ROOT"}
	fill(root)
	b, err := writer.Encode(root, writer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return open(t, b)
}

func open(t *testing.T, b []byte) registry.Key {
	t.Helper()
	h, err := hive.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return h.Root()
}

// realSystem gives a real SYSTEM hive.
func realSystem(t *testing.T, name string) *winsys.System {
	t.Helper()
	s, err := winsys.NewSystem(open(t, testdata.Open(t, "windows/hives/"+name+".xz")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return v
	}
}

func TestNewSystem(t *testing.T) {
	tests := []struct {
		name string
		fill func(*writer.Key)
		want string
	}{
		{"second set", func(k *writer.Key) { k.Sub("Select").DWord("Current", 2); k.Sub("controlset002") }, "ControlSet002"},
		{"no set", func(k *writer.Key) { k.Sub("Select").DWord("Current", 2) }, ""},
		{"no choice", func(k *writer.Key) { k.Sub("ControlSet001") }, ""},
	}
	for _, tt := range tests {
		s, err := winsys.NewSystem(load(t, tt.fill))
		switch {
		case tt.want == "" && !errors.Is(err, fs.ErrNotExist):
			t.Errorf("%s: got %v, want fs.ErrNotExist", tt.name, err)
		case tt.want != "" && (err != nil || s.ControlSet() != tt.want):
			t.Errorf("%s: got %v, %v", tt.name, s, err)
		}
	}
}

// bare is a SYSTEM hive in which nothing but the control set is there.
func bare(t *testing.T) *winsys.System {
	t.Helper()
	return must[*winsys.System](t)(winsys.NewSystem(load(t, func(k *writer.Key) {
		k.Sub("Select").DWord("Current", 1)
		k.Sub("ControlSet001")
	})))
}

func TestMissingKeysAreNoErrors(t *testing.T) {
	s := bare(t)
	w := winsys.NewSoftware(load(t, func(*writer.Key) {}))
	c := winsys.NewComponents(load(t, func(*writer.Key) {}))
	_, e1 := s.TimeZone(w)
	_, e2 := s.PendingRenames()
	_, e3 := s.Environment()
	_, e4 := s.Drives()
	_, e5 := w.Version()
	_, _, e6 := w.MachineGUID()
	_, e7 := w.RebootFlags()
	_, e8 := w.Policy()
	_, e9 := c.State()
	if err := errors.Join(e1, e2, e3, e4, e5, e6, e7, e8, e9); err != nil {
		t.Error(err)
	}
	for range s.Services() {
		t.Error("a service in an empty hive")
	}
	if _, err := s.Service("wuauserv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestRealServices(t *testing.T) {
	for _, name := range []string{"SYSTEM_WIN_10_1709", "SYSTEM_B"} {
		s := realSystem(t, name)
		got := must[winsys.Service](t)(s.Service("WUAUSERV"))
		got.ImagePath = strings.TrimSuffix(got.ImagePath, " -p") // since 1703
		want := winsys.Service{
			Name: "wuauserv", Where: `SYSTEM\ControlSet001\Services\wuauserv`, Start: winsys.StartDemand, HasStart: true,
			Type: 0x20, ImagePath: `%systemroot%\system32\svchost.exe -k netsvcs`, ObjectName: "LocalSystem",
			DependsOn: []string{"rpcss"}, DLL: `%systemroot%\system32\wuaueng.dll`,
			DLLWhere: `SYSTEM\ControlSet001\Services\wuauserv\Parameters`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		services, withDLL := 0, 0
		for v, err := range s.Services() {
			if err != nil {
				t.Error(err)
			}
			if v.HasStart {
				services++
			}
			if v.DLL != "" {
				withDLL++
			}
		}
		if services < 500 || withDLL < 150 {
			t.Errorf("%s: %d services, %d of them with a DLL", name, services, withDLL)
		}
	}
}

func TestRealPendingRenames(t *testing.T) {
	list := must[[]winsys.Rename](t)(realSystem(t, "SYSTEM_WIN_10_1709").PendingRenames())
	if len(list) == 0 {
		t.Fatal("none")
	}
	for _, r := range list {
		if !strings.HasPrefix(r.From, `C:\`) {
			t.Errorf("%+v", r)
		}
	}
	want := winsys.Rename{
		Where: `SYSTEM\ControlSet001\Control\Session Manager\PendingFileRenameOperations`,
		From:  `C:\WINDOWS\System32\drivers\SETEAC4.tmp`,
	}
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPendingRenames(t *testing.T) {
	root := load(t, func(k *writer.Key) {
		k.Sub("Select").DWord("Current", 1)
		k.Sub(`ControlSet001\Control\Session Manager`).MultiSZ("PendingFileRenameOperations",
			`\??\C:\a`, `!\??\C:\b`, `*1\??\C:\c`, `*1\??\C:\d`, `\??\C:\e`, ``)
	})
	s := must[*winsys.System](t)(winsys.NewSystem(root))
	got := must[[]winsys.Rename](t)(s.PendingRenames())
	where := `SYSTEM\ControlSet001\Control\Session Manager\PendingFileRenameOperations`
	want := []winsys.Rename{
		{Where: where, From: `C:\a`, To: `C:\b`, Replace: true},
		{Where: where, From: `C:\c`, To: `C:\d`},
		{Where: where, From: `C:\e`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRealEnvironment(t *testing.T) {
	e := must[winsys.Environment](t)(realSystem(t, "SYSTEM_WIN_10_1709").Environment())
	vars := func(name string) (string, bool) {
		if strings.EqualFold(name, "SystemRoot") {
			return `C:\Windows`, true
		}
		return e.Get(name)
	}
	for in, want := range map[string]string{
		"%TEMP%": `C:\Windows\TEMP`, "%temp%\\x%": `C:\Windows\TEMP\x%`, "%windir%": `C:\Windows`,
		"50% of %nothing% here": "50% of %nothing% here", "": "",
	} {
		if got := winsys.Expand(in, vars); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestExpand(t *testing.T) {
	vars := func(name string) (string, bool) {
		value, known := map[string]string{"A": "1%B%", "B": "2", "GROWS": strings.Repeat("%GROWS%", 100), "LOOP": "%LOOP%"}[name]
		return value, known
	}
	percents := strings.Repeat("%", 500_000)
	for in, want := range map[string]string{
		"":               "",
		`x%A%y`:          "x12y",
		"%B%%B%":         "22",
		"%C%B%":          "%C2",
		"%C%":            "%C%",
		"100%":           "100%",
		"%%":             "%%",
		"%%B%":           "%2",
		"%LOOP%":         "%LOOP%",
		percents:         percents,
		"%GROWS%":        strings.Repeat("%GROWS%", 100), // further on it is longer than Windows allows
		"%A%" + percents: "%A%" + percents,
	} {
		if got := winsys.Expand(in, vars); got != want {
			t.Errorf("%.40q: %.40q of %d, want %.40q of %d", in, got, len(got), want, len(want))
		}
	}
}

func TestRealDrivers(t *testing.T) {
	found, known := false, 0
	for d, err := range realSystem(t, "SYSTEM_WIN_10_1709").DriverInfs() {
		if err != nil {
			t.Error(err)
		}
		if d.Known {
			known++
		} else if d.Active != "" {
			t.Errorf("%s: active package %s is not described", d.Name, d.Active)
		}
		if d.Name != "usbport.inf" {
			continue
		}
		found = true
		if want := "usbport.inf_amd64_688228d3af82d8bf"; d.Active != want || len(d.Packages) != 1 || !d.Known {
			t.Errorf("got %+v, want %s", d, want)
		}
	}
	if !found || known < 200 {
		t.Errorf("found: %v, known: %d", found, known)
	}
}

func TestRealDrives(t *testing.T) {
	list := must[[]winsys.Drive](t)(realSystem(t, "SYSTEM_WIN_10_1709").Drives())
	var got []string
	for _, d := range list {
		got = append(got, d.String()[:min(len(d.String()), 20)])
	}
	want := []string{"C: disk df4546ae at ", `D: \??\SCSI#CdRom&Ve`, "E: disk df4546ae at ", "F: disk 002b1be5 at "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if list[0].Offset != 0x1f500000 {
		t.Errorf("C: at %#x", list[0].Offset)
	}
}
