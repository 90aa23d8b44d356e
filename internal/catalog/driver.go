package catalog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
)

// System is what a computer says of its hardware in a driver synchronisation (MS-WUSP 2.2.2.2.4).
type System struct {
	// Computer holds the computer's own hardware ids, the most specific first.
	Computer []guid.GUID
	// FeatureScoreKey is the architecture and system whose feature scores count, such as "AMD64.10.0".
	FeatureScoreKey string
	Devices         []Device
	// Removed says of a driver in the scope that it is to be taken off again, and so is no candidate. Nil: none is.
	Removed func(RevisionID) bool
}

func (sys *System) removed(id RevisionID) bool { return sys.Removed != nil && sys.Removed(id) }

// Device is one device, its ids the most specific first.
type Device struct {
	HardwareIDs, CompatibleIDs []string
	Installed                  *InstalledDriver // nil: none
	Extensions                 []Extension      // that its driver has
	Recovery                   []guid.GUID      // updates that its drivers came with
}

// Extension is an extension driver that a device has.
type Extension struct {
	Date    time.Time
	Version uint64
}

// extensionClass is the class of extension drivers, which some name by its number.
var extensionClass = guid.MustParse("e2f84ce7-8efa-411c-aa69-97454ca4cb57")

// extends tells extension drivers from base drivers.
func (e *DriverEntry) extends() bool {
	if strings.EqualFold(e.Class, "Extension") {
		return true
	}
	g, err := guid.Parse(strings.Trim(e.Class, "{}"))
	return err == nil && g == extensionClass
}

// InstalledDriver is the driver that a device has.
type InstalledDriver struct {
	MatchingID       string
	Date             time.Time
	Version          uint64
	Class            string
	Manufacturer     string
	Provider         string
	MatchingComputer guid.GUID // zero: none
	// Rank is Windows' own figure; its third byte is the feature score. Zero: the client is too old to say.
	Rank uint32
}

// DriverNeed is Need for a driver synchronisation; Hardware names, for every needed revision, the hardware ids for
// which it is the best match, in the catalogue's spelling.
type DriverNeed struct {
	Need
	Hardware map[RevisionID][]string
}

// noScore is the feature score of a driver that declares none: the worst.
const noScore = 0xff

// driverRow is one entry of the driver table.
type driverRow struct {
	rev   int32
	entry *DriverEntry
}

// rating orders drivers for one device: the lower the better, part by part.
type rating struct {
	computer, score, id int
	date                time.Time
	version             uint64
}

func (a rating) compare(b rating) int {
	return cmp.Or(
		cmp.Compare(a.computer, b.computer), cmp.Compare(a.score, b.score), cmp.Compare(a.id, b.id),
		b.date.Compare(a.date), cmp.Compare(b.version, a.version),
	)
}

func (s *Scope) enterDriver(i int32) {
	entries := s.c.revs[i].Drivers
	for n := range entries {
		id := strings.ToLower(entries[n].HardwareID)
		s.hardware[id] = append(s.hardware[id], driverRow{rev: i, entry: &entries[n]})
	}
}

// NeededDrivers answers a driver synchronisation: for every device the best driver whose prerequisites are met, if it
// is better than the installed one. Extension drivers add to a driver and replace none, so that they are compared among
// themselves. The specification has no rule for them, and documents no extension's id, by which a computer tells its
// extensions apart: offered is the best one that is later than all that the device has.
func (s *Scope) NeededDrivers(installed, cached []RevisionID, sys *System) DriverNeed {
	j := s.judge(installed)
	need := DriverNeed{Hardware: map[RevisionID][]string{}}
	best := map[int32]bool{}
	for n := range sys.Devices {
		for _, extends := range []bool{false, true} {
			row, ok := s.best(&sys.Devices[n], sys, j, extends)
			if !ok {
				continue
			}
			best[row.rev] = true
			id := s.c.revs[row.rev].RevisionID
			need.found(id, row.entry.HardwareID)
		}
		s.remove(&sys.Devices[n], sys, best, &need)
	}
	s.compareCached(&need.Need, best, cached)
	return need
}

func (n *DriverNeed) found(id RevisionID, hardware string) {
	if !slices.Contains(n.Hardware[id], hardware) {
		n.Hardware[id] = append(n.Hardware[id], hardware)
	}
}

