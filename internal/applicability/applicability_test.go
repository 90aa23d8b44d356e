package applicability_test

import (
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

var self = guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07")

// computer is made-up facts. What is not in it is not there; names in hidden cannot be known.
type computer struct {
	windows  applicability.Windows
	files    map[string]applicability.File
	versions map[string]string
	keys     map[string]map[string]registry.Value // by path in lower case; view32 adds " 32"
	licenses map[string]uint32
	devices  []applicability.Device
	hidden   map[string]bool
	asked    map[string]int
}

func (c *computer) ask(what string) error {
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[what]++
	if c.hidden[what] {
		return fmt.Errorf("%s: %w", what, applicability.ErrUnknown)
	}
	return nil
}

func (c *computer) Windows() (applicability.Windows, error) { return c.windows, c.ask("windows") }

func (c *computer) Folder(csidl int) (string, error) {
	if csidl != 37 {
		return "", fs.ErrNotExist
	}
	return `C:\Windows\System32`, nil
}

func (c *computer) File(path string) (applicability.File, error) {
	f, ok := c.files[strings.ToLower(path)]
	if err := c.ask(path); err != nil || !ok {
		return f, orMissing(err)
	}
	return f, nil
}

func orMissing(err error) error {
	if err == nil {
		return fs.ErrNotExist
	}
	return err
}

func (c *computer) FileVersion(path string) (applicability.Version, error) {
	text, ok := c.versions[strings.ToLower(path)]
	if err := c.ask(path); err != nil || !ok {
		return applicability.Version{}, orMissing(err)
	}
	return applicability.ParseVersion(text)
}

func (c *computer) Key(path string, view32 bool) (registry.Key, error) {
	if view32 {
		path += " 32"
	}
	values, ok := c.keys[strings.ToLower(path)]
	if err := c.ask(path); err != nil || !ok {
		return nil, orMissing(err)
	}
	return key(values), nil
}

func (c *computer) License(name string) (registry.Value, error) {
	n, ok := c.licenses[name]
	if err := c.ask(name); err != nil || !ok {
		return registry.Value{}, orMissing(err)
	}
	return dword(n), nil
}

func (c *computer) Installed(id guid.GUID) (bool, error) { return id == self, c.ask("history") }

func (c *computer) Devices() ([]applicability.Device, error) { return c.devices, c.ask("devices") }

// key is a key with values alone.
type key map[string]registry.Value

func (key) Name() string                           { return "" }
func (key) LastWrite() time.Time                   { return time.Time{} }
func (key) Open(path string) (registry.Key, error) { return nil, registry.NotExist("open", path) }

func (key) Subkeys() iter.Seq2[registry.Key, error] { return func(func(registry.Key, error) bool) {} }

func (key) Values() iter.Seq2[registry.Value, error] {
	return func(func(registry.Value, error) bool) {}
}

func (k key) Value(name string) (registry.Value, error) {
	v, ok := k[strings.ToLower(name)]
	if !ok {
		return v, registry.NotExist("read", name)
	}
	return v, nil
}

func text(t registry.Type, s string) registry.Value {
	return registry.Value{Type: t, Data: winbin.PutUTF16(s + "\x00")}
}

func dword(n uint32) registry.Value {
	return registry.Value{Type: registry.DWord, Data: []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}}
}

