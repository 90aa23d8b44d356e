package applicability_test

import (
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