// remove adds what is to be taken off a device, if it is there by an update (2.2.2.2.4, DriverRecoveryID): whatever else there
// is for the device, and whether that is better.
func (s *Scope) remove(d *Device, sys *System, needed map[int32]bool, need *DriverNeed) {
	for _, g := range d.Recovery {
		r := s.c.Newest(g)
		if r == nil || r.Type != Driver || s.Role(r.RevisionID) == Outside || !sys.removed(r.RevisionID) {
			continue
		}
		for n := range r.Drivers {
			hardware := r.Drivers[n].HardwareID
			if slices.ContainsFunc(d.ids(), func(id string) bool { return strings.EqualFold(id, hardware) }) {
				needed[s.c.number.get(r.RevisionID)] = true
				need.found(r.RevisionID, hardware)
			}
		}
	}
}

func (s *Scope) compareCached(need *Need, needed map[int32]bool, cached []RevisionID) {
	fresh := map[int32]bool{}
	for i := range needed {
		fresh[i] = true
	}
	for _, id := range cached {
		i := s.c.number.get(id)
		switch {
		case i < 0 || !needed[i]:
			need.Gone = append(need.Gone, id)
		case fresh[i]:
			need.Kept = append(need.Kept, id)
			delete(fresh, i)
		}
	}
	var list []int32
	for i := range fresh {
		list = append(list, i)
	}
	need.New = s.ordered(list)
}

// best finds the base or the extension driver that a device should get; false when it has the best already.
func (s *Scope) best(d *Device, sys *System, j *judged, extends bool) (driverRow, bool) {
	var found driverRow
	var top rating
	installed := rateInstalled(d, sys)
	for place, id := range d.ids() {
		for _, row := range s.hardware[strings.ToLower(id)] {
			r, ok := rate(row.entry, place, sys)
			if !ok || !j.met[s.c.rules.of[row.rev]] || row.entry.extends() != extends || !d.gains(row.entry, r, installed) || found.entry != nil && r.compare(top) >= 0 {
				continue
			}
			if sys.removed(s.c.revs[row.rev].RevisionID) {
				continue
			}
			found, top = row, r
		}
	}
	return found, found.entry != nil
}

// gains tells whether a driver is better for the device than what it has of its kind.
func (d *Device) gains(e *DriverEntry, r, installed rating) bool {
	if !e.extends() {
		return suits(e, d.Installed) && installed.worseThan(r, d.Installed)
	}
	return !slices.ContainsFunc(d.Extensions, func(x Extension) bool {
		return cmp.Or(x.Date.Compare(e.Date), cmp.Compare(x.Version, e.Version)) >= 0
	})
}

func (d *Device) ids() []string { return slices.Concat(d.HardwareIDs, d.CompatibleIDs) }

// rate gives an entry's rating for the device id at a place; false when it is meant for other computers.
func rate(e *DriverEntry, place int, sys *System) (rating, bool) {
	r := rating{computer: len(sys.Computer), score: score(e, sys.FeatureScoreKey), id: place, date: e.Date, version: e.Version}
	if len(e.TargetComputers)+len(e.DistributionComputers) == 0 {
		return r, true
	}
	r.computer = slices.IndexFunc(sys.Computer, func(g guid.GUID) bool { return targets(e, g) })
	return r, r.computer >= 0
}

func targets(e *DriverEntry, g guid.GUID) bool {
	return slices.Contains(e.TargetComputers, g) || slices.Contains(e.DistributionComputers, g)
}

func score(e *DriverEntry, key string) int {
	for system, n := range e.FeatureScores {
		if strings.EqualFold(system, key) {
			return int(n)
		}
	}
	return noScore
}

// rateInstalled gives the rating of a device's driver; zero when it has none.
func rateInstalled(d *Device, sys *System) rating {
	in := d.Installed
	if in == nil {
		return rating{}
	}
	r := rating{computer: len(sys.Computer), score: int(in.Rank >> 16 & 0xff), date: in.Date, version: in.Version}
	if at := slices.Index(sys.Computer, in.MatchingComputer); at >= 0 && !in.MatchingComputer.IsZero() {
		r.computer = at
	}
	ids := d.ids()
	r.id = slices.IndexFunc(ids, func(id string) bool { return strings.EqualFold(id, in.MatchingID) })
	if r.id < 0 {
		r.id = len(ids)
	}
	return r
}

// worseThan compares an installed driver's rating with an offered one; without a rank, feature scores do not count.
func (a rating) worseThan(offered rating, in *InstalledDriver) bool {
	if in == nil {
		return true
	}
	if in.Rank == 0 {
		a.score = offered.score
	}
	return offered.compare(a) < 0
}

// suits holds the rule for printers: their driver keeps its provider and manufacturer.
func suits(e *DriverEntry, in *InstalledDriver) bool {
	return in == nil || !strings.EqualFold(in.Class, "Printer") ||
		strings.EqualFold(e.Provider, in.Provider) && strings.EqualFold(e.Manufacturer, in.Manufacturer)
}
