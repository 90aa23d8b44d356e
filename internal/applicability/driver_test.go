package applicability_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/applicability"
)

const driverRules = `<ApplicabilityRules><IsInstalled><d.WindowsDriverInstalled /></IsInstalled><IsSuperseded><d.WindowsDriverSuperseded />
</IsSuperseded><IsInstallable><d.WindowsDriverInstallable /></IsInstallable><Metadata>%s</Metadata></ApplicabilityRules>`

const offered = `<d.WindowsDriverMetaData HardwareID="PCI\VEN_1&amp;DEV_2" DriverVerDate="2024-03-01" DriverVerVersion="2.0.0.0" Class="Net" Provider="Contoso" Manufacturer="Contoso" `

// TestDrivers compares one offered driver with what a device has.
func TestDrivers(t *testing.T) {
	at := func(month time.Month) time.Time { return time.Date(2024, month, 1, 0, 0, 0, 0, time.UTC) }
	have := func(id string, month time.Month, version uint32) *applicability.Driver {
		return &applicability.Driver{MatchingID: id, Date: at(month), Version: applicability.Version{version}, Class: "Net"}
	}
	const this, closer, vague = `pci\ven_1&dev_2`, `PCI\VEN_1&DEV_2&REV_3`, `PCI\VEN_1`
	const scored = `><FeatureScore OperatingSystem="AMD64.10.0" FeatureScore="10" /></d.WindowsDriverMetaData>`
	scoredRank := have(this, 2, 1)
	scoredRank.Rank = 0x00100001
	plainRank := have(this, 2, 1)
	plainRank.Rank = 0x00ff0001
	printer := have(this, 2, 1)
	printer.Class, printer.Provider, printer.Manufacturer = "Printer", "Fabrikam", "Contoso"
	made := have(this, 2, 1)
	made.Class, made.Provider, made.Manufacturer = "Printer", "Contoso", "Fabrikam"
	const replacing = `><d.CompatibleProvider>Adatum</d.CompatibleProvider><d.CompatibleProvider> fabrikam
		</d.CompatibleProvider></d.WindowsDriverMetaData>`
	const yes, no, open = applicability.True, applicability.False, applicability.Unknown
	for name, tt := range map[string]struct {
		metadata                           string
		driver                             *applicability.Driver
		installed, superseded, installable applicability.Truth
	}{
		"none":                    {offered + "/>", nil, no, no, yes},
		"this":                    {offered + "/>", have(this, 3, 2), yes, no, no},
		"an older one":            {offered + "/>", have(this, 2, 2), no, no, yes},
		"a lower version":         {offered + "/>", have(this, 3, 1), no, no, yes},
		"a newer one":             {offered + "/>", have(this, 4, 2), no, yes, no},
		"an older, closer one":    {offered + "/>", have(closer, 1, 1), no, yes, no},
		"a newer, vaguer one":     {offered + "/>", have(vague, 9, 9), no, no, yes},
		"one by no id of it":      {offered + "/>", have(`USB\X`, 9, 9), no, no, yes},
		"a printer of other make": {offered + "/>", printer, no, yes, no},
		"a printer of a provider that it replaces":   {offered + replacing, printer, no, no, yes},
		"a printer that another one makes":           {offered + replacing, made, no, yes, no},
		"no printer, of a driver that replaces some": {offered + replacing, have(this, 2, 2), no, no, yes},
		"a rank without a score":                     {offered + "/>", plainRank, no, no, yes},
		"a rank with a score":                        {offered + "/>", scoredRank, no, open, open},
		"scores, and an older one":                   {offered + scored, have(this, 2, 2), no, open, open},
		"scores, and this":                           {offered + scored, have(this, 3, 2), yes, no, no},
		"for another device":                         {`<d.WindowsDriverMetaData HardwareID="USB\Y" DriverVerDate="2024-03-01" DriverVerVersion="2" />`, nil, no, no, no},
		"emptied":                                    {`<d.WindowsDriverMetaData />`, nil, open, open, open},
		"no date":                                    {`<d.WindowsDriverMetaData HardwareID="USB\Y" DriverVerVersion="2" />`, nil, open, open, open},
		"of two the better": {
			offered + `/><d.WindowsDriverMetaData HardwareID="PCI\VEN_1&amp;DEV_2&amp;REV_3" DriverVerDate="2024-03-01" DriverVerVersion="2.0" />`,
			have(this, 3, 2), no, no, yes,
		},
	} {
		c := &computer{devices: []applicability.Device{
			{HardwareIDs: []string{closer, `PCI\VEN_1&DEV_2`}, CompatibleIDs: []string{vague}, Driver: tt.driver}, {HardwareIDs: []string{`ROOT\Z`}},
		}}
		got := evalAll(t, c, fmt.Sprintf(driverRules, tt.metadata))
		if got != [3]applicability.Truth{tt.installed, tt.superseded, tt.installable} {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func evalAll(t *testing.T, c *computer, fragment string) [3]applicability.Truth {
	t.Helper()
	var compiler applicability.Compiler
	r, err := compiler.Compile([]byte(fragment), self)
	if err != nil {
		t.Fatal(err)
	}
	s := compiler.Scan(c)
	return [3]applicability.Truth{s.Eval(r.IsInstalled).Truth, s.Eval(r.IsSuperseded).Truth, s.Eval(r.IsInstallable).Truth}
}

// TestRevisionsHaveTheirOwnMetadata: two revisions of one update are compiled together, and each is judged by its own.
func TestRevisionsHaveTheirOwnMetadata(t *testing.T) {
	var compiler applicability.Compiler
	c := pc()
	var all []applicability.Rules
	for _, name := range []string{"New", "Parent"} {
		r, err := compiler.Compile(fmt.Appendf(nil, packageRules, name, "Parent"), self)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	s := compiler.Scan(c)
	if a, b := s.Eval(all[0].IsInstalled).Truth, s.Eval(all[1].IsInstalled).Truth; a != applicability.False || b != applicability.True {
		t.Errorf("got %v and %v", a, b)
	}
}
