package winsys

import (
	"maps"
	"slices"
	"time"
)

// Clock says how sure a conversion from local time is.
type Clock int

// What can be said of a local time.
const (
	Certain     Clock = iota
	Ambiguous         // clocks went back and showed it twice; the earlier one is given
	Nonexistent       // clocks went forward and never showed it; it is taken as if they had not
)

// UTC converts a time that a clock in the zone showed. Only the wall clock of local counts, not its location.
func (z TimeZone) UTC(local time.Time) (time.Time, Clock) {
	switch c := z.Candidates(local); len(c) {
	case 0:
		r := z.rule(local.Year())
		return wall(local).Add(r.bias(false)), Nonexistent
	case 1:
		return c[0], Certain
	default:
		return c[0], Ambiguous
	}
}

// Candidates gives the moments at which a clock in the zone showed a time: none, one, or two in order.
func (z TimeZone) Candidates(local time.Time) []time.Time {
	r := z.rule(local.Year())
	at := wall(local)
	if z.NoDaylight || !r.saves() {
		return []time.Time{at.Add(r.bias(false))}
	}
	begin := r.Daylight.in(local.Year()).Add(r.bias(false))
	end := r.Standard.in(local.Year()).Add(r.bias(true))
	var list []time.Time
	for _, daylight := range []bool{true, false} {
		utc := at.Add(r.bias(daylight))
		saving := !utc.Before(begin) && utc.Before(end)
		if end.Before(begin) { // south of the equator
			saving = !utc.Before(begin) || utc.Before(end)
		}
		if saving == daylight {
			list = append(list, utc)
		}
	}
	if len(list) == 2 && list[1].Before(list[0]) {
		list[0], list[1] = list[1], list[0]
	}
	return list
}

// Offset is how far the zone's clocks are ahead of UTC at a local time, as UTC takes it.
func (z TimeZone) Offset(local time.Time) time.Duration {
	utc, _ := z.UTC(local)
	return wall(local).Sub(utc)
}

// rule is the rule of a year.
func (z TimeZone) rule(year int) ZoneRule {
	if r, ok := z.Years[year]; ok {
		return r
	}
	if len(z.Years) == 0 {
		return z.Rule
	}
	known := slices.Sorted(maps.Keys(z.Years))
	if first := known[0]; year < first {
		return z.Years[first]
	}
	if last := known[len(known)-1]; year > last {
		return z.Years[last]
	}
	return z.Rule // a gap within
}

// bias is what is added to local time to get UTC.
func (r ZoneRule) bias(daylight bool) time.Duration {
	b := time.Duration(r.Bias) + time.Duration(r.StandardBias)
	if daylight {
		b = time.Duration(r.Bias) + time.Duration(r.DaylightBias)
	}
	return b * time.Minute
}

// saves tells whether clocks are changed in the year.
func (r ZoneRule) saves() bool {
	return r.Standard.Month != 0 && r.Daylight.Month != 0 && r.DaylightBias != r.StandardBias
}

// lastWeek stands for the last week of a month; what a hive says beyond that is no week.
const lastWeek = 5

// in gives the transition's local time in a year.
func (t Transition) in(year int) time.Time {
	clock := time.Duration(t.Hour)*time.Hour + time.Duration(t.Minute)*time.Minute +
		time.Duration(t.Second)*time.Second + time.Duration(t.Millis)*time.Millisecond
	if t.Year != 0 {
		return time.Date(t.Year, t.Month, t.Day, 0, 0, 0, 0, time.UTC).Add(clock)
	}
	first := time.Date(year, t.Month, 1, 0, 0, 0, 0, time.UTC)
	day := first.AddDate(0, 0, (int(t.Weekday)-int(first.Weekday())+7)%7+7*(min(t.Day, lastWeek)-1))
	for day.Month() != first.Month() && day.After(first) {
		day = day.AddDate(0, 0, -7) // the fifth week is the last, though it be the fourth
	}
	return day.Add(clock)
}

// wall takes a time's wall clock for UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}
