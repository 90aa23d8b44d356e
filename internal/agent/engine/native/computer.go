package native

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/redx-update/redx/internal/agent/facts"
	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/winsys"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
)

// computer is what the engine tells of the machine that it works for.
type computer struct {
	name, domain string
	windows      applicability.Windows
}

// meet looks at the installation once, and gives its Windows folder.
func (e *Engine) meet() (windows string, err error) {
	img, err := e.o.Image()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, img.Close()) }()
	if windows = img.SystemRoot(); windows == "" {
		return "", fmt.Errorf("%s: %w", img.Path(), image.ErrNoWindows)
	}
	e.computer.windows, err = facts.Computer{Image: img}.Windows()
	if err != nil && !errors.Is(err, applicability.ErrUnknown) { // what is known of it is told
		return "", err
	}
	root, _, err := img.Hive(image.System)
	if err != nil {
		return "", err
	}
	system, err := winsys.NewSystem(root)
	if err != nil {
		return "", err
	}
	id, err := system.Identity(nil)
	e.computer.name, e.computer.domain = id.Computer, id.Domain
	return windows, err
}

// dns is the name by which the computer calls itself; a server wants one.
func (c *computer) dns() string {
	name := strings.ToLower(strings.TrimSpace(c.name))
	if name == "" {
		name = "unnamed"
	}
	if c.domain != "" {
		name += "." + strings.ToLower(c.domain)
	}
	return name
}

// architectures are wProcessorArchitecture's values as RegisterComputer and as events call them.
var architectures = map[uint32][2]string{
	0: {"x86", "X86Compatible"}, 6: {"IA64", "IA64Compatible"}, 9: {"AMD64", "Amd64Compatible"}, 12: {"ARM64", "Unknown"},
}

func (c *computer) info() clientws.ComputerInfo {
	w := &c.windows
	return clientws.ComputerInfo{
		DNSName: c.dns(), OSMajorVersion: int32(w.Major), OSMinorVersion: int32(w.Minor), OSBuildNumber: int32(w.Build),
		OSServicePackMajorNumber: int32(w.ServicePack), OSLocale: c.locales()[0], ComputerManufacturer: "unknown", ComputerModel: "unknown",
		BiosVersion: "unknown", BiosName: "unknown", ProcessorArchitecture: architectures[w.Architecture][0], SuiteMask: int32(w.SuiteMask),
		OldProductType: int32(w.ProductType), ClientVersionMajorNumber: 10, OSDescription: fmt.Sprintf("Windows %d.%d.%d", w.Major, w.Minor, w.Build),
		DeviceType: "redx agent on " + runtime.GOOS,
	}
}

// locales are the languages for titles: the system's own first.
func (c *computer) locales() []string {
	all := append([]string(nil), c.windows.Languages...)
	return append(all[:min(len(all), 4)], "en")
}

// extended is what events tell of the computer.
func (c *computer) extended(replacements, misc []string) *reporting.ExtendedData {
	w := &c.windows
	kind := architectures[w.Architecture][1]
	if kind == "" {
		kind = "Unknown"
	}
	return &reporting.ExtendedData{
		ReplacementStrings: replacements, MiscData: misc, ProcessorArchitecture: kind,
		OSVersion: reporting.DetailedVersion{Major: int32(w.Major), Minor: int32(w.Minor), Build: int32(w.Build), ServicePackMajor: int32(w.ServicePack)},
	}
}
