package agent

import (
	"fmt"
	"strings"
	"time"
)

// Window is a time of the week in which updates may be installed, in the computer's own time. One whose end is not
// after its beginning goes on into the next day.
type Window struct {
	Days     [7]bool       // by time.Weekday of its beginning
	From, To time.Duration // since midnight, as clocks show it
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseWindow reads "22:00-05:00" for every day, or "mon-fri 22:00-05:00", or "sat 08:00-20:00".
func ParseWindow(s string) (Window, error) {
	var w Window
	days, hours := "sun-sat", strings.ToLower(strings.TrimSpace(s))
	if before, after, two := strings.Cut(hours, " "); two {
		days, hours = before, strings.TrimSpace(after)
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

func (w *Window) days(s string) bool {
	from, to, ranged := strings.Cut(s, "-")
	if !ranged {
		to = from
	}
	first, last := weekday(from), weekday(to)
	if first < 0 || last < 0 {
		return false
	}
	for d := first; ; d = (d + 1) % 7 {
		w.Days[d] = true
		if d == last {
			return true
		}
	}
}

func weekday(s string) int {
	for i, name := range weekdays {
		if s == name {
			return i
		}
	}
	return -1
}

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

// next is when it begins the next time after t.
func (w Window) next(t time.Time) time.Time {
	for day := range 8 {
		if from, _ := w.span(t.AddDate(0, 0, day)); w.Days[from.Weekday()] && from.After(t) {
			return from
		}
	}
	return t.AddDate(0, 0, 7) // not reached: it has at least one day
}

// open tells whether updates may be installed at t.
func (p *Policy) open(t time.Time) bool {
	for _, w := range p.Window {
		if w.contains(t) {
			return true
		}
	}
	return len(p.Window) == 0
}

// opens is when the next window begins; zero where it is always open.
func (p *Policy) opens(t time.Time) time.Time {
	var first time.Time
	for _, w := range p.Window {
		if n := w.next(t); first.IsZero() || n.Before(first) {
			first = n
		}
	}
	return first
}
