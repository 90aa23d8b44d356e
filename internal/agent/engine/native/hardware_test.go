package native_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/server/servertest"
	"github.com/redx-update/redx/internal/testdata"
)

// displayDriver is a driver for a device of the registry in the tests.
func displayDriver(t *testing.T, n int, date, version string) servertest.Update {
	t.Helper()
	return servertest.Update{
		ID: servertest.ID(n), Type: catalog.Driver, Title: "Display driver " + version, Requires: []guid.GUID{servertest.ID(1)},
		Installed: `<drv:WindowsDriverInstalled />`, Installable: `<drv:WindowsDriverInstallable />`, Handler: "WindowsDriver",
		Metadata: `<drv:WindowsDriverMetaData HardwareID="PCI\VEN_15AD&amp;DEV_0405&amp;SUBSYS_040515AD&amp;REV_00" DriverVerDate="` + date + `" DriverVerVersion="` + version + `" WhqlDriverID="1" Class="Display" Company="VMware" Provider="VMware, Inc." Manufacturer="VMware, Inc." Model="m">` +
			`<drv:FeatureScore OperatingSystem="AMD64.10.0" FeatureScore="246" /></drv:WindowsDriverMetaData>`,
		Files: signedFix(t).Files,
	}
}

// TestDrivers has a computer with the registry of a real one: the server ranks its drivers, and the best is offered.
func TestDrivers(t *testing.T) {
	c := newComputer(
		t, displayDriver(t, 50, "2018-01-01", "8.1.0.0"), displayDriver(t, 51, "2020-06-01", "8.17.2.0"), displayDriver(t, 52, "2020-01-01", "8.17.1.0"),
	)
	c.put("Windows/System32/config/SYSTEM", testdata.Open(t, "windows/hives/SYSTEM_WIN_10_1709.xz"))
	c.again()
	u := c.needed()
	if u.ID.GUID != servertest.ID(51) || !strings.Contains(u.Title, "8.17.2.0") {
		t.Errorf("offered: %+v", u)
	}
	if err := c.get(u); err != nil {
		t.Error(err)
	}
	c.options.NoDrivers = true
	c.again()
	if r, err := c.Scan(t.Context()); err != nil || len(r.Updates) != 0 {
		t.Errorf("drivers are not wanted: %+v, %v", r, err)
	}
}

// noDevice is pnputil on a computer where no device takes the driver.
type noDevice struct{ ran []string }

func (p *noDevice) Run(_ context.Context, run install.Program) (int32, error) {
	p.ran = append(p.ran, run.Path)
	return 259, nil
}

// TestDriverOnce: a driver that Windows has put into its store and not onto a device is ranked by the server as before, and
// not installed at each visit.
func TestDriverOnce(t *testing.T) {
	c := newComputer(t, displayDriver(t, 51, "2020-06-01", "8.17.2.0"))
	c.put("Windows/System32/config/SYSTEM", testdata.Open(t, "windows/hives/SYSTEM_WIN_10_1709.xz"))
	pnputil := &noDevice{}
	c.options.Lab, c.options.Root, c.options.Programs = false, repair.Root{Dir: `C:\ProgramData\redx`, Own: true}, pnputil
	c.again()
	u := c.needed()
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), u); err != nil || len(pnputil.ran) != 1 {
		t.Fatalf("%v, ran %v", err, pnputil.ran)
	}
	c.again()
	if r, err := c.Scan(t.Context()); err != nil || len(r.Updates) != 0 {
		t.Errorf("the server ranks what was installed and is not in use: %+v, %v", r, err)
	}
	next := displayDriver(t, 51, "2021-06-01", "8.18.0.0")
	next.Revision = 2
	c.site.Add(next)
	c.site.Approve(next.ID, deploy.Install, nil)
	if u := c.needed(); u.ID.Revision != 2 {
		t.Errorf("its next revision: %+v", u)
	}
}

// again is another start of the agent.
func (c *computer) again() {
	c.t.Helper()
	if err := c.Engine.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.start()
}

// put puts a file onto the computer.
func (c *computer) put(name string, data []byte) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.top, filepath.FromSlash(name)), data, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// TestInstalledOnce: the engine knows what it has installed, also when the datastore with its history is gone.
func TestInstalledOnce(t *testing.T) {
	once := signedFix(t)
	once.Installed = `<bar:InstalledOnce />`
	c := newComputer(t, once)
	u := c.needed()
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	installed := func(when string) {
		t.Helper()
		r, err := c.Scan(t.Context())
		if err != nil || r.Installed != 1 || len(r.Updates)+len(r.Undecided) != 0 {
			t.Errorf("%s: %+v, %v", when, r, err)
		}
	}
	installed("at once")
	if err := os.Remove(c.host("ProgramData", "redx", "agent", "native.state")); err != nil {
		t.Fatal(err)
	}
	c.again()
	installed("by the computer's history")
	if err := os.Rename(c.host("Windows", "SoftwareDistribution"), c.host("Windows", "SDTemp")); err != nil {
		t.Fatal(err)
	}
	c.again()
	installed("the datastore put aside")
}

// TestCategories has a computer that scans for one product, and one classification of it.
func TestCategories(t *testing.T) {
	category := func(n int, kind string) servertest.Update {
		return servertest.Update{
			ID: servertest.ID(n), Type: catalog.Category, Title: "c", Installed: servertest.True,
			HandlerData: `<upd:HandlerSpecificData xsi:type="cat:Category"><cat:CategoryInformation CategoryType="` + kind + `" /></upd:HandlerSpecificData>`,
		}
	}
	update := func(n int, of ...guid.GUID) servertest.Update {
		u := fix(servertest.File{Name: "fix.cab", Data: []byte("x")})
		u.ID, u.Categories, u.Installed = servertest.ID(n), of, servertest.False
		return u
	}
	product, security, other := servertest.ID(60), servertest.ID(61), servertest.ID(62)
	c := newComputer(t, category(60, "Product"), category(61, "UpdateClassification"), category(62, "UpdateClassification"))
	for _, u := range []servertest.Update{update(70, product, security), update(71, product, other), update(72)} {
		c.site.Add(u)
		c.site.Approve(u.ID, deploy.Install, nil)
	}
	for _, tt := range []struct {
		categories []agent.Category
		want       []guid.GUID
	}{
		{nil, []guid.GUID{servertest.ID(70), servertest.ID(71), servertest.ID(72)}},
		{[]agent.Category{{Product: product}}, []guid.GUID{servertest.ID(70), servertest.ID(71)}},
		{[]agent.Category{{Product: product, Classification: security}}, []guid.GUID{servertest.ID(70)}},
	} {
		c.options.Categories = tt.categories
		c.again()
		r, err := c.Scan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []guid.GUID
		for _, u := range r.Updates {
			got = append(got, u.ID.GUID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v: %s", tt.categories, diff)
		}
	}
}
