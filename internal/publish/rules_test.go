package publish_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/publish"
	"github.com/redx-update/redx/internal/registry"
)

// What of a document hangs on the signature, which is another with each key.
var (
	digests = regexp.MustCompile(`(Digest)="[^"]+"`)
	size    = regexp.MustCompile(`(Size)="[^"]+"`)
	sha256  = regexp.MustCompile(`(Algorithm="SHA256">)[^<]+(<)`)
)

// app is a computer with a program in version 2.1.
var app = computer{
	values: map[string]registry.Value{`hklm\software\app\version`: text("2.1"), `hklm\software\app\n`: dword(5)},
	files:  map[string]applicability.Version{`c:\program files\app\app.exe`: {2, 1}},
}

// program is the least that is a program.
func program() []byte {
	b := make([]byte, 512)
	copy(b, "MZ")
	b[60] = 64
	copy(b[64:], "PE\x00\x00")
	b[64+20], b[64+24], b[64+25], b[64+24+108] = 240, 0x0b, 2, 16
	return b
}

func TestRules(t *testing.T) {
	const yes, no = applicability.True, applicability.False
	for _, tt := range []struct {
		name string
		add  func(r *publish.Rules) error
		want applicability.Truth
	}{
		{"file", func(r *publish.Rules) error { return r.InstalledIfFile(`%ProgramFiles%\App\app.exe`) }, yes},
		{"absolute", func(r *publish.Rules) error { return r.InstalledIfFile(`C:\Program Files\App\app.exe`) }, yes},
		{"version", func(r *publish.Rules) error { return r.InstalledIfFile(`%ProgramFiles%\App\app.exe>=2.1`) }, yes},
		{"later version", func(r *publish.Rules) error { return r.InstalledIfFile(`%ProgramFiles%\App\app.exe>=2.1.0.1`) }, no},
		{"value", func(r *publish.Rules) error { return r.InstalledIfRegistry(`HKLM\SOFTWARE\App\Version`) }, yes},
		{"no value", func(r *publish.Rules) error { return r.InstalledIfRegistry(`HKLM\SOFTWARE\App\Other`) }, no},
		{"text", func(r *publish.Rules) error { return r.InstalledIfRegistry(`HKLM\SOFTWARE\App\Version=2.1`) }, yes},
		{"number", func(r *publish.Rules) error { return r.InstalledIfRegistry(`HKLM\SOFTWARE\App\N=dword:5`) }, yes},
		{"as version", func(r *publish.Rules) error { return r.InstalledIfRegistry(`HKLM\SOFTWARE\App\Version>=2.0.9`) }, yes},
		{"as later version", func(r *publish.Rules) error { return r.InstalledIfRegistry(`hklm\SOFTWARE\App\Version>=10`) }, no},
		{"XML", func(r *publish.Rules) error {
			return r.Read(strings.NewReader(`<IsInstalled><lar:Not xmlns:lar="x"><b.RegSz Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\App" Value="Version" Comparison="EqualTo" Data="2.1"/></lar:Not></IsInstalled>`))
		}, no},
	} {
		k := open(t)
		r := publish.Request{Path: k.write(t, "setup.exe", program()), Title: tt.name, Identity: k.id}
		if err := tt.add(&r.Rules); err != nil {
			t.Fatal(tt.name, err)
		}
		if err := r.Rules.For("Windows >= 10.0.19041"); err != nil {
			t.Fatal(err)
		}
		got := must[publish.Published](t)(k.Publish(t.Context(), r))
		document := k.document(t, got.Update)
		if is, can := judge(t, document, app); is != tt.want || can != yes {
			t.Errorf("%s: installed %v, installable %v", tt.name, is, can)
		}
		if tt.name == "version" {
			golden(t, "program.xml", []byte(strings.Replace(string(document), got.Update.String(), "ID", 1)))
		}
	}
}

func TestForeignWords(t *testing.T) {
	var r publish.Rules
	for text, take := range map[string]func(string) error{
		"app.exe": r.InstalledIfFile, `%x%\a`: r.InstalledIfFile, `C:\a>=x`: r.InstalledIfFile, `C:\%windir%\a`: r.InstalledIfFile,
		"HKLM": r.InstalledIfRegistry, `HKXX\a\b`: r.InstalledIfRegistry, `HKLM\a`: r.InstalledIfRegistry, `HKLM\a\b>=x`: r.InstalledIfRegistry, `HKLM\a\b>1`: r.InstalledIfRegistry,
		"macos>=10": r.For, "windows>10": r.For,
		"<IsInstalled>": func(s string) error { return r.Read(strings.NewReader(s)) }, "<Other />": func(s string) error { return r.Read(strings.NewReader(s)) },
		"x=success": code, "1=perhaps": code, "99999999999=success": code,
		"dire": func(s string) error { _, err := publish.ParseSeverity(s); return err },
		"soon": func(s string) error { _, err := publish.ParseReboot(s); return err },
		"Toys": func(s string) error { _, err := publish.Classification(s); return err },
	} {
		if take(text) == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func code(s string) error { _, err := publish.ParseCode(s); return err }

func TestParseCode(t *testing.T) {
	for text, want := range map[string]publish.Code{
		"0=success": {}, "3010=reboot": {Code: 3010, Reboot: true}, "0x80070005=failed": {Code: -2147024891, Failed: true}, "-1=failed": {Code: -1, Failed: true},
	} {
		if got, err := publish.ParseCode(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}
