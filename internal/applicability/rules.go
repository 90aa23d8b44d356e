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
	own     bool // it hangs on the update's identity or metadata, not on its attributes alone
}

// rules are the leaves that can be evaluated; all others are Unknown. Those of the base schema are in note 53 of
// MS-WUSP, those of Windows Installer in note 42, those of Component Based Servicing in no public schema: their names
// stand in the documents that Microsoft publishes.
var rules = map[string]rule{
	"Platform":         {compile: platform},
	"WindowsVersion":   {compile: windowsVersion},
	"PlatformVersion":  {compile: windowsVersion},
	"WindowsLanguage":  {compile: windowsLanguage},
	"PlatformLanguage": {compile: windowsLanguage},
	"Processor":        {compile: processor},

	"FileExists":               {compile: fileExists},
	"FileExistsPrependRegSz":   {compile: fileExists},
	"FileVersion":              {compile: fileVersion},
	"FileVersionPrependRegSz":  {compile: fileVersion},
	"FileCreated":              {compile: fileCreated},
	"FileCreatedPrependRegSz":  {compile: fileCreated},
	"FileModified":             {compile: fileModified},
	"FileModifiedPrependRegSz": {compile: fileModified},
	"FileSize":                 {compile: fileSize},
	"FileSizePrependRegSz":     {compile: fileSize},

	"RegKeyExists":        {compile: regKeyExists},
	"RegValueExists":      {compile: regValueExists},
	"RegDword":            {compile: regDword},
	"RegSz":               {compile: regText},
	"RegExpandSz":         {compile: regText},
	"RegSzToVersion":      {compile: regVersion},
	"WUv4RegKeySubstring": {compile: regSubstring},

	"LicenseValueExists": {compile: licenseExists},
	"LicenseDword":       {compile: licenseDword},
	"InstalledOnce":      {compile: installedOnce, own: true},

	"MsiProductInstalled":             {compile: msiProduct},
	"MsiFeatureInstalledForProduct":   {compile: msiFeature},
	"MsiComponentInstalledForProduct": {compile: msiComponent},
	"MsiPatchInstalledForProduct":     {compile: msiPatch},
	"MsiApplicationInstalled":         {compile: msiApplication, own: true},

	"CbsPackageInstalledByIdentity": {compile: cbsByIdentity},
	"CbsPackageInstalled":           {compile: cbsInstalled, own: true},
	"CbsPackageInstallable":         {compile: cbsInstallable, own: true},
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
