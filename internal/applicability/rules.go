package applicability

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
)

// rule compiles one kind of leaf. It has the name of the schemas' element.
type rule struct {
	compile func(*builder, *element) (func(*Scan) (Truth, error), error)
	needs   string // an attribute without which it says nothing
	own     bool   // it hangs on the update's identity or metadata, not on its attributes alone
}

// rules are the leaves that can be evaluated; all others are Unknown. Those of the base schema are in note 53 of
// MS-WUSP, those of Windows Installer and of drivers in note 42, those of Component Based Servicing in no public schema: their names
// stand in the documents that Microsoft publishes.
var rules = map[string]rule{
	"Platform":         {compile: platform, needs: "PlatformID"},
	"WindowsVersion":   {compile: windowsVersion},
	"PlatformVersion":  {compile: windowsVersion},
	"WindowsLanguage":  {compile: windowsLanguage, needs: "Language"},
	"PlatformLanguage": {compile: windowsLanguage, needs: "Language"},
	"Processor":        {compile: processor},

	"NumberOfProcessors": {compile: numberOfProcessors},
	"ClusteredOS":        {compile: clustered},

	"FileExists":               {compile: fileExists, needs: "Path"},
	"FileExistsPrependRegSz":   {compile: fileExists, needs: "Path"},
	"FileVersion":              {compile: fileVersion, needs: "Path"},
	"FileVersionPrependRegSz":  {compile: fileVersion, needs: "Path"},
	"FileCreated":              {compile: fileCreated, needs: "Path"},
	"FileCreatedPrependRegSz":  {compile: fileCreated, needs: "Path"},
	"FileModified":             {compile: fileModified, needs: "Path"},
	"FileModifiedPrependRegSz": {compile: fileModified, needs: "Path"},
	"FileSize":                 {compile: fileSize, needs: "Path"},
	"FileSizePrependRegSz":     {compile: fileSize, needs: "Path"},

	"RegKeyExists":        {compile: regKeyExists, needs: "Key"},
	"RegValueExists":      {compile: regValueExists, needs: "Key"},
	"RegDword":            {compile: regDword, needs: "Key"},
	"RegSz":               {compile: regText, needs: "Key"},
	"RegExpandSz":         {compile: regText, needs: "Key"},
	"RegSzToVersion":      {compile: regVersion, needs: "Key"},
	"WUv4RegKeySubstring": {compile: regSubstring, needs: "Key"},

	"LicenseValueExists": {compile: licenseExists, needs: "Value"},
	"LicenseDword":       {compile: licenseDword, needs: "Value"},
	"InstalledOnce":      {compile: installedOnce, own: true},

	"MsiProductInstalled":             {compile: msiProduct},
	"MsiFeatureInstalledForProduct":   {compile: msiFeature},
	"MsiComponentInstalledForProduct": {compile: msiComponent},
	"MsiPatchInstalledForProduct":     {compile: msiPatch},
	"MsiApplicationInstalled":         {compile: msiApplication, own: true},
	"MsiPatchInstalled":               {compile: patchRule(patchInstalled), own: true},
	"MsiPatchSuperseded":              {compile: patchRule(patchIsSuperseded), own: true},
	"MsiPatchInstallable":             {compile: patchRule(patchInstallable), own: true},

	"CbsPackageInstalledByIdentity": {compile: cbsByIdentity},
	"CbsPackageInstalled":           {compile: cbsInstalled, own: true},
	"CbsPackageInstallable":         {compile: cbsInstallable, own: true},

	"WindowsDriverInstalled":   {compile: driverRule(driverInstalled), own: true},
	"WindowsDriverSuperseded":  {compile: driverRule(driverSuperseded), own: true},
	"WindowsDriverInstallable": {compile: driverRule(driverInstallable), own: true},
}

// known makes a truth of a comparison that needed facts: what is not there makes it False, what cannot be had Unknown.
func known(holds bool, err error) (Truth, error) {
	switch {
	case err == nil:
		return of(holds), nil
	case errors.Is(err, fs.ErrNotExist):
		return False, nil
	default:
		return Unknown, err
	}
}

// number reads an attribute that must be there.
func (e *element) number(name string) (uint64, error) {
	n, err := strconv.ParseUint(e.attr(name), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("attribute %s of %s: %w", name, e.name, err)
	}
	return n, nil
}

// has reports an attribute that is there, even if it is empty.
func (e *element) has(name string) bool {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return true
		}
	}
	return false
}

// yes reads an attribute of the type boolean; false when it is not there.
func (e *element) yes(name string) bool { v := e.attr(name); return v == "true" || v == "1" }
