// Package maintenance is the times at which updates may be installed unattended: what an agent's settings name, and what
// an approval may carry. It is no calendar: a window is the same every week, in the time that the computer's clock shows.
//
// Its invariant is that what it parses it also writes, in one form, and that no windows at all mean always.
package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of what is parsed: several times what a week has use for.
const (
	MaxText    = 4096 // bytes of a list
	MaxWindows = 64
)

// Windows are times of the week, any of which will do; none: always.
type Windows []Window

// Parse reads windows that are divided by ";". An empty text has none.
func Parse(s string) (Windows, error) {
	if len(s) > MaxText {
		return nil, fmt.Errorf("windows of %d characters: more than %d", len(s), MaxText)
	}
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var list Windows
	for part := range strings.SplitSeq(s, ";") {
		w, err := ParseWindow(part)
		if err != nil {
			return nil, err
		}
		list = list.And(Windows{w})
	}
	if len(list) > MaxWindows {
		return nil, fmt.Errorf("%d windows: more than %d", len(list), MaxWindows)
	}
	return list, nil
}

// And are the windows of both lists: one for each hours, with the days of all that have these.
func (l Windows) And(others Windows) Windows {
	out := slices.Clone(l)
	for _, w := range others {
		at := slices.IndexFunc(out, func(o Window) bool { return o.From == w.From && o.To == w.To })
		if at < 0 {
			out = append(out, w)
			continue
		}
		for day, is := range w.Days {
			out[at].Days[day] = out[at].Days[day] || is
		}
	}
	return out
}

// String is the list as Parse reads it.
func (l Windows) String() string {
	var parts []string
	for _, w := range l {
		parts = append(parts, w.String())
	}
	return strings.Join(parts, "; ")
}

// MarshalText writes the list as Parse reads it.
func (l Windows) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what Parse reads.
func (l *Windows) UnmarshalText(b []byte) (err error) {
	*l, err = Parse(string(b))
	return err
}

// Open tells whether t lies in one of the windows; t is in the computer's own time.
func (l Windows) Open(t time.Time) bool {
	return len(l) == 0 || slices.ContainsFunc(l, func(w Window) bool { return w.contains(t) })
}

// Next is the first moment after t, within a week and in the location of t, at which a window of one list begins and all
// lists are open; false when there is none.
func Next(t time.Time, lists ...Windows) (next time.Time, found bool) {
	for _, w := range slices.Concat(lists...) {
		for day := range 8 {
			from, _ := w.span(t.AddDate(0, 0, day))
			if !w.Days[from.Weekday()] || !from.After(t) || found && !from.Before(next) {
				continue
			}
			if AllOpen(from, lists...) {
				next, found = from, true
				break
			}
		}
	}
	return next, found
}

// AllOpen tells whether t lies in a window of each list.
func AllOpen(t time.Time, lists ...Windows) bool {
	return !slices.ContainsFunc(lists, func(l Windows) bool { return !l.Open(t) })
}
