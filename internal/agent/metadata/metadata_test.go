package metadata_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/update"
)

const (
	one = "5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01"
	two = "5C2A3F60-7D41-4BE9-9A0E-2F6F8E5B1D02"
)

func TestParseCore(t *testing.T) {
	const text = `<UpdateIdentity UpdateID="` + one + `" RevisionNumber="7" /><Properties UpdateType="Software" /><Relationships>` +
		`<SupersededUpdates><UpdateIdentity UpdateID="` + two + `" /></SupersededUpdates>` +
		`<Prerequisites><UpdateIdentity UpdateID="` + two + `" /><AtLeastOne IsCategory="true"><UpdateIdentity UpdateID="` + one + `" /><UpdateIdentity UpdateID="` + two + `" /></AtLeastOne></Prerequisites>` +
		`<BundledUpdates><AtLeastOne><UpdateIdentity UpdateID="` + two + `" RevisionNumber="3" /></AtLeastOne></BundledUpdates></Relationships>` +
		`<ApplicabilityRules><IsInstalled><b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="S" Value="V" Comparison="EqualTo" Data="1" /></IsInstalled></ApplicabilityRules>`
	got, err := metadata.ParseCore(text)
	if err != nil {
		t.Fatal(err)
	}
	g1, g2 := guid.MustParse(one), guid.MustParse(two)
	want := metadata.Core{
		ID: update.ID{GUID: g1, Revision: 7}, Type: catalog.Software, Supersedes: []guid.GUID{g2},
		Prerequisites: []catalog.Clause{{AnyOf: []guid.GUID{g2}}, {AnyOf: []guid.GUID{g1, g2}, IsCategory: true}},
		Bundles:       [][]update.ID{{{GUID: g2, Revision: 3}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no identity":   `<Properties UpdateType="Software" />`,
		"unknown type":  `<UpdateIdentity UpdateID="` + one + `" RevisionNumber="7" /><Properties UpdateType="Hardware" />`,
		"bad member":    `<UpdateIdentity UpdateID="` + one + `" /><Properties UpdateType="Software" /><Relationships><BundledUpdates><UpdateIdentity UpdateID="x" /></BundledUpdates></Relationships>`,
		"not closed":    `<UpdateIdentity UpdateID="` + one + `">`,
		"too large":     strings.Repeat(" ", metadata.MaxFragment+1),
		"bad reference": `<UpdateIdentity UpdateID="` + one + `" /><Properties UpdateType="Software" /><Relationships><Prerequisites><UpdateIdentity UpdateID="-" /></Prerequisites></Relationships>`,
	} {
		r := metadata.Revision{Fragment: text}
		if r.Read(); r.Problem == "" {
			t.Errorf("%s: no problem", name)
		}
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"windows10.0-kb5000001-x64.cab": true, "a b.exe": true, "Äpfel.msu": true, "console.cab": true, "com.cab": true, "com10.cab": true,
		`..\x.cab`: false, "a/b": false, "x:y": false, "nul.cab": false, "COM1": false, "lpt9.txt": false, "x.": false, "x ": false, "..": false, "": false,
		"a\tb": false, strings.Repeat("a", 201): false,
	} {
		text := `<Files><File Digest="h/W9BGlYUAaqXTp30cZi/SiV3c0=" DigestAlgorithm="SHA1" FileName="` + name + `" Size="1" /></Files>`
		if _, err := metadata.ParseExtended(text); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFilesRefused(t *testing.T) {
	for _, attrs := range []string{
		`Digest="h/W9" Size="1"`, `Digest="%" Size="1"`, `Digest="h/W9BGlYUAaqXTp30cZi/SiV3c0=" Size="-1"`, `Digest="h/W9BGlYUAaqXTp30cZi/SiV3c0=" Size="x"`,
		`Digest="h/W9BGlYUAaqXTp30cZi/SiV3c0=" DigestAlgorithm="MD5" Size="1"`,
	} {
		if e, err := metadata.ParseExtended(`<Files><File FileName="a.cab" ` + attrs + ` /></Files>`); err == nil {
			t.Errorf("%s: %+v", attrs, e)
		}
	}
}

// TestPatching: of files that patch what is there and whole ones the whole ones count; without any, what there is.
func TestPatching(t *testing.T) {
	file := func(name, kind string) string {
		return `<File Digest="h/W9BGlYUAaqXTp30cZi/SiV3c0=" FileName="` + name + `" Size="1" PatchingType="` + kind + `" />`
	}
	for files, want := range map[string]string{
		file("a.cab", "SelfContained") + file("a-express.cab", "Express") + file("a.psf", "Express") + file("b.cab", ""): "a.cab b.cab",
		file("a-express.cab", "Express") + file("a.psf", "Express"):                                                      "a-express.cab a.psf",
	} {
		e, err := metadata.ParseExtended("<Files>" + files + "</Files>")
		var got []string
		for _, f := range e.Files {
			got = append(got, f.Name)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("got %v, %v, want %s", got, err, want)
		}
	}
}

// TestReal reads what Windows' own server cut.
func TestReal(t *testing.T) {
	dir := testdata.Path(t, "wsus/fragments")
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const delta = "266f6222-c89d-43f2-9f8a-69340271e677-r200."
	e, err := metadata.ParseExtended(read(delta + "extended.xml"))
	if err != nil || len(e.Files) != 1 || e.Files[0].Name != "AM_Delta.exe" || e.Files[0].Size != 11606440 || !e.Files[0].HasSHA256 {
		t.Errorf("%+v: %v", e, err)
	}
	const data = `<HandlerSpecificData type="cmd:CommandLineInstallation"><InstallCommand Program="AM_Delta.exe" Arguments="WD /q"><ReturnCode Code="0" Result="Succeeded" /></InstallCommand></HandlerSpecificData>`
	if e.HandlerData != data || !strings.HasSuffix(e.Handler, "/CommandLineInstallation") || e.Impact != "Minor" {
		t.Errorf("%+v", e)
	}
	c, err := metadata.ParseCore(read("a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200.core.xml"))
	if err != nil || len(c.Prerequisites) != 4 || len(c.Bundles) < 4 || len(c.Supersedes) != 10 {
		t.Errorf("%d prerequisites, %d bundles, %d superseded: %v", len(c.Prerequisites), len(c.Bundles), len(c.Supersedes), err)
	}
	e, err = metadata.ParseExtended(read("a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200.extended.xml"))
	if err != nil || e.KB != "KB2267602" || e.HandlerData != "" {
		t.Errorf("%+v: %v", e, err)
	}
	texts, err := metadata.ParseTexts(read(delta + "localized-en.xml"))
	if err != nil || texts.Language != "en" || !strings.HasPrefix(texts.Title, "Full Deltas") {
		t.Errorf("%+v: %v", texts, err)
	}
}

func FuzzFragments(f *testing.F) {
	f.Add(`<UpdateIdentity UpdateID="` + one + `" RevisionNumber="7" /><Properties UpdateType="Software" /><Relationships><BundledUpdates><AtLeastOne><UpdateIdentity UpdateID="` + two + `" /></AtLeastOne></BundledUpdates></Relationships>`)
	f.Add(`<ExtendedProperties Handler="h"><KBArticleID>5000001</KBArticleID></ExtendedProperties><Files><File Digest="h/W9BGlYUAaqXTp30cZi/SiV3c0=" FileName="a.cab" Size="1"><AdditionalDigest Algorithm="SHA256">Amt0qymy5KsROiwIXm4QIIV75Ju4r+Cl28Pg8gaLXUA=</AdditionalDigest></File></Files><HandlerSpecificData type="x"><a/></HandlerSpecificData>`)
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := metadata.ParseCore(text); err == nil && c.ID.GUID.IsZero() && !strings.Contains(text, "0000") {
			t.Errorf("no identity, and no error: %q", text)
		}
		e, err := metadata.ParseExtended(text)
		for _, file := range e.Files {
			if strings.ContainsAny(file.Name, `/\:`) || file.Size < 0 {
				t.Errorf("%+v: %v", file, err)
			}
		}
		if e.HandlerData != "" && err == nil {
			if _, err := metadata.ParseExtended(e.HandlerData); err != nil {
				t.Errorf("handler data is not what it was read from: %v", err)
			}
		}
		_, _ = metadata.ParseTexts(text)
	})
}
