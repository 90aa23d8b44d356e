package winsys

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/registry"
)

// TimeZone is the zone a Windows runs in: local time = UTC - bias, and which bias holds when.
type TimeZone struct {
	Where string // key of the zone in SYSTEM
	Key   string // the zone's name in SOFTWARE, such as Pacific Standard Time; empty before Windows Vista
	// NoDaylight says that daylight saving is switched off for this machine (DynamicDaylightTimeDisabled).
	NoDaylight bool
	Rule       ZoneRule
	// Years has the rules of single years where they differ; years before and behind have the first and last one.
	Years      map[int]ZoneRule
	YearsWhere string // key of Years in SOFTWARE
}

// ZoneRule is how a zone goes through a year. Biases are minutes west of UTC; Standard and Daylight are added to
// Bias. A zone without daylight saving has no transitions.
type ZoneRule struct {
	Bias, StandardBias, DaylightBias int32
	Standard                         Transition // end of daylight saving, in daylight time
	Daylight                         Transition // begin of daylight saving, in standard time
}

// Transition is a day and hour at which clocks are changed.
type Transition struct {
	Year                         int // 0: every year
	Month                        time.Month
	Day                          int // with a year the day of the month, else the week: 1 to 4, and 5 for the last
	Weekday                      time.Weekday
	Hour, Minute, Second, Millis int
}

// Plausible reports that the rules are such as there can be: they may come from elsewhere than a registry.
func (z *TimeZone) Plausible() bool {
	ok := z.Rule.plausible() && len(z.Years) <= 1000
	for year, r := range z.Years {
		ok = ok && year > 0 && year < 10000 && r.plausible()
	}
	return ok
}

func (r *ZoneRule) plausible() bool {
	const most = 26 * 60
	for _, bias := range []int32{r.Bias, r.StandardBias, r.DaylightBias} {
		if bias < -most || bias > most {
			return false
		}
	}
	return r.Standard.plausible() && r.Daylight.plausible()
}

func (t *Transition) plausible() bool {
	for _, f := range []struct{ value, most int }{
		{t.Year, 9999}, {int(t.Month), 12}, {t.Day, 31}, {int(t.Weekday), 6}, {t.Hour, 24}, {t.Minute, 60}, {t.Second, 60}, {t.Millis, 1000},
	} {
		if f.value < 0 || f.value > f.most {
			return false
		}
	}
	return true
}

// TimeZone reads the zone. software may be nil; else its rules of single years are added.
func (s *System) TimeZone(software *Software) (TimeZone, error) {
	n := s.node().open(`Control\TimeZoneInformation`)
	z := TimeZone{Where: n.path, Key: n.text("TimeZoneKeyName")}
	z.NoDaylight = n.flag("DynamicDaylightTimeDisabled") || n.flag("DisableAutoDaylightTimeSet")
	standard, _ := n.value("StandardStart")
	daylight, _ := n.value("DaylightStart")
	z.Rule = ZoneRule{
		n.int32("Bias"), n.int32("StandardBias"), n.int32("DaylightBias"), timeFields(standard), timeFields(daylight),
	}
	err := n.err()
	if software != nil && z.Key != "" {
		var damage error
		if z.Years, z.YearsWhere, damage = software.zoneYears(z.Key); err == nil {
			err = damage
		}
	}
	return z, err
}

// zoneYears reads the rules of single years, which SOFTWARE has for zones whose rules were changed.
func (s *Software) zoneYears(key string) (map[int]ZoneRule, string, error) {
	n := s.node().open(`Microsoft\Windows NT\CurrentVersion\Time Zones\` + key + `\Dynamic DST`)
	var years map[int]ZoneRule
	for v := range n.values() {
		year, err := strconv.Atoi(v.Name)
		if err != nil || len(v.Data) < 44 {
			continue
		}
		if years == nil {
			years = map[int]ZoneRule{}
		}
		years[year] = tzi(v.Data)
	}
	return years, n.path, n.err()
}

// timeFields decodes a transition as SYSTEM has it: a TIME_FIELDS of the kernel, with the weekday last. (Observed
// in SYSTEM_WIN_10_1709; it is no SYSTEMTIME.)
func timeFields(v registry.Value) Transition {
	if len(v.Data) < 16 {
		return Transition{}
	}
	f := words(v.Data)
	return Transition{f[0], time.Month(f[1]), f[2], time.Weekday(f[7]), f[3], f[4], f[5], f[6]}
}

// systemTime decodes a SYSTEMTIME, which SOFTWARE has.
func systemTime(b []byte) Transition {
	f := words(b)
	return Transition{f[0], time.Month(f[1]), f[3], time.Weekday(f[2]), f[4], f[5], f[6], f[7]}
}

func words(b []byte) (f [8]int) {
	for i := range f {
		f[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return f
}

// tzi decodes a REG_TZI_FORMAT.
func tzi(b []byte) ZoneRule {
	le := binary.LittleEndian
	return ZoneRule{
		int32(le.Uint32(b)), int32(le.Uint32(b[4:])), int32(le.Uint32(b[8:])), systemTime(b[12:]), systemTime(b[28:]),
	}
}
