package facts_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/facts"
	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/winbin"
	"github.com/redx-update/redx/internal/write/hive"
)

func text(s string) []byte { return append(winbin.PutUTF16(s), 0, 0) }

func dword(n byte) []byte { return []byte{n, 0, 0, 0} }

// policy is a licensing policy of one value.
func policy(name string, n byte) []byte {
	value := append(make([]byte, 16), text(name)...)
	value = append(value, dword(n)...)
	for len(value)%4 != 0 {
		value = append(value, 0)
	}
	value[0], value[2], value[4], value[6] = byte(len(value)), byte(len(text(name))), 4, 4
	head := make([]byte, 20)
	head[4] = byte(len(value))
	return append(append(head, value...), 0x45, 0, 0, 0)
}

// computer makes an installation on disk: hives of our own writer, and some files.
func computer(t *testing.T) facts.Computer {
	t.Helper()
	sys, soft := &hive.Key{Name: "ROOT"}, &hive.Key{Name: "ROOT"}
	sys.Sub("Select").Set("Current", registry.DWord, dword(1))
	control := sys.Sub(`ControlSet001\Control`)
	control.Sub("ProductOptions").Set("ProductType", registry.SZ, text("ServerNT"))
	control.Sub("ProductOptions").Set("ProductSuite", registry.MultiSZ, append(append(text("Enterprise"), text("Terminal Server")...), 0, 0))
	control.Sub("ProductOptions").Set("ProductPolicy", registry.Binary, policy("Kernel-X", 3))
	control.Sub(`Session Manager\Environment`).Set("PROCESSOR_ARCHITECTURE", registry.SZ, text("AMD64"))
	control.Sub(`MUI\UILanguages\de-DE`)
	nt := soft.Sub(`Microsoft\Windows NT\CurrentVersion`)
	nt.Set("CurrentBuild", registry.SZ, text("7601"))
	nt.Set("CurrentVersion", registry.SZ, text("6.1"))
	nt.Set("CSDVersion", registry.SZ, text("Service Pack 1"))
	nt.Set("SystemRoot", registry.SZ, text(`C:\Windows`))
	soft.Sub(`Microsoft\Windows\CurrentVersion`).Set("ProgramFilesDir", registry.SZ, text(`C:\Program Files`))
	soft.Sub(`X`).Set("bits", registry.DWord, dword(64))
	soft.Sub(`WOW6432Node\X`).Set("bits", registry.DWord, dword(32))
	soft.Sub(`Classes\.x`).Set("", registry.SZ, text("x"))
	return open(t, map[string]string{
		"Windows/System32/config/SYSTEM": encode(t, sys), "Windows/System32/config/SOFTWARE": encode(t, soft),
		"Windows/System32/a.txt": "0123456789", "Windows/System32/kernel32.dll": "MZ",
	})
}

