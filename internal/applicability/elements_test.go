package applicability_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/applicability"
)

// elements are the rules of the published schemas (MS-WUSP, notes 42 and 53) and those of servicing that documents use, and
// whether redx can evaluate them.
var elements = map[string]bool{
	"Platform": true, "PlatformVersion": true, "PlatformLanguage": true, "WindowsVersion": true, "WindowsLanguage": true,
	"Processor": true, "NumberOfProcessors": true, "ClusteredOS": true,
	"FileExists": true, "FileExistsPrependRegSz": true, "FileVersion": true, "FileVersionPrependRegSz": true, "FileCreated": true,
	"FileCreatedPrependRegSz": true, "FileModified": true, "FileModifiedPrependRegSz": true, "FileSize": true, "FileSizePrependRegSz": true,
	"RegKeyExists": true, "RegValueExists": true, "RegDword": true, "RegSz": true, "RegExpandSz": true, "RegSzToVersion": true,
	"WUv4RegKeySubstring": true, "LicenseValueExists": true, "LicenseDword": true, "InstalledOnce": true,
	"MsiProductInstalled": true, "MsiFeatureInstalledForProduct": true, "MsiComponentInstalledForProduct": true,
	"MsiPatchInstalledForProduct": true, "MsiPatchInstalled": true, "MsiPatchSuperseded": true, "MsiPatchInstallable": true, "MsiApplicationInstalled": true,
	"CbsPackageInstalledByIdentity": true, "CbsPackageInstalled": true, "CbsPackageInstallable": true,
	"WindowsDriverInstalled": true, "WindowsDriverSuperseded": true, "WindowsDriverInstallable": true,

	"MuiInstalled": false, "MuiLanguageInstalled": false, "SystemMetric": false, "ClusterResourceOwner": false, "WUv4RegKeyValue": false,
	"RegKeyLoop": false, "WmiQuery": false, "GenericQuery": false,
	"MsiApplicationSuperseded": false, "MsiApplicationInstallable": false,
	"SomethingNew": false, "And": false, "Or": false, "Not": false,
}

// TestEveryElement: a rule that is not known, or does not say what it asks for, is unknown and named, and never true.
func TestEveryElement(t *testing.T) {
	for name, known := range elements {
		for _, prefix := range []string{"", "b.", "bar:", "lar:", "msiar:", "m.", "d.", "drv:", "cbsar:"} {
			got := eval(t, &computer{}, rule("<"+prefix+name+" />")).IsInstalled
			if name == "InstalledOnce" || name == "ClusteredOS" {
				continue // these have nothing to say
			}
			if got.Truth != applicability.Unknown || !strings.HasPrefix(got.Rule, name) || got.Why == "" {
				t.Errorf("%s%s: %+v", prefix, name, got)
			}
			if said := strings.Contains(got.Why, "redx does not evaluate"); said == known {
				t.Errorf("%s%s: %s", prefix, name, got.Why)
			}
		}
	}
}

// TestTextIsNoAttribute has rules that would be written alike if a text could look like an attribute; equal rules are
// asked once for all updates.
func TestTextIsNoAttribute(t *testing.T) {
	var compiler applicability.Compiler
	var all []*applicability.Expr
	for _, text := range []string{
		`<b.RegKeyExists>Key="HKEY_LOCAL_MACHINE\\SOFTWARE\\X"</b.RegKeyExists>`,
		`<b.RegKeyExists Key="HKEY_LOCAL_MACHINE\SOFTWARE\X" />`,
	} {
		rules, err := compiler.Compile([]byte(rule(text)), self)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rules.IsInstalled)
	}
	s := compiler.Scan(pc())
	if first, second := s.Eval(all[0]), s.Eval(all[1]); first.Truth != applicability.Unknown || second.Truth != applicability.True {
		t.Errorf("got %+v and %+v, want the first unknown and the second true", first, second)
	}
}

// TestManyTexts has one element whose text comes in very many pieces.
func TestManyTexts(t *testing.T) {
	fragment := rule(`<x>` + strings.Repeat("0123456789<!---->", 40_000) + `</x>`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	eval(t, pc(), fragment)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 200*uint64(len(fragment)) {
		t.Errorf("%d MB were allocated for rules of %d KB", took>>20, len(fragment)>>10)
	}
}
