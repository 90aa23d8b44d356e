package applicability

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// driver is one WindowsDriverMetaData: a hardware id that the update has a driver for.
type driver struct {
	id      string
	date    time.Time
	version Version
	ranked  bool // by feature scores or for some computers alone, which only the server weighs
	// Of a printer's driver: who provides it, whose drivers it takes the place of besides, and who makes the printer.
	providers    []string
	manufacturer string
}

// compatibleProvider names a provider whose printer drivers this one takes the place of (the schema in MS-WUSP's note to 3.1.1.1).
const compatibleProvider = "CompatibleProvider"

// drivers reads what the update's metadata say of its drivers. A server may have emptied them: it has ranked them itself.
func (b *builder) drivers(rule string) ([]driver, error) {
	var all []driver
	if b.metadata != nil {
		for _, e := range b.metadata.below {
			if e.name != "WindowsDriverMetaData" || e.attr("HardwareID") == "" {
				continue
			}
			d := driver{id: e.attr("HardwareID")}
			var err error
			if d.version, err = ParseVersion(e.attr("DriverVerVersion")); err != nil {
				return nil, err
			}
			text := e.attr("DriverVerDate")
			if d.date, err = time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))]); err != nil {
				return nil, fmt.Errorf("date of a driver: %w", err)
			}
			d.making(e)
			all = append(all, d)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: the update's metadata name no hardware", rule)
	}
	return all, nil
}

// making reads what stands in the metadata besides the driver's place among others.
func (d *driver) making(e *element) {
	d.providers, d.manufacturer = []string{e.attr("Provider")}, e.attr("Manufacturer")
	for _, x := range e.below {
		if x.name == compatibleProvider {
			d.providers = append(d.providers, x.content())
		} else {
			d.ranked = true
		}
	}
}

// suits holds the rule for printers: they keep the make of their driver.
func (d *driver) suits(have *Driver) bool {
	return !strings.EqualFold(have.Class, "Printer") ||
		strings.EqualFold(d.manufacturer, have.Manufacturer) && indexFold(d.providers, have.Provider) >= 0
}

// match is how a driver stands to the one that a device has.
type match uint8

const (
	none    match = iota // it is not for the device
	worse                // the device has a better one
	unclear              // only the server could tell
	equal                // the device has this one
	better
)

// fit compares as MS-WUSP 3.1.5.7 has it, as far as a computer can: the place of the id, then the date, then the version.
func (d *driver) fit(on *Device) match {
	ids := slices.Concat(on.HardwareIDs, on.CompatibleIDs)
	place := indexFold(ids, d.id)
	have := on.Driver
	switch {
	case place < 0:
		return none
	case have != nil && strings.EqualFold(have.MatchingID, d.id) && have.Version == d.version && sameDay(have.Date, d.date):
		return equal
	case d.ranked || have != nil && have.Rank>>16&0xff != 0xff && have.Rank != 0:
		return unclear
	case have == nil:
		return better
	case !d.suits(have):
		return worse
	}
	at := indexFold(ids, have.MatchingID)
	if at < 0 {
		at = len(ids)
	}
	if cmp.Or(cmp.Compare(at, place), d.date.Compare(have.Date.Truncate(24*time.Hour)), d.version.Compare(have.Version)) > 0 {
		return better
	}
	return worse
}

func indexFold(all []string, s string) int {
	return slices.IndexFunc(all, func(x string) bool { return strings.EqualFold(x, s) })
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// fits tells which matches there are with the devices of the computer; of several drivers the best counts for a device.
func fits(s *Scan, all []driver) (there [better + 1]bool, err error) {
	devices, err := s.devices()
	if err != nil {
		return there, err
	}
	for i := range devices {
		best := none
		for n := range all {
			best = max(best, all[n].fit(&devices[i]))
		}
		there[best] = true
	}
	return there, nil
}

// driverRule decides from the matches that there are; Unknown is that only the server could tell.
func driverRule(decide func(there [better + 1]bool) Truth) func(*builder, *element) (func(*Scan) (Truth, error), error) {
	return func(b *builder, e *element) (func(*Scan) (Truth, error), error) {
		all, err := b.drivers(e.name)
		if err != nil {
			return nil, err
		}
		return func(s *Scan) (Truth, error) {
			there, err := fits(s, all)
			if err != nil {
				return known(false, err)
			}
			truth := decide(there)
			if truth == Unknown {
				err = fmt.Errorf("drivers that the server ranks: %w", ErrUnknown)
			}
			return truth, err
		}, nil
	}
}

// driverInstalled: a device has this driver, and none would gain by it.
func driverInstalled(there [better + 1]bool) Truth {
	return of(there[equal] && !there[better])
}

// driverSuperseded: what the devices have is better.
func driverSuperseded(there [better + 1]bool) Truth {
	switch {
	case there[better] || there[equal]:
		return False
	case there[unclear]:
		return Unknown
	}
	return of(there[worse])
}

// driverInstallable: a device would gain by it.
func driverInstallable(there [better + 1]bool) Truth {
	switch {
	case there[better]:
		return True
	case there[unclear]:
		return Unknown
	}
	return False
}
