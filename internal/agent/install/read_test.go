package install_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/testdata"
)

func TestArguments(t *testing.T) {
	for line, want := range map[string][]string{
		``:                       nil,
		"  \t ":                  nil,
		`a b`:                    {"a", "b"},
		`"a b" c`:                {"a b", "c"},
		`""`:                     {""},
		`a"b c"d`:                {"ab cd"},
		`"a""b" c`:               {`a"b`, "c"},
		`a\b c\\d`:               {`a\b`, `c\\d`},
		`a\"b`:                   {`a"b`},
		`a\\"b c"`:               {`a\b c`},
		`a\\\"b`:                 {`a\"b`},
		`"C:\a b\\" x`:           {`C:\a b\`, "x"},
		`\`:                      {`\`},
		`"a b`:                   {"a b"},
		`/q PROP="x y" /l*v %T%`: {"/q", "PROP=x y", "/l*v", "%T%"},
	} {
		if got, err := install.Arguments(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", line, got, err, want)
		}
	}
	for _, line := range []string{"a\x00b", strings.Repeat("x", 40000)} {
		if _, err := install.Arguments(line); err == nil {
			t.Errorf("%.20q: no error", line)
		}
	}
}

func TestParseHandler(t *testing.T) {
	const open, shut = `<HandlerSpecificData type="cmd:CommandLineInstallation">`, `</HandlerSpecificData>`
	for name, tt := range map[string]struct {
		text string
		want install.Handler
		err  bool
	}{
		"a program, as servers send it": {
			`<ExtendedProperties/>` + open + `<InstallCommand Program="AM_Delta.exe" Arguments="WD /q"><ReturnCode Code="0" Result="Succeeded" /></InstallCommand>` + shut,
			install.Handler{Kind: install.CommandLine, Install: install.Command{
				Program: "AM_Delta.exe", Arguments: "WD /q", Other: install.Outcome{Failed: true}, Codes: map[int32]install.Outcome{0: {}},
			}},
			false,
		},
		"return codes": {
			open + `<cmd:InstallCommand Program="x.exe" DefaultResult="Succeeded" RebootByDefault="true"><cmd:ReturnCode Code="0xC0000005" Result="Failed"/><cmd:ReturnCode Code="-1" Result="Cancelled" Reboot="1"/></cmd:InstallCommand><cmd:UninstallCommand Program="y.exe"/>` + shut,
			install.Handler{
				Kind: install.CommandLine,
				Install: install.Command{
					Program: "x.exe", Other: install.Outcome{Restart: true},
					Codes: map[int32]install.Outcome{-1073741819: {Failed: true}, -1: {Cancelled: true, Restart: true}},
				},
				Uninstall: install.Command{Program: "y.exe", Other: install.Outcome{Failed: true}, Codes: map[int32]install.Outcome{}},
			},
			false,
		},
		"a package": {`<x xmlns:xsi="u"><HandlerSpecificData xsi:type="cbs:Cbs"/></x>`, install.Handler{Kind: install.CBS}, false},
		"Windows Installer": {
			`<HandlerSpecificData type="msi:WindowsInstaller"><MsiData MsiFile="x.msi" ProductCode="{00112233-4455-6677-8899-AABBCCDDEEFF}" CommandLine="A=1"/></HandlerSpecificData>`,
			install.Handler{Kind: install.MSI, Package: "x.msi", Product: "{00112233-4455-6677-8899-AABBCCDDEEFF}", Install: install.Command{Arguments: "A=1"}},
			false,
		},
		"none":           {`<x/>`, install.Handler{}, true},
		"a driver":       {`<HandlerSpecificData type="drv:WindowsDriver"/>`, install.Handler{Kind: install.Driver}, false},
		"a patch":        {`<HandlerSpecificData type="x:WindowsPatch"/>`, install.Handler{}, true},
		"a program up":   {open + `<InstallCommand Program="..\x.exe"/>` + shut, install.Handler{}, true},
		"a whole path":   {open + `<InstallCommand Program="C:\Windows\System32\cmd.exe"/>` + shut, install.Handler{}, true},
		"no program":     {open + shut, install.Handler{}, true},
		"no return code": {open + `<InstallCommand Program="x"><ReturnCode Code="y"/></InstallCommand>` + shut, install.Handler{}, true},
		"a product that is a switch": {
			`<HandlerSpecificData type="msi:WindowsInstaller"><MsiData ProductCode="/x y"/></HandlerSpecificData>`, install.Handler{}, true,
		},
		"cut": {open + `<InstallCommand`, install.Handler{}, true},
	} {
		got, err := install.ParseHandler([]byte(tt.text))
		if tt.err {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if _, err := install.ParseHandler([]byte(`<HandlerSpecificData type="x:WindowsPatch"/>`)); !errors.Is(err, install.ErrHandler) {
		t.Error(err)
	}
}

// TestRealHandlers reads what a real server sent.
func TestRealHandlers(t *testing.T) {
	for _, name := range []string{"266f6222-c89d-43f2-9f8a-69340271e677-r200.extended.xml", "266f6222-c89d-43f2-9f8a-69340271e677-r200.update.xml"} {
		h, err := install.ParseHandler(testdata.Open(t, "wsus/fragments/"+name))
		if err != nil || h.Kind != install.CommandLine || h.Install.Program == "" || h.Install.Outcome(0).Failed || !h.Install.Outcome(1).Failed {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

func TestReadManifest(t *testing.T) {
	p := parts()[0]
	m, err := install.ReadManifest([]byte("\xef\xbb\xbf" + p.manifest()))
	if err != nil || len(m.Files) != 2 || m.Files[0].Name != "new.dll" || m.Files[0].Size != 3 || len(m.Files[0].SHA256) != 32 ||
		m.Files[0].Destination != `$(runtime.system32)\` || m.Identity.Name != p.name {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = install.ReadManifest([]byte(mum(parts())))
	if err != nil || m.KB != "KB5034122" || len(m.Components) != 3 || m.Identity.Package() != identity || m.Restart {
		t.Errorf("%+v, %v", m, err)
	}
	for name, text := range map[string]string{
		"nothing":     ``,
		"other":       `<other/>`,
		"no identity": `<assembly/>`,
		"cut":         p.manifest()[:len(p.manifest())-20],
		"a name up":   strings.Replace(p.manifest(), `<file name="new.dll"`, `<file name="..\new.dll"`, 1),
		"a digest":    strings.Replace(p.manifest(), `<dsig:DigestValue>`, `<dsig:DigestValue>x`, 1),
		"a size":      strings.Replace(p.manifest(), `size="3"`, `size="-1"`, 1),
		"an identity": strings.Replace(p.manifest(), `name="redx-lab-a"`, `name="..\a"`, 1),
		"a tilde":     strings.Replace(p.manifest(), `name="redx-lab-a"`, `name="a~b"`, 1),
	} {
		if m, err := install.ReadManifest([]byte(text)); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(mum(parts())))
	f.Add([]byte(parts()[0].manifest()))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := install.ReadManifest(b)
		if err != nil {
			return
		}
		for _, x := range m.Files {
			if strings.Contains(x.Name, "..\\") || strings.HasPrefix(x.Name, `\`) || strings.Contains(x.Name, ":") {
				t.Errorf("a file %q", x.Name)
			}
		}
		if strings.ContainsAny(m.Identity.Package(), `\/:`) {
			t.Errorf("a package %q", m.Identity.Package())
		}
	})
}

func FuzzHandler(f *testing.F) {
	f.Add([]byte(`<HandlerSpecificData type="cmd:CommandLineInstallation"><InstallCommand Program="x.exe" Arguments="a &quot;b c&quot;"><ReturnCode Code="0"/></InstallCommand></HandlerSpecificData>`))
	f.Add([]byte(`<HandlerSpecificData type="msi:WindowsInstaller"><MsiData MsiFile="x.msi" CommandLine="A=1"/></HandlerSpecificData>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := install.ParseHandler(b)
		if err != nil {
			return
		}
		if p := h.Install.Program + h.Package; strings.Contains(p, "..\\") || strings.Contains(p, ":") {
			t.Errorf("program %q", p)
		}
		if args, err := install.Arguments(h.Install.Arguments); err == nil && len(args) > len(h.Install.Arguments) {
			t.Errorf("%d arguments of %q", len(args), h.Install.Arguments)
		}
	})
}
