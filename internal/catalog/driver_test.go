package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
)

func driver(id RevisionID, e DriverEntry) Revision {
	return Revision{RevisionID: id, ID: uid(int(id), 1), Type: Driver, Drivers: []DriverEntry{e}}
}

// TestDriverRanking goes through the five rules of MS-WUSP 3.1.5.7 in their order: of each pair the first is better.
func TestDriverRanking(t *testing.T) {
	sys := System{
		Computer: []guid.GUID{gid(1), gid(2)}, FeatureScoreKey: "AMD64.10.0",
		Devices: []Device{{HardwareIDs: []string{`PCI\VEN_1&REV_2`, `PCI\VEN_1`}, CompatibleIDs: []string{`PCI\CC`}}},
	}
	scores := func(n uint8) map[string]uint8 { return map[string]uint8{"amd64.10.0": n, "x86.10.0": 0} }
	for name, tc := range map[string]struct{ better, worse DriverEntry }{
		"for this computer before for all": {
			DriverEntry{HardwareID: `PCI\CC`, TargetComputers: []guid.GUID{gid(2)}, FeatureScores: scores(200)},
			DriverEntry{HardwareID: `PCI\VEN_1&REV_2`, FeatureScores: scores(1)},
		},
		"the more specific computer": {
			DriverEntry{HardwareID: `PCI\CC`, DistributionComputers: []guid.GUID{gid(1)}},
			DriverEntry{HardwareID: `PCI\VEN_1`, TargetComputers: []guid.GUID{gid(2)}},
		},
		"the lower feature score": {
			DriverEntry{HardwareID: `PCI\CC`, FeatureScores: scores(10)},
			DriverEntry{HardwareID: `PCI\VEN_1`, FeatureScores: scores(11)},
		},
		"the earlier hardware id": {
			DriverEntry{HardwareID: `pci\ven_1&rev_2`, Date: at(1)},
			DriverEntry{HardwareID: `PCI\VEN_1`, Date: at(2)},
		},
		"the later date": {
			DriverEntry{HardwareID: `PCI\VEN_1`, Date: at(2), Version: 1},
			DriverEntry{HardwareID: `PCI\VEN_1`, Date: at(1), Version: 2},
		},
		"the higher version": {
			DriverEntry{HardwareID: `PCI\VEN_1`, Date: at(2), Version: 2},
			DriverEntry{HardwareID: `PCI\VEN_1`, Date: at(2), Version: 1},
		},
		"never for another computer": {
			DriverEntry{HardwareID: `PCI\CC`},
			DriverEntry{HardwareID: `PCI\VEN_1`, TargetComputers: []guid.GUID{gid(9)}},
		},
	} {
		for _, first := range []bool{true, false} {
			want, other := RevisionID(1), RevisionID(2)
			if !first {
				want, other = other, want
			}
			c := Compile([]Revision{driver(want, tc.better), driver(other, tc.worse)})
			need := c.Scope([]RevisionID{1, 2}).NeededDrivers(nil, []RevisionID{other, 77}, &sys)
			if diff := cmp.Diff([]RevisionID{want}, need.New); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if diff := cmp.Diff([]RevisionID{other, 77}, need.Gone); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if diff := cmp.Diff([]string{tc.better.HardwareID}, need.Hardware[want]); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

func TestInstalledDriver(t *testing.T) {
	offered := DriverEntry{
		HardwareID: `PCI\VEN_1`, Date: at(5), Version: 5, Provider: "Fabrikam", Manufacturer: "Contoso",
		FeatureScores: map[string]uint8{"amd64.10.0": 0x80},
	}
	for name, tc := range map[string]struct {
		in   InstalledDriver
		want bool
	}{
		"older":                         {InstalledDriver{MatchingID: `pci\ven_1`, Date: at(4), Version: 9}, true},
		"the same":                      {InstalledDriver{MatchingID: `PCI\VEN_1`, Date: at(5), Version: 5}, false},
		"newer":                         {InstalledDriver{MatchingID: `PCI\VEN_1`, Date: at(6), Version: 5}, false},
		"newer with a worse score":      {InstalledDriver{MatchingID: `PCI\VEN_1`, Date: at(6), Version: 5, Rank: 0x00ff0001}, true},
		"older with a better score":     {InstalledDriver{MatchingID: `PCI\VEN_1`, Date: at(4), Version: 5, Rank: 0x00100001}, false},
		"older on a more specific id":   {InstalledDriver{MatchingID: `PCI\VEN_1&REV_2`, Date: at(4)}, false},
		"older on an id not of it":      {InstalledDriver{MatchingID: `USB\X`, Date: at(6)}, true},
		"older printer of another make": {InstalledDriver{MatchingID: `PCI\VEN_1`, Date: at(4), Class: "Printer", Provider: "Contoso", Manufacturer: "Contoso"}, false},
		"older printer of that make":    {InstalledDriver{MatchingID: `PCI\VEN_1`, Date: at(4), Class: "printer", Provider: "fabrikam", Manufacturer: "Contoso"}, true},
	} {
		sys := System{FeatureScoreKey: "AMD64.10.0", Devices: []Device{{HardwareIDs: []string{`PCI\VEN_1&REV_2`, `PCI\VEN_1`}, Installed: &tc.in}}}
		s := Compile([]Revision{driver(1, offered)}).Scope([]RevisionID{1})
		if got := len(s.NeededDrivers(nil, nil, &sys).New) == 1; got != tc.want {
			t.Errorf("%s: offered %v", name, got)
		}
	}
}

func TestDriversWaitForPrerequisites(t *testing.T) {
	d := driver(2, DriverEntry{HardwareID: "A"})
	d.Prerequisites = []Clause{any1(1)}
	s := Compile([]Revision{{RevisionID: 1, ID: uid(1, 1), Type: Category}, d}).Scope([]RevisionID{2})
	sys := System{Devices: []Device{{HardwareIDs: []string{"a"}}}}
	if need := s.NeededDrivers(nil, nil, &sys); len(need.New) != 0 {
		t.Error("a driver is offered without its prerequisite")
	}
	if need := s.NeededDrivers([]RevisionID{1}, []RevisionID{2, 2}, &sys); len(need.Kept) != 1 || len(need.New) != 0 {
		t.Errorf("cached driver: %+v", need)
	}
	if need := s.Needed([]RevisionID{1}, nil); len(need.New) != 0 {
		t.Error("a software synchronisation brings a driver")
	}
	if !s.HasDrivers() {
		t.Error("the scope has no drivers")
	}
}

// TestExtensions: an extension driver and a base driver take nothing from each other.
func TestExtensions(t *testing.T) {
	base := DriverEntry{HardwareID: `PCI\VEN_1`, Class: "Net", Date: at(5), Version: 5}
	named := DriverEntry{HardwareID: `PCI\VEN_1`, Class: "extension", Date: at(9), Version: 9}
	numbered := DriverEntry{HardwareID: `PCI\VEN_1`, Class: "{E2F84CE7-8EFA-411C-AA69-97454CA4CB57}", Date: at(8), Version: 8}
	c := Compile([]Revision{driver(1, base), driver(2, named), driver(3, numbered)})
	scope := c.Scope([]RevisionID{1, 2, 3})
	for name, tc := range map[string]struct {
		device Device
		want   []RevisionID
	}{
		"neither is there":         {Device{}, []RevisionID{1, 2}},
		"an older one of each":     {Device{Installed: &InstalledDriver{Date: at(4)}, Extensions: []Extension{{Date: at(8)}}}, []RevisionID{1, 2}},
		"the base driver is newer": {Device{Installed: &InstalledDriver{Date: at(6), MatchingID: `PCI\VEN_1`}}, []RevisionID{2}},
		"the extension is there":   {Device{Extensions: []Extension{{Date: at(1)}, {Date: at(9), Version: 9}}}, []RevisionID{1}},
		"a later extension":        {Device{Extensions: []Extension{{Date: at(9), Version: 10}}}, []RevisionID{1}},
	} {
		tc.device.HardwareIDs = []string{`PCI\VEN_1`}
		need := scope.NeededDrivers(nil, nil, &System{Devices: []Device{tc.device}})
		if diff := cmp.Diff(tc.want, need.New); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
