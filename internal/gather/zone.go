package gather

import (
	"slices"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/winsys"
)

// zone turns the machine's wall-clock times into UTC: by the registry's rules where there is a registry, else by what
// logs say of both clocks at one moment. Safe for use by several goroutines while it collects.
type zone struct {
	mu      sync.Mutex
	rules   func(local time.Time) (time.Time, bool)
	samples []offset
	sorted  bool
}

// offset is what one log line says of the two clocks.
type offset struct {
	local time.Time
	east  time.Duration
}

const (
	maxSamples = 50000
	// reach is how far from a known sample its offset is still taken for granted; beyond it daylight saving may have come
	// and gone, even when the next sample says the same.
	reach = 14 * 24 * time.Hour
)

// follow goes by a machine's own rules.
func (z *zone) follow(tz *winsys.TimeZone) {
	z.rules = func(local time.Time) (time.Time, bool) {
		utc, sure := tz.UTC(local)
		return utc, sure == winsys.Certain
	}
}

// sample notes that the wall clock showed local when it was utc.
func (z *zone) sample(local, utc time.Time) {
	// Clocks are compared to the quarter of an hour: the two times of a line can be a little apart.
	east := local.Sub(utc).Round(15 * time.Minute)
	if local.IsZero() || utc.IsZero() || east.Abs() > 15*time.Hour {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(z.samples) < maxSamples {
		z.samples = append(z.samples, offset{local, east})
	}
}

// sampleOf notes a time that bears its offset.
func (z *zone) sampleOf(t time.Time) {
	_, east := t.Zone()
	z.sample(t.UTC().Add(time.Duration(east)*time.Second), t.UTC())
}

// toUTC converts a wall-clock time, or says that it cannot.
func (z *zone) toUTC(local time.Time) (time.Time, bool) {
	if z.rules != nil {
		return z.rules(local)
	}
	if !z.sorted {
		slices.SortFunc(z.samples, func(a, b offset) int { return a.local.Compare(b.local) })
		z.sorted = true
	}
	i, _ := slices.BinarySearchFunc(z.samples, local, func(o offset, t time.Time) int { return o.local.Compare(t) })
	near := z.samples[max(i-1, 0):min(i+1, len(z.samples))]
	if len(near) == 0 || len(near) == 2 && near[0].east != near[1].east {
		return local, false // nothing is known, or the offset changed somewhere between the two
	}
	for _, o := range near {
		if local.Sub(o.local).Abs() <= reach {
			return local.Add(-o.east), true
		}
	}
	return local, false
}
