package facts

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

const (
	enum    = `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Enum`
	classes = control + `Class\`

	maxDevices = 2000 // of a computer; one that was docked and undocked for years has some hundred
	maxIDs     = 100  // of a device
)

// rankProperty is where Windows keeps DEVPKEY_Device_DriverRank of a device.
const rankProperty = `Properties\{a8b865dd-2e3d-4094-ad97-e593a70c75d6}\000E`

// Devices lists what the Enum tree has, also devices that are not plugged in now: which are, only a Windows that runs can
// tell. Devices that are alike, with the same driver, are one. What of the tree cannot be read is left out.
func (c Computer) Devices() ([]applicability.Device, error) {
	root, err := c.Key(enum, false)
	if err != nil {
		return nil, fmt.Errorf("devices: %w", err)
	}
	var all []applicability.Device
	seen := map[string]bool{}
	for instance := range below(root, 3) {
		d := c.device(instance)
		key := fmt.Sprintf("%q %q %+v", d.HardwareIDs, d.CompatibleIDs, driverOf(d))
		if len(d.HardwareIDs)+len(d.CompatibleIDs) == 0 || seen[key] {
			continue
		}
		seen[key] = true
		if all = append(all, d); len(all) == maxDevices {
			break
		}
	}
	return all, nil
}

func driverOf(d applicability.Device) applicability.Driver {
	if d.Driver == nil {
		return applicability.Driver{}
	}
	return *d.Driver
}

// below lists the keys so many levels below another: of Enum those of bus, device and instance.
func below(k registry.Key, levels int) iter.Seq[registry.Key] {
	return func(yield func(registry.Key) bool) { walk(k, levels, yield) }
}

func walk(k registry.Key, levels int, yield func(registry.Key) bool) bool {
	if levels == 0 {
		return yield(k)
	}
	for sub, err := range k.Subkeys() {
		if err == nil && !walk(sub, levels-1, yield) {
			return false
		}
	}
	return true
}

func (c Computer) device(k registry.Key) applicability.Device {
	d := applicability.Device{HardwareIDs: list(k, "HardwareID"), CompatibleIDs: list(k, "CompatibleIDs")}
	name := value(k, "Driver")
	if name == "" {
		return d
	}
	driver, err := c.Key(classes+name, false)
	if err != nil {
		return d // it has been taken off
	}
	class, _, _ := strings.Cut(name, `\`)
	d.Driver = &applicability.Driver{
		MatchingID: value(driver, "MatchingDeviceId"), Date: driverDate(driver), Class: c.text(classes+class, "Class"),
		Manufacturer: plainText(value(k, "Mfg")), Provider: plainText(value(driver, "ProviderName")),
		Model: plainText(value(driver, "DriverDesc")), Rank: rank(k),
	}
	if v, err := applicability.ParseVersion(value(driver, "DriverVersion")); err == nil {
		d.Driver.Version = v
	}
	return d
}

func value(k registry.Key, name string) string {
	v, err := k.Value(name)
	if err != nil {
		return ""
	}
	return v.String()
}

func list(k registry.Key, name string) []string {
	v, err := k.Value(name)
	if err != nil {
		return nil
	}
	all := slices.DeleteFunc(v.Strings(), func(s string) bool { return s == "" })
	return all[:min(len(all), maxIDs)]
}

// plainText is a text of an INF file without where it comes from: "@oem3.inf,%x%;Contoso" is Contoso.
func plainText(s string) string {
	if strings.HasPrefix(s, "@") {
		return s[strings.LastIndexByte(s, ';')+1:]
	}
	return s
}

// driverDate reads the date of a driver: a FILETIME, or on old systems month-day-year alone.
func driverDate(driver registry.Key) time.Time {
	if v, err := driver.Value("DriverDateData"); err == nil && len(v.Data) == 8 {
		return winbin.Filetime(binary.LittleEndian.Uint64(v.Data))
	}
	parts := strings.Split(value(driver, "DriverDate"), "-")
	if len(parts) != 3 {
		return time.Time{}
	}
	var n [3]int
	for i, p := range parts {
		var err error
		if n[i], err = strconv.Atoi(p); err != nil {
			return time.Time{}
		}
	}
	return time.Date(n[2], time.Month(n[0]), n[1], 0, 0, 0, 0, time.UTC)
}

// rank is how well the driver fits, by Windows' own reckoning; 0 when it is not known. Its type is that of a property.
func rank(k registry.Key) uint32 {
	p, err := k.Open(rankProperty)
	if err != nil {
		return 0
	}
	v, err := p.Value("")
	if err != nil || len(v.Data) != 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(v.Data)
}

// HardwareIDs are the ids of the computer itself, the most specific first.
func (c Computer) HardwareIDs() []guid.GUID {
	k, err := c.Key(control+"SystemInformation", false)
	if err != nil {
		return nil
	}
	var all []guid.GUID
	for _, s := range list(k, "ComputerHardwareIds") {
		if g, err := guid.Parse(strings.Trim(s, "{} ")); err == nil {
			all = append(all, g)
		}
	}
	return all
}
