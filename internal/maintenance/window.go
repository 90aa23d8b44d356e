package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Window is a time of the week, in the computer's own time. One whose end is not after its beginning goes on into the
// next day.
type Window struct {
	Days     [7]bool       // by time.Weekday of its beginning
	From, To time.Duration // since midnight, as clocks show it
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseWindow reads "22:00-05:00" for every day, or "mon-fri 22:00-05:00", or "sat,sun 08:00-20:00", in any case.
func ParseWindow(s string) (Window, error) {
	var w Window
	if len(s) > MaxText {
		return w, fmt.Errorf("a window of %d characters: more than %d", len(s), MaxText)
	}
	days, hours := "sun-sat", strings.ToLower(strings.TrimSpace(s))
	if at := strings.LastIndexByte(hours, ' '); at >= 0 {
		days, hours = hours[:at], hours[at+1:]
	}
	from, to, ok := strings.Cut(hours, "-")
	var err1, err2 error
	w.From, err1 = clock(from)
	w.To, err2 = clock(to)
	if !ok || err1 != nil || err2 != nil || !w.days(days) {
		return w, fmt.Errorf("%q is no window such as %q", s, "mon-fri 22:00-05:00")
	}
	return w, nil
}

func clock(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// days takes in a list of days and ranges of days.
func (w *Window) days(s string) bool {
	for part := range strings.SplitSeq(s, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		first, last := slices.Index(weekdays, from), slices.Index(weekdays, to)
		if first < 0 || last < 0 {
			return false
		}
		for d := first; ; d = (d + 1) % 7 {
			w.Days[d] = true
			if d == last {
				break
			}
		}
	}
	return true
}

// String is the window as ParseWindow reads it.
func (w Window) String() string {
	hours := hhmm(w.From) + "-" + hhmm(w.To)
	if w.Days == [7]bool{true, true, true, true, true, true, true} {
		return hours
	}
	var parts []string
	for d := 0; d < 7; {
		end := d
		for end < 7 && w.Days[weekday(end)] {
			end++
		}
		if end-d > 2 {
			parts = append(parts, weekdays[weekday(d)]+"-"+weekdays[weekday(end-1)])
		} else {
			for n := d; n < end; n++ {
				parts = append(parts, weekdays[weekday(n)])
			}
		}
		d = end + 1
	}
	return strings.Join(parts, ",") + " " + hours
}

// weekday is the nth day of a week that begins on Monday.
func weekday(n int) int { return (n + 1) % 7 }

func hhmm(d time.Duration) string { return fmt.Sprintf("%02d:%02d", d/time.Hour, d/time.Minute%60) }

// span is the window that begins on the day of t.
func (w Window) span(t time.Time) (from, to time.Time) {
	y, m, d := t.Date()
	at := func(day int, since time.Duration) time.Time {
		return time.Date(y, m, day, int(since/time.Hour), int(since/time.Minute)%60, 0, 0, t.Location())
	}
	if w.To > w.From {
		return at(d, w.From), at(d, w.To)
	}
	return at(d, w.From), at(d+1, w.To)
}

// contains tells whether t lies in it; t is in the computer's own time.
func (w Window) contains(t time.Time) bool {
	for _, day := range []time.Time{t, t.AddDate(0, 0, -1)} {
		from, to := w.span(day)
		if w.Days[from.Weekday()] && !t.Before(from) && t.Before(to) {
			return true
		}
	}
	return false
}
