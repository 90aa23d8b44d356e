package catalog

import (
	"slices"
	"strings"
)

// NeededPrinters answers a synchronisation of the printer catalogue (MS-WUSP 3.1.5.12), from which somebody who adds a
// printer chooses its driver: all printers' drivers whose prerequisites are met, as no device is there yet that one could be
// the best for. Hardware names all hardware ids of those entries.
func (s *Scope) NeededPrinters(installed, cached []RevisionID) DriverNeed {
	j := s.judge(installed)
	need := DriverNeed{Hardware: map[RevisionID][]string{}}
	needed := map[int32]bool{}
	for _, i := range s.drivers {
		ids := s.c.revs[i].printerIDs()
		if len(ids) > 0 && j.met[s.c.rules.of[i]] {
			needed[i] = true
			need.Hardware[s.c.revs[i].RevisionID] = ids
		}
	}
	s.compareCached(&need.Need, needed, cached)
	return need
}

// printerIDs lists the hardware ids of a driver's entries for printers.
func (r *Revision) printerIDs() []string {
	var ids []string
	for n := range r.Drivers {
		if e := &r.Drivers[n]; strings.EqualFold(e.Class, "Printer") && !slices.Contains(ids, e.HardwareID) {
			ids = append(ids, e.HardwareID)
		}
	}
	return ids
}
