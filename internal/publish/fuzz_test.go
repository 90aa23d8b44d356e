package publish_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/publish"
	"github.com/redx-update/redx/internal/write/cab"
	"github.com/redx-update/redx/internal/write/msi"
)

func FuzzCabinet(f *testing.F) {
	for _, text := range []string{fmt.Sprintf(mum, parent), fmt.Sprintf(mum, ""), "<assembly/>"} {
		b, err := cab.Encode([]cab.File{cab.Bytes("update.mum", time.Time{}, []byte(text))}, cab.Options{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		facts, err := publish.Cabinet(bytes.NewReader(b), int64(len(b)))
		if err == nil && facts.Reboot == "" {
			t.Error("a package without a restart behaviour")
		}
	})
}

func FuzzInstaller(f *testing.F) {
	b, err := msi.Encode(map[string]string{"ProductCode": "{90140000-0011-0000-1000-0000000FF1CE}", "ProductName": "App", "ProductVersion": "2.1.300"}, "x64;1033")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		facts, err := publish.Installer("a.msi", bytes.NewReader(b), int64(len(b)), "")
		if err == nil && facts.Title == "" {
			t.Error("an installer without a title")
		}
	})
}

func FuzzRules(f *testing.F) {
	f.Add(`<ApplicabilityRules><IsInstalled><Or><b.FileExists Path="C:\a" /><lar:Not><True /></lar:Not></Or></IsInstalled><IsInstallable><x>text</x></IsInstallable></ApplicabilityRules>`)
	f.Add(`HKLM\SOFTWARE\App\Version>=2.1`)
	f.Add(`%ProgramFiles%\App\app.exe>=2.1`)
	f.Fuzz(func(_ *testing.T, text string) {
		var r publish.Rules
		for _, take := range []func(string) error{r.InstalledIfFile, r.InstalledIfRegistry, r.For, func(s string) error { return r.Read(strings.NewReader(s)) }} {
			_ = take(text) // what cannot be read is an error, and no more
		}
	})
}
