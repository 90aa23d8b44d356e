package applicability_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/registry"
)

// serviced is a computer with packages of its own, all installed.
type serviced struct {
	*computer
	packages []string
}

func (s serviced) Key(path string, view32 bool) (registry.Key, error) {
	const cbs = `hkey_local_machine\software\microsoft\windows\currentversion\component based servicing\packages`
	name, ok := strings.CutPrefix(strings.ToLower(path), cbs)
	switch {
	case !ok:
		return s.computer.Key(path, view32)
	case name == "":
		return names{packages: s.packages}, nil
	case slices.ContainsFunc(s.packages, func(p string) bool { return strings.EqualFold(`\`+p, name) }):
		return key{"currentstate": dword(112)}, nil
	}
	return nil, registry.NotExist("open", path)
}

// names is a key with sub-keys alone.
type names struct {
	key
	name     string
	packages []string
}

func (n names) Name() string { return n.name }

func (n names) Subkeys() iter.Seq2[registry.Key, error] {
	return func(yield func(registry.Key, error) bool) {
		for _, p := range n.packages {
			if !yield(names{name: p}, nil) {
				return
			}
		}
	}
}

// A manifest names the editions of Windows that it is for in one element, and how their build compares. Windows is updated
// since: the edition has a higher revision than the manifest names.
func TestParentsOfAPackage(t *testing.T) {
	const edition = `<assemblyIdentity name="%s" publicKeyToken="31bf3856ad364e35" processorArchitecture="amd64" language="neutral" %s/>`
	pro := func(version string) string { return fmt.Sprintf(edition, "ProfessionalEdition", version) }
	const old, none = `version="10.0.19041.1" `, ""
	core := fmt.Sprintf(edition, "CoreEdition", old)
	for name, tt := range map[string]struct {
		parents, installed string
		want               applicability.Truth
	}{
		"the first of several":        {`<parent>` + pro(old) + core + `</parent>`, "10.0.19041.1", applicability.True},
		"the last of several":         {`<parent buildCompare="EQ">` + core + pro(old) + `</parent>`, "10.0.19041.1", applicability.True},
		"another parent element":      {`<parent>` + core + `</parent><parent>` + pro(old) + `</parent>`, "10.0.19041.1", applicability.True},
		"none of several":             {`<parent>` + core + `</parent>`, "10.0.19041.1", applicability.False},
		"updated since":               {`<parent buildCompare="EQ">` + pro(old) + `</parent>`, "10.0.19041.3636", applicability.True},
		"of another build":            {`<parent buildCompare="EQ">` + pro(old) + `</parent>`, "10.0.19045.1", applicability.False},
		"of a later build":            {`<parent>` + pro(old) + `</parent>`, "10.0.19045.1", applicability.True},
		"of an earlier build":         {`<parent>` + pro(old) + `</parent>`, "10.0.18362.1", applicability.False},
		"too old a revision":          {`<parent>` + pro(`version="10.0.19041.20" `) + `</parent>`, "10.0.19041.1", applicability.False},
		"of another Windows":          {`<parent>` + pro(old) + `</parent>`, "11.0.19041.1", applicability.False},
		"any version":                 {`<parent>` + pro(none) + `</parent>`, "6.1.7600.16385", applicability.True},
		"a version that is no number": {`<parent>` + pro(old) + `</parent>`, "10.0.x.1", applicability.False},
	} {
		text := `<ApplicabilityRules><IsInstalled><CbsPackageInstalled /></IsInstalled><IsInstallable><CbsPackageInstallable /></IsInstallable><Metadata>` +
			`<CbsPackageApplicabilityMetadata><assembly><assemblyIdentity name="Package_for_KB1" publicKeyToken="31bf3856ad364e35" ` +
			`processorArchitecture="amd64" language="neutral" version="19041.1.1.1" /><package>` + tt.parents +
			`</package></assembly></CbsPackageApplicabilityMetadata></Metadata></ApplicabilityRules>`
		var compiler applicability.Compiler
		r, err := compiler.Compile([]byte(text), self)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		pc := serviced{pc(), []string{"Other~31bf3856ad364e35~amd64~~10.0.19041.1", "PROFESSIONALEDITION~31bf3856ad364e35~amd64~~" + tt.installed}}
		if got := compiler.Scan(pc).Eval(r.IsInstallable); got.Truth != tt.want {
			t.Errorf("%s: got %+v, want %v", name, got, tt.want)
		}
	}
}