func encode(t *testing.T, root *hive.Key) string {
	t.Helper()
	b, err := hive.Encode(root, hive.Options{Written: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func open(t *testing.T, files map[string]string) facts.Computer {
	t.Helper()
	img, err := offline.Open(imagetest.Tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return facts.Computer{Image: img}
}

func TestWindows(t *testing.T) {
	got, err := computer(t).Windows()
	want := applicability.Windows{
		Major: 6, Minor: 1, Build: 7601, ServicePack: 1, ProductType: 3, SuiteMask: 0x112, Architecture: 9,
		Languages: []string{"de-DE"}, SuiteKnown: true, TypesKnown: true,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestKey(t *testing.T) {
	c := computer(t)
	for _, test := range []struct {
		path   string
		view32 bool
		bits   uint64
		want   error
	}{
		{`HKEY_LOCAL_MACHINE\SOFTWARE\X`, false, 64, nil},
		{`HKEY_LOCAL_MACHINE\Software\x`, true, 32, nil},
		{`HKEY_LOCAL_MACHINE\SOFTWARE\gone`, false, 0, fs.ErrNotExist},
		{`HKEY_CURRENT_USER\SOFTWARE\X`, false, 0, applicability.ErrUnknown},
		{`HKEY_LOCAL_MACHINE\HARDWARE\X`, false, 0, applicability.ErrUnknown},
	} {
		k, err := c.Key(test.path, test.view32)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.path, err, test.want)
		}
		if err != nil {
			continue
		}
		if v, err := k.Value("bits"); err != nil {
			t.Error(err)
		} else if n, _ := v.Uint64(); n != test.bits {
			t.Errorf("%s: got the view of %d bits, want %d", test.path, n, test.bits)
		}
	}
	if _, err := c.Key(`HKEY_CLASSES_ROOT\.x`, false); err != nil {
		t.Error(err)
	}
}

func TestFiles(t *testing.T) {
	c := computer(t)
	if f, err := c.File(`%windir%\System32\a.txt`); err != nil || f.Size != 10 || f.Modified.IsZero() {
		t.Errorf("got %+v, %v", f, err)
	}
	for path, want := range map[string]error{
		`C:\Windows\System32`: fs.ErrNotExist, `C:\gone`: fs.ErrNotExist, `D:\a`: applicability.ErrUnknown,
	} {
		if _, err := c.File(path); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
	}
	if _, err := c.FileVersion(`C:\Windows\System32\a.txt`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("version of a text: got %v", err)
	}
	for csidl, want := range map[int]string{0x25: `C:\Windows\System32`, 0x24: `C:\Windows`, 0x26: `C:\Program Files`} {
		if got, err := c.Folder(csidl); err != nil || got != want {
			t.Errorf("folder %d: got %s, %v, want %s", csidl, got, err, want)
		}
	}
	if _, err := c.Folder(0x10); !errors.Is(err, applicability.ErrUnknown) {
		t.Errorf("a user's desktop: got %v", err)
	}
}

func TestLicense(t *testing.T) {
	c := computer(t)
	v, err := c.License("kernel-x")
	if n, ok := v.Uint64(); err != nil || !ok || n != 3 {
		t.Errorf("got %d, %v, %v", n, ok, err)
	}
	if _, err := c.License("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a value that is not there: got %v", err)
	}
}

func TestInstalled(t *testing.T) {
	c := computer(t)
	if _, err := c.Installed(guid.GUID{1}); !errors.Is(err, applicability.ErrUnknown) {
		t.Errorf("without a history: got %v", err)
	}
	c.Ever = func(id guid.GUID) (bool, error) { return id == guid.GUID{1}, nil }
	if ever, err := c.Installed(guid.GUID{1}); err != nil || !ever {
		t.Errorf("got %v, %v", ever, err)
	}
}

// TestNothingIsKnownWithoutHives: a rule over a registry that cannot be read must not come out false.
func TestNothingIsKnownWithoutHives(t *testing.T) {
	c := open(t, map[string]string{"Windows/System32/config/SYSTEM": "damaged", "Windows/System32/a": ""})
	if _, err := c.Windows(); !errors.Is(err, applicability.ErrUnknown) {
		t.Errorf("Windows: got %v", err)
	}
	for _, path := range []string{`HKEY_LOCAL_MACHINE\SOFTWARE\X`, `HKEY_LOCAL_MACHINE\SYSTEM\X`} {
		if _, err := c.Key(path, false); !errors.Is(err, applicability.ErrUnknown) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// realSystem is an installation that has the SYSTEM hive of a Windows 10 in a virtual machine, and nothing else.
func realSystem(t *testing.T) image.Image {
	t.Helper()
	b := testdata.Open(t, "windows/hives/SYSTEM_WIN_10_1709.xz")
	dir := t.TempDir()
	config := filepath.Join(dir, "Windows", "System32", "config")
	if err := os.MkdirAll(config, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "SYSTEM"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	img, err := offline.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

// TestRealSystem reads the policy and the product of a real SYSTEM hive.
func TestRealSystem(t *testing.T) {
	img := realSystem(t)
	v, err := facts.Computer{Image: img}.License("Kernel-ProductInfo")
	n, ok := v.Uint64()
	t.Logf("Kernel-ProductInfo %d", n)
	if err != nil || !ok {
		t.Errorf("got %d, %v", n, err)
	}
}
