package winsys_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winsys"
	writer "github.com/redx-update/redx/internal/write/hive"
)

func TestRealTimeZone(t *testing.T) {
	got := must[winsys.TimeZone](t)(realSystem(t, "SYSTEM_WIN_10_1709").TimeZone(nil))
	want := winsys.TimeZone{
		Where: `SYSTEM\ControlSet001\Control\TimeZoneInformation`, Key: "Pacific Standard Time",
		Rule: winsys.ZoneRule{
			Bias: 480, DaylightBias: -60,
			Standard: winsys.Transition{Month: time.November, Day: 1, Hour: 2},
			Daylight: winsys.Transition{Month: time.March, Day: 2, Hour: 2},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var (
	pacific = winsys.TimeZone{Rule: winsys.ZoneRule{
		Bias: 480, DaylightBias: -60,
		Standard: winsys.Transition{Month: time.November, Day: 1, Hour: 2},
		Daylight: winsys.Transition{Month: time.March, Day: 2, Hour: 2},
	}}
	berlin = winsys.TimeZone{Rule: winsys.ZoneRule{
		Bias: -60, DaylightBias: -60,
		Standard: winsys.Transition{Month: time.October, Day: 5, Hour: 3},
		Daylight: winsys.Transition{Month: time.March, Day: 5, Hour: 2},
	}}
	sydney = winsys.TimeZone{Rule: winsys.ZoneRule{
		Bias: -600, DaylightBias: -60,
		Standard: winsys.Transition{Month: time.April, Day: 1, Hour: 3},
		Daylight: winsys.Transition{Month: time.October, Day: 1, Hour: 2},
	}}
	kolkata = winsys.TimeZone{Rule: winsys.ZoneRule{Bias: -330}}
	off     = winsys.TimeZone{Rule: berlin.Rule, NoDaylight: true}
)

const clock = "2006-01-02 15:04:05"

func TestUTC(t *testing.T) {
	tests := []struct {
		name  string
		zone  winsys.TimeZone
		local string
		want  string
		clock winsys.Clock
	}{
		{"winter", pacific, "2020-01-15 12:00:00", "2020-01-15 20:00:00", winsys.Certain},
		{"summer", pacific, "2020-07-15 12:00:00", "2020-07-15 19:00:00", winsys.Certain},
		{"before the gap", pacific, "2020-03-08 01:59:59", "2020-03-08 09:59:59", winsys.Certain},
		{"in the gap", pacific, "2020-03-08 02:30:00", "2020-03-08 10:30:00", winsys.Nonexistent},
		{"behind the gap", pacific, "2020-03-08 03:00:00", "2020-03-08 10:00:00", winsys.Certain},
		{"before the overlap", pacific, "2020-11-01 00:59:59", "2020-11-01 07:59:59", winsys.Certain},
		{"in the overlap", pacific, "2020-11-01 01:30:00", "2020-11-01 08:30:00", winsys.Ambiguous},
		{"behind the overlap", pacific, "2020-11-01 02:00:00", "2020-11-01 10:00:00", winsys.Certain},
		{"last Sunday", berlin, "2024-03-31 02:30:00", "2024-03-31 01:30:00", winsys.Nonexistent},
		{"last Sunday of four", berlin, "2024-10-27 02:30:00", "2024-10-27 00:30:00", winsys.Ambiguous},
		{"south, summer", sydney, "2024-01-15 12:00:00", "2024-01-15 01:00:00", winsys.Certain},
		{"south, winter", sydney, "2024-07-15 12:00:00", "2024-07-15 02:00:00", winsys.Certain},
		{"south, overlap", sydney, "2024-04-07 02:30:00", "2024-04-06 15:30:00", winsys.Ambiguous},
		{"south, gap", sydney, "2024-10-06 02:30:00", "2024-10-05 16:30:00", winsys.Nonexistent},
		{"no saving", kolkata, "2024-07-15 12:00:00", "2024-07-15 06:30:00", winsys.Certain},
		{"saving switched off", off, "2024-07-15 12:00:00", "2024-07-15 11:00:00", winsys.Certain},
		{"empty zone", winsys.TimeZone{}, "2024-07-15 12:00:00", "2024-07-15 12:00:00", winsys.Certain},
	}
	for _, tt := range tests {
		local, err := time.Parse(clock, tt.local)
		if err != nil {
			t.Fatal(err)
		}
		got, c := tt.zone.UTC(local)
		if got.Format(clock) != tt.want || c != tt.clock {
			t.Errorf("%s: %s: got %s, %d, want %s, %d", tt.name, tt.local, got.Format(clock), c, tt.want, tt.clock)
		}
	}
}

// Every hour of some years must come out as Go's own zones have it, which stand on other data.
func TestUTCAgainstGo(t *testing.T) {
	for name, zone := range map[string]winsys.TimeZone{
		"America/Los_Angeles": pacific, "Europe/Berlin": berlin, "Australia/Sydney": sydney, "Asia/Kolkata": kolkata,
	} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Skipf("no zone data: %v", err)
		}
		for u := time.Date(2010, 1, 2, 0, 0, 0, 0, time.UTC); u.Year() < 2025; u = u.Add(30 * time.Minute) {
			found := false
			for _, c := range zone.Candidates(u.In(loc)) {
				found = found || c.Equal(u)
			}
			if !found {
				t.Errorf("%s: %s shows %s: got %v", name, u, u.In(loc), zone.Candidates(u.In(loc)))
				break
			}
		}
	}
}

// TestNoWeek: a week that no month has is the last one, and is found at once.
func TestNoWeek(t *testing.T) {
	zone := func(day int) winsys.TimeZone {
		return winsys.TimeZone{Rule: winsys.ZoneRule{
			Bias: -60, DaylightBias: -60,
			Standard: winsys.Transition{Month: time.October, Day: day, Hour: 3}, Daylight: winsys.Transition{Month: time.March, Day: day, Hour: 2},
		}}
	}
	last, none := zone(5), zone(65535)
	for day := range 366 {
		at := time.Date(2024, 1, 1+day, 12, 0, 0, 0, time.UTC)
		want, _ := last.UTC(at)
		if got, _ := none.UTC(at); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

func TestZoneYears(t *testing.T) {
	tzi := func(bias int32, month uint16) []byte {
		b := make([]byte, 44)
		le := binary.LittleEndian
		le.PutUint32(b, uint32(bias))
		le.PutUint32(b[8:], 0xffffffc4)
		if month != 0 {
			le.PutUint16(b[14:], 10) // ends in October, the last Sunday, at 3
			le.PutUint16(b[18:], 5)
			le.PutUint16(b[20:], 3)
			le.PutUint16(b[30:], month)
			le.PutUint16(b[34:], 5)
			le.PutUint16(b[36:], 2)
		}
		return b
	}
	system := load(t, func(k *writer.Key) {
		k.Sub("Select").DWord("Current", 1)
		k.Sub(`ControlSet001\Control\TimeZoneInformation`).DWord("Bias", 0xffffff4c). // -180
												SZ("TimeZoneKeyName", "Russian Standard Time\x00rest of a longer name")
	})
	software := load(t, func(k *writer.Key) {
		k.Sub(`Microsoft\Windows NT\CurrentVersion\Time Zones\Russian Standard Time\Dynamic DST`).
			DWord("FirstEntry", 2010).DWord("LastEntry", 2015).
			Set("2010", registry.Binary, tzi(-180, 3)).Set("2011", registry.Binary, tzi(-240, 0)).
			Set("2015", registry.Binary, tzi(-180, 0)).Set("2014", registry.Binary, tzi(-180, 0)[:40])
	})
	s := must[*winsys.System](t)(winsys.NewSystem(system))
	z := must[winsys.TimeZone](t)(s.TimeZone(winsys.NewSoftware(software)))
	if z.Key != "Russian Standard Time" || len(z.Years) != 3 {
		t.Fatalf("got %+v", z)
	}
	for year, want := range map[int]time.Duration{ // in July
		2001: 4 * time.Hour, 2010: 4 * time.Hour, 2011: 4 * time.Hour, 2013: 3 * time.Hour, 2015: 3 * time.Hour, 2030: 3 * time.Hour,
	} {
		if got := z.Offset(time.Date(year, 7, 1, 12, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("%d: got %v, want %v", year, got, want)
		}
	}
	if got := z.Offset(time.Date(2010, 1, 1, 12, 0, 0, 0, time.UTC)); got != 3*time.Hour {
		t.Errorf("winter: got %v", got)
	}
}
