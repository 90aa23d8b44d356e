package publish

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/format/msi"
)

var productCode = regexp.MustCompile(`^\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}$`)

// Installer reads a Windows Installer package: its product's code says how one sees that it is installed. The file is
// installed quietly with the arguments, if any: properties such as ALLUSERS=1.
func Installer(name string, r io.ReaderAt, size int64, arguments string) (Facts, error) {
	p, err := msi.Read(r, size)
	if err != nil {
		return Facts{}, err
	}
	code, version := p.Properties["ProductCode"], p.Properties["ProductVersion"]
	if !productCode.MatchString(code) {
		return Facts{}, fmt.Errorf("product code %.50q is none", code)
	}
	v, err := applicability.ParseVersion(version)
	if err != nil {
		return Facts{}, fmt.Errorf("product version: %w", err)
	}
	f := Facts{Title: p.Properties["ProductName"], Description: p.Properties["ARPCOMMENTS"], Company: p.Properties["Manufacturer"], Reboot: MayReboot}
	if !strings.Contains(f.Title, version) {
		f.Title += " " + version
	}
	if url := p.Properties["ARPURLINFOABOUT"]; strings.HasPrefix(url, "http") {
		f.MoreInfo = url
	}
	f.Package = Package{
		handler: handler{name: "WindowsInstallerApp", kind: "msi:WindowsInstallerApp", below: []node{
			element("msi:MsiData").with("MsiFile", name, "ProductCode", code).maybe("CommandLine", arguments),
		}},
		// Windows Installer compares the first three numbers alone.
		installed: []node{element("msiar:MsiProductInstalled").with("ProductCode", code, "VersionMin", fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]), "ExcludeVersionMin", "false")},
		uninstall: true,
	}
	if n, ok := templates[strings.ToLower(strings.SplitN(p.Template, ";", 2)[0])]; ok {
		f.Package.fits = []node{element("bar:Processor").with("Architecture", n)}
	}
	return f, nil
}

// templates are the processors that a package's summary may want, by wProcessorArchitecture. What is for 32 bits runs
// everywhere.
var templates = map[string]string{"x64": "9", "amd64": "9", "arm64": "12", "intel64": "6"}
