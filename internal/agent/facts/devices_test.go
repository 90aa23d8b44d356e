package facts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/facts"
	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/write/hive"
)

func texts(all ...string) []byte {
	var b []byte
	for _, s := range all {
		b = append(b, text(s)...)
	}
	return append(b, 0, 0)
}

func TestDevices(t *testing.T) {
	sys, soft := &hive.Key{Name: "ROOT"}, &hive.Key{Name: "ROOT"}
	sys.Sub("Select").Set("Current", registry.DWord, dword(1))
	device := func(path string) *hive.Key { return sys.Sub(`ControlSet001\Enum\` + path) }
	for _, path := range []string{`PCI\VEN_1&DEV_2\a`, `PCI\VEN_1&DEV_2\b`, `PCI\VEN_1&DEV_2\c`} { // of two alike one is told
		d := device(path)
		d.Set("HardwareID", registry.MultiSZ, texts(`PCI\VEN_1&DEV_2&REV_3`, `PCI\VEN_1&DEV_2`))
		d.Set("CompatibleIDs", registry.MultiSZ, texts(`PCI\CC_0200`))
		d.Set("Mfg", registry.SZ, text("@oem3.inf,%maker%;Contoso"))
		d.Set("Driver", registry.SZ, text(`{4d36e972-e325-11ce-bfc1-08002be10318}\0001`))
	}
	device(`PCI\VEN_1&DEV_2\c`).Set("Driver", registry.SZ, text(`{gone}\0001`))
	device(`PCI\VEN_1&DEV_2\a`).Sub(`Properties\{a8b865dd-2e3d-4094-ad97-e593a70c75d6}\000E`).Set("", registry.Type(0xffff0007), []byte{1, 0, 0xff, 0})
	device(`PCI\VEN_1&DEV_2\b`).Sub(`Properties\{a8b865dd-2e3d-4094-ad97-e593a70c75d6}\000E`).Set("", registry.Type(0xffff0007), []byte{1, 0, 0xff, 0})
	device(`ROOT\NOTHING\0000`).Set("ConfigFlags", registry.DWord, dword(0))
	class := sys.Sub(`ControlSet001\Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}`)
	class.Set("Class", registry.SZ, text("Net"))
	driver := class.Sub("0001")
	driver.Set("MatchingDeviceId", registry.SZ, text(`pci\ven_1&dev_2`))
	driver.Set("DriverDate", registry.SZ, text("6-21-2006"))
	driver.Set("DriverVersion", registry.SZ, text("10.0.19041.1"))
	driver.Set("ProviderName", registry.SZ, text("Contoso"))
	driver.Set("DriverDesc", registry.SZ, text("Contoso 1G"))
	sys.Sub(`ControlSet001\Control\SystemInformation`).Set("ComputerHardwareIds", registry.MultiSZ,
		texts("{5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01}", "no id", "{5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d02}"))
	c := open(t, map[string]string{"Windows/System32/config/SYSTEM": encode(t, sys), "Windows/System32/config/SOFTWARE": encode(t, soft)})
	got, err := c.Devices()
	ids, compatible := []string{`PCI\VEN_1&DEV_2&REV_3`, `PCI\VEN_1&DEV_2`}, []string{`PCI\CC_0200`}
	want := []applicability.Device{
		{HardwareIDs: ids, CompatibleIDs: compatible, Driver: &applicability.Driver{
			MatchingID: `pci\ven_1&dev_2`, Date: time.Date(2006, 6, 21, 0, 0, 0, 0, time.UTC), Version: applicability.Version{10, 0, 19041, 1},
			Class: "Net", Manufacturer: "Contoso", Provider: "Contoso", Model: "Contoso 1G", Rank: 0xff0001,
		}},
		{HardwareIDs: ids, CompatibleIDs: compatible},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if got := c.HardwareIDs(); len(got) != 2 || got[0] != guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01") {
		t.Errorf("the computer's own ids: %v", got)
	}
}

// TestRealDevices reads the Enum tree of a Windows 10 in a virtual machine.
func TestRealDevices(t *testing.T) {
	img := realSystem(t)
	all, err := facts.Computer{Image: img}.Devices()
	if err != nil {
		t.Fatal(err)
	}
	drivers := map[string]int{}
	var display *applicability.Driver
	for _, d := range all {
		if d.Driver != nil {
			drivers[d.Driver.Class]++
			if d.Driver.Class == "Display" && d.Driver.Rank != 0 {
				display = d.Driver
			}
		}
	}
	t.Logf("%d devices, by class of their driver %v", len(all), drivers)
	want := &applicability.Driver{
		MatchingID: `pci\ven_15ad&dev_0405&subsys_040515ad&rev_00`, Date: time.Date(2019, 7, 11, 0, 0, 0, 0, time.UTC),
		Version: applicability.Version{8, 16, 7, 0}, Class: "Display", Manufacturer: "VMware, Inc.", Provider: "VMware, Inc.",
		Model: "VMware SVGA 3D", Rank: 0xf60000,
	}
	if diff := cmp.Diff(want, display); diff != "" {
		t.Error(diff)
	}
}
