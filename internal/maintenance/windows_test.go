package maintenance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/maintenance"
)

func parse(t testing.TB, s string) maintenance.Windows {
	t.Helper()
	l, err := maintenance.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"Sat,Sun 01:00-05:00":              "sat,sun 01:00-05:00",
		"sat, sun  01:00-05:00":            "sat,sun 01:00-05:00",
		"22:00-05:00":                      "22:00-05:00",
		"sun-sat 22:00-05:00":              "22:00-05:00",
		"fri-mon 22:00-05:00":              "mon,fri-sun 22:00-05:00",
		"mon-fri 1:00-2:00;sat 0:00-0:00":  "mon-fri 01:00-02:00; sat 00:00-00:00",
		"mon 01:00-02:00; MON 01:00-02:00": "mon 01:00-02:00",
		"mon,wed,fri 23:59-00:00":          "mon,wed,fri 23:59-00:00",
		"mon 01:00-02:00; thu 01:00-03:00; tue,wed 01:00-02:00": "mon-wed 01:00-02:00; thu 01:00-03:00",
	} {
		if got := parse(t, text).String(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"always", "sat", "sat 25:00-05:00", "sat 01:00", "someday 01:00-05:00", "sat,, 01:00-05:00", ", 01:00-05:00", ";",
		"sat 01:00-05:00;", "sat- 01:00-05:00", strings.Repeat("01:00-05:00; ", 400),
	} {
		if l, err := maintenance.Parse(text); err == nil {
			t.Errorf("took %.40q as %v", text, l)
		}
	}
	if _, err := maintenance.ParseWindow(strings.Repeat("sat,", 2000) + "sun 01:00-02:00"); err == nil {
		t.Error("took a window of 8000 characters")
	}
}

func TestOpenAndNext(t *testing.T) {
	day := func(d, h, m int) time.Time { return time.Date(2026, 11, d, h, m, 0, 0, time.UTC) } // the 23rd is a Monday
	for name, tt := range map[string]struct {
		a, b string
		at   time.Time
		open bool
		next time.Time // zero: never
	}{
		"always":                            {"", "", day(25, 12, 0), true, time.Time{}},
		"before":                            {"sat,sun 01:00-05:00", "", day(25, 12, 0), false, day(28, 1, 0)},
		"at the beginning":                  {"sat,sun 01:00-05:00", "", day(28, 1, 0), true, day(29, 1, 0)},
		"at the end":                        {"sat,sun 01:00-05:00", "", day(29, 5, 0), false, day(35, 1, 0)},
		"over midnight":                     {"fri 22:00-05:00", "", day(28, 4, 59), true, day(34, 22, 0)},
		"both, and the later one counts":    {"22:00-05:00", "sat 01:00-06:00", day(25, 23, 0), false, day(28, 1, 0)},
		"both, and the former one counts":   {"22:00-05:00", "sat 20:00-23:00", day(25, 23, 0), false, day(28, 22, 0)},
		"both are open":                     {"22:00-05:00", "wed 23:00-23:30", day(25, 23, 10), true, day(32, 23, 0)},
		"never both":                        {"22:00-05:00", "sat 08:00-12:00", day(25, 23, 0), false, time.Time{}},
		"one of several":                    {"mon 01:00-02:00; thu 03:00-04:00", "02:00-05:00", day(25, 12, 0), false, day(26, 3, 0)},
		"the whole day, until the next one": {"wed 00:00-00:00", "", day(25, 23, 59), true, day(32, 0, 0)},
	} {
		lists := []maintenance.Windows{parse(t, tt.a), parse(t, tt.b)}
		next, found := maintenance.Next(tt.at, lists...)
		if open := maintenance.AllOpen(tt.at, lists...); open != tt.open || !next.Equal(tt.next) || found == tt.next.IsZero() {
			t.Errorf("%s: open %v, next %v", name, open, next)
		}
	}
}

// TestSummer: at the end of a window that summer time takes away is nothing, and the week after has it again.
func TestSummer(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no database of time zones here: install tzdata")
	}
	l := parse(t, "sun 02:00-03:00") // 2026-03-29 has no such hour
	from, found := maintenance.Next(time.Date(2026, 3, 28, 12, 0, 0, 0, zone), l)
	if found && !l.Open(from) {
		t.Errorf("begins at %v and is not open", from)
	}
	want := time.Date(2026, 4, 5, 2, 0, 0, 0, zone)
	if from, found = maintenance.Next(time.Date(2026, 3, 29, 12, 0, 0, 0, zone), l); !found || !from.Equal(want) {
		t.Errorf("after the change: %v, want %v", from, want)
	}
}

// FuzzParse: what is understood is written so that it is understood as the same.
func FuzzParse(f *testing.F) {
	f.Add("Sat,Sun 01:00-05:00")
	f.Add("fri-mon 22:00-05:00; 08:30-20:00")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := maintenance.Parse(s)
		if err != nil {
			return
		}
		again, err := maintenance.Parse(l.String())
		if diff := cmp.Diff(l, again); diff != "" || err != nil {
			t.Errorf("%q: %v, %s", s, err, diff)
		}
		now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
		if next, found := maintenance.Next(now, l); found == (len(l) == 0) || found && !(next.After(now) && l.Open(next)) {
			t.Errorf("%q: next at %v, %v", s, next, found)
		}
	})
}