// pc is a Windows 10 with a product of Windows Installer and a package of servicing.
func pc() *computer {
	const msi = `hkey_local_machine\software\classes\installer\`
	const user = `hkey_local_machine\software\microsoft\windows\currentversion\installer\userdata\s-1-5-18\`
	const cbs = `hkey_local_machine\software\microsoft\windows\currentversion\component based servicing\packages\`
	return &computer{
		windows: applicability.Windows{
			Major: 10, Build: 19045, ProductType: 1, SuiteMask: 0x100, SuiteKnown: true, TypesKnown: true,
			Architecture: 9, Languages: []string{"de-DE"},
		},
		files: map[string]applicability.File{
			`c:\windows\system32\a.dll`: {Size: 100, Modified: time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)},
		},
		versions: map[string]string{`c:\windows\system32\a.dll`: "10.0.19041.3636", `d:\defs\mpasdlta.vdm`: "1.459.530.0"},
		keys: map[string]map[string]registry.Value{
			`hkey_local_machine\software\x`: {
				"wide": text(registry.SZ, "ⱥbⱥ"), "n": dword(7), "s": text(registry.SZ, "Hello World"), "e": text(registry.ExpandSZ, `%windir%`),
				"v": text(registry.SZ, "3.2.1"), "": text(registry.SZ, "d"), "dir": text(registry.SZ, `D:\Defs\`),
			},
			`hkey_local_machine\system\currentcontrolset\control\session manager\environment`: {"number_of_processors": text(registry.SZ, "4")},
			`hkey_local_machine\software\x 32`:                                                {"n": dword(32)},
			msi + `products\00004109110000000100000000f01fec`:                                 {"version": dword(0x0f000102), "language": dword(1031)},
			msi + `features\00004109110000000100000000f01fec`: {
				"main": text(registry.SZ, "x"), "gone": text(registry.SZ, "\x06x"),
			},
			user + `products\00004109110000000100000000f01fec\patches\00000000000000000000000000000010`: {"state": dword(1)},
			user + `components\00000000000000000000000000000020`:                                        {"00004109110000000100000000f01fec": text(registry.SZ, "x")},
			cbs + `parent~31bf3856ad364e35~amd64~~10.0.19041.1`:                                         {"currentstate": dword(112)},
			cbs + `staged~31bf3856ad364e35~amd64~~10.0.19041.1`:                                         {"currentstate": dword(64)},
		},
		licenses: map[string]uint32{"Kernel-X": 3},
		hidden:   map[string]bool{`C:\hidden`: true, `HKEY_LOCAL_MACHINE\HIDDEN`: true, "secret": true},
	}
}

func rule(inner string) string {
	return `<UpdateIdentity UpdateID="x" /><ApplicabilityRules><IsInstalled>` + inner + `</IsInstalled></ApplicabilityRules>`
}

func TestRules(t *testing.T) {
	for text, want := range verdicts {
		if got := eval(t, pc(), rule(text)).IsInstalled; got.Truth != want {
			t.Errorf("%s\n\tis %+v, want %v", text, got, want)
		}
	}
}

type answers struct{ IsInstalled, IsInstallable applicability.Answer }

func eval(t *testing.T, c *computer, fragment string) answers {
	t.Helper()
	var compiler applicability.Compiler
	rules, err := compiler.Compile([]byte(fragment), self)
	if err != nil {
		t.Fatal(err)
	}
	s := compiler.Scan(c)
	return answers{s.Eval(rules.IsInstalled), s.Eval(rules.IsInstallable)}
}

// TestKleene holds And, Or and Not to the tables of three-valued logic.
func TestKleene(t *testing.T) {
	names := map[applicability.Truth]string{
		applicability.True: "<True />", applicability.False: "<False />", applicability.Unknown: `<b.WmiQuery WqlQuery="x" />`,
	}
	for a, ta := range names {
		if got := eval(t, pc(), rule("<Not>"+ta+"</Not>")).IsInstalled.Truth; got != -a {
			t.Errorf("not %v is %v", a, got)
		}
		for b, tb := range names {
			if got := eval(t, pc(), rule("<And>"+ta+tb+"</And>")).IsInstalled.Truth; got != min(a, b) {
				t.Errorf("%v and %v is %v", a, b, got)
			}
			if got := eval(t, pc(), rule("<Or>"+ta+tb+"</Or>")).IsInstalled.Truth; got != max(a, b) {
				t.Errorf("%v or %v is %v", a, b, got)
			}
		}
	}
}

func TestUnknownNamesItsRule(t *testing.T) {
	got := eval(t, pc(), rule(`<And><True /><Not><b.WmiQuery WqlQuery="select 1" /></Not></And>`)).IsInstalled
	if want := `WmiQuery WqlQuery="select 1"`; got.Rule != want || got.Why != "redx does not evaluate WmiQuery" {
		t.Errorf("got %+v, want the rule %s", got, want)
	}
}

const packageRules = `<ApplicabilityRules><IsInstalled><CbsPackageInstalled /></IsInstalled><IsInstallable><CbsPackageInstallable />
</IsInstallable><Metadata><CbsPackageApplicabilityMetadata><assembly><assemblyIdentity name="%s" publicKeyToken="31bf3856ad364e35"
processorArchitecture="amd64" language="neutral" version="10.0.19041.1" /><package><parent><assemblyIdentity name="%s"
publicKeyToken="31bf3856ad364e35" processorArchitecture="amd64" language="neutral" version="10.0.19041.1" /></parent></package>
</assembly></CbsPackageApplicabilityMetadata></Metadata></ApplicabilityRules>`

func TestPackageOfTheMetadata(t *testing.T) {
	for _, test := range []struct {
		self, parent           string
		installed, installable applicability.Truth
	}{
		{"New", "Parent", applicability.False, applicability.True},
		{"New", "Staged", applicability.False, applicability.False},
		{"Parent", "Parent", applicability.True, applicability.False},
	} {
		got := eval(t, pc(), fmt.Sprintf(packageRules, test.self, test.parent))
		if got.IsInstalled.Truth != test.installed || got.IsInstallable.Truth != test.installable {
			t.Errorf("%s below %s: got %+v", test.self, test.parent, got)
		}
	}
}

// TestScanAsksOnceAndScansAskAgain: what many updates ask is asked once, and nothing is kept for the next scan.
func TestScanAsksOnceAndScansAskAgain(t *testing.T) {
	var compiler applicability.Compiler
	var all []applicability.Rules
	for i := range 100 {
		text := rule(fmt.Sprintf(`<b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\X" Value="n" Comparison="EqualTo" Data="%d" />`, i%9))
		r, err := compiler.Compile([]byte(text), self)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	c := pc()
	holds := func() (n int) {
		s := compiler.Scan(c)
		for _, r := range all {
			if s.Eval(r.IsInstalled).Truth == applicability.True {
				n++
			}
		}
		return n
	}
	if got := holds(); got != 11 {
		t.Errorf("%d rules hold, want 11", got)
	}
	if got := c.asked[`HKEY_LOCAL_MACHINE\SOFTWARE\X`]; got != 1 {
		t.Errorf("the key was opened %d times, want once", got)
	}
	c.keys[`hkey_local_machine\software\x`]["n"] = dword(100)
	if got := holds(); got != 0 {
		t.Errorf("after the value changed %d rules hold, want none", got)
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"not closed":  "<ApplicabilityRules><IsInstalled>",
		"wrong close": "<ApplicabilityRules></IsInstalled>",
		"no xml":      "<ApplicabilityRules <",
		"too deep":    strings.Repeat("<And>", 100) + strings.Repeat("</And>", 100),
		"too large":   strings.Repeat(" ", 2<<20),
	} {
		var c applicability.Compiler
		if _, err := c.Compile([]byte(text), self); err == nil || !strings.Contains(err.Error(), "rules") {
			t.Errorf("%s: got %v, want an error that says where", name, err)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(rule(`<Or><b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\X" Value="n" Comparison="EqualTo" Data="7" /></Or>`))
	f.Add(fmt.Sprintf(packageRules, "a", "b"))
	f.Add(rule(`<b.FileExists Path="a.dll" Csidl="37" Size="1" Version="1.2" />`))
	f.Fuzz(func(t *testing.T, text string) {
		var c applicability.Compiler
		r, err := c.Compile([]byte(text), self)
		if err != nil {
			return
		}
		s := c.Scan(pc())
		for _, e := range []*applicability.Expr{r.IsInstalled, r.IsSuperseded, r.IsInstallable} {
			if a := s.Eval(e); a.Truth == applicability.Unknown && (a.Rule == "" || a.Why == "") {
				t.Errorf("%q is unknown, and nothing says why", text)
			}
		}
	})
}
