package location_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/server/servertest"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// driverFor is a driver for a device, dated by a day of March.
func driverFor(n int, device, day string) servertest.Update {
	return servertest.Update{
		ID: servertest.ID(n), Type: catalog.Driver, Title: "Contoso driver of March " + day, Requires: []guid.GUID{servertest.ID(1)},
		Installed: `<drv:WindowsDriverInstalled />`, Installable: `<drv:WindowsDriverInstallable />`,
		Metadata: `<drv:WindowsDriverMetaData HardwareID="` + device + `" DriverVerDate="2024-03-` + day + `" DriverVerVersion="1.0.0.0" WhqlDriverID="1" Class="Net" Company="Contoso" Provider="Contoso" Manufacturer="Contoso" Model="m" />`,
	}
}

func withDrivers(t *testing.T) *servertest.Site {
	site := small(t)
	for _, u := range []servertest.Update{driverFor(20, `PCI\VEN_1`, "05"), driverFor(21, `PCI\VEN_1`, "09"), driverFor(22, `PCI\VEN_2`, "01")} {
		site.Add(u)
		site.Approve(u.ID, deploy.Install, nil)
	}
	return site
}

// withHardware gives a computer one device, which may have a driver.
func withHardware(t *testing.T, url string, installed *clientws.InstalledDriver) *computer {
	t.Helper()
	o := options(url)
	o.Hardware = func() (*location.Hardware, error) {
		return &location.Hardware{
			Devices:         []clientws.Device{{HardwareIDs: []string{`PCI\VEN_1`}, InstalledDriver: installed}},
			ComputerIDs:     []string{me},
			FeatureScoreKey: "AMD64.10.0",
		}, nil
	}
	c := &computer{t: t}
	var err error
	if c.Client, err = location.New(o, &location.State{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// drivers gives the cached drivers, with the devices that the server has ranked them for.
func (c *computer) drivers() map[guid.GUID][]string {
	all := map[guid.GUID][]string{}
	for _, r := range c.State().Revisions {
		if r.Core.Type == catalog.Driver {
			all[r.Core.ID.GUID] = r.Hardware
		}
	}
	return all
}

// TestDrivers: behind the software one question asks for drivers; the best for a device comes, and goes when the device has it.
func TestDrivers(t *testing.T) {
	site := withDrivers(t)
	seen := watch(site)
	had := &clientws.InstalledDriver{MatchingID: `PCI\VEN_1`, DriverVerDate: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC), DriverVerVersion: 1 << 48, Class: "Net"}
	c := withHardware(t, site.URL, had)
	c.sync()
	if got := seen.take(); !slices.Equal(got[len(got)-4:], []string{"SyncUpdates", "SyncUpdates", "SyncUpdates", "SyncUpdates"}) {
		t.Errorf("asked %v", got)
	}
	best := map[guid.GUID][]string{servertest.ID(21): {`PCI\VEN_1`}}
	if diff := cmp.Diff(best, c.drivers()); diff != "" || len(c.has()) != 4 {
		t.Errorf("%s, of %v", diff, c.has())
	}
	c.sync()
	if diff := cmp.Diff([]string{"SyncUpdates", "SyncUpdates"}, seen.take()); diff != "" || len(c.drivers()) != 1 {
		t.Errorf("the second time: %s", diff)
	}
	seen.faults["SyncUpdates"] = []func(http.ResponseWriter){pass, fault(soap.InvalidParameters)}
	c.sync()
	if len(c.drivers()) != 0 || len(c.has()) != 3 {
		t.Errorf("ranked by nobody: %v", c.has())
	}
	c.sync()
	if len(c.drivers()) != 1 {
		t.Errorf("ranked again: %v", c.has())
	}
	had.DriverVerDate = time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC)
	c.sync()
	if len(c.drivers()) != 0 {
		t.Errorf("the device has it: %v", c.drivers())
	}
}

// pass lets an operation through.
var pass func(http.ResponseWriter)

func TestNoDrivers(t *testing.T) {
	site := withDrivers(t)
	seen := watch(site)
	c := withHardware(t, site.URL, nil)
	c.sync()
	for _, n := range []int{20, 21, 22} {
		site.Approve(servertest.ID(n), deploy.NotApproved, nil)
	}
	seen.take()
	c.sync()
	if diff := cmp.Diff([]string{"SyncUpdates"}, seen.take()); diff != "" || len(c.drivers()) != 0 {
		t.Errorf("the server has no drivers: %s", diff)
	}
	plain := newComputer(t, site.URL, &location.State{})
	plain.sync()
	if len(plain.drivers()) != 0 {
		t.Error("nobody asked for drivers")
	}
}

// categorised has two products, and an update and a driver of each.
func categorised(t *testing.T) *servertest.Site {
	site := small(t)
	category := func(n int, kind string) servertest.Update {
		return servertest.Update{
			ID: servertest.ID(n), Type: catalog.Category, Title: "c", Installed: servertest.True,
			HandlerData: `<upd:HandlerSpecificData xsi:type="cat:Category"><cat:CategoryInformation CategoryType="` + kind + `" /></upd:HandlerSpecificData>`,
		}
	}
	one, two := driverFor(32, `PCI\VEN_1`, "01"), driverFor(33, `PCI\VEN_1`, "02")
	one.Categories, two.Categories = []guid.GUID{servertest.ID(40)}, []guid.GUID{servertest.ID(41)}
	site.Add(category(40, "Product"), category(41, "Product"), category(42, "UpdateClassification"))
	for _, u := range []servertest.Update{
		{ID: servertest.ID(30), Title: "Fix of one", Categories: []guid.GUID{servertest.ID(40), servertest.ID(42)}, Installed: servertest.False, Installable: servertest.True},
		{ID: servertest.ID(31), Title: "Fix of the other", Categories: []guid.GUID{servertest.ID(41)}, Installed: servertest.False, Installable: servertest.True},
		one, two,
	} {
		site.Add(u)
		site.Approve(u.ID, deploy.Install, nil)
	}
	return site
}

// TestCategories scans for one product: what is not of it does not come, and goes if it was there.
func TestCategories(t *testing.T) {
	site := categorised(t)
	seen := watch(site)
	all := withHardware(t, site.URL, nil)
	all.sync()
	if _, there := all.drivers()[servertest.ID(33)]; !there {
		t.Fatalf("a scan of all has %v", all.has())
	}
	seen.take()
	o := options(site.URL)
	o.Hardware = func() (*location.Hardware, error) {
		return &location.Hardware{Devices: []clientws.Device{{HardwareIDs: []string{`PCI\VEN_1`}}}}, nil
	}
	o.Categories = []agent.Category{{Product: servertest.ID(40), Classification: servertest.ID(42)}, {Product: servertest.ID(99)}}
	one, err := location.New(o, all.State())
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Sync(t.Context(), judge); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"StartCategoryScan", "SyncUpdates"}, seen.take()[:2]); diff != "" {
		t.Error(diff)
	}
	for n, want := range map[int]bool{30: true, 31: false, 3: false, 32: true, 33: false} {
		if _, there := all.has()[servertest.ID(n)]; there != want {
			t.Errorf("update %d is there: %t", n, there)
		}
	}
	all.sync()
	if n := len(all.has()); n < 8 {
		t.Errorf("a scan of all after it has %v", all.has())
	}
	o.Categories = []agent.Category{{Product: servertest.ID(99)}}
	none, err := location.New(o, &location.State{})
	if err != nil {
		t.Fatal(err)
	}
	if err := none.Sync(t.Context(), judge); !errors.Is(err, location.ErrCategories) {
		t.Errorf("a product that nobody knows: %v", err)
	}
}

// TestOldServer has no scans of categories, and is not asked for one.
func TestOldServer(t *testing.T) {
	for version, want := range map[string]bool{"3.2": true, "3.10": true, "4": true, "3.1": false, "2.9": false, "": false, "new": false} {
		if got := location.Since32(version); got != want {
			t.Errorf("%q has them: %t", version, got)
		}
	}
}
