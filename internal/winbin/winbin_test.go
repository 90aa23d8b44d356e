package winbin_test

import (
	"math"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/winbin"
)

func TestUTF16(t *testing.T) {
	for _, s := range []string{"", "Ä€", "a\U0001F600b", "nul\x00inside", "\uFFFD"} {
		if got := winbin.UTF16(winbin.PutUTF16(s)); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
	for in, want := range map[string]string{
		"a\x00b":                   "a",           // an odd last byte
		"\x3d\xd8":                 "\uFFFD",      // a high surrogate at the end
		"\x3d\xd8\x61\x00":         "\uFFFDa",     // and one before something else
		"\x00\xde\x61\x00":         "\uFFFDa",     // a low one alone
		"\x3d\xd8\x3d\xd8\x00\xde": "\uFFFD😀",     // two high ones, a low one
		"\x3d\xd8\x00\xde\x61\x00": "😀a",          // a whole pair
		"\xfd\xff\x61\x00\x00\x00": "\uFFFDa\x00", // NUL is kept
		"\x3d\xd8\x00":             "\uFFFD",      // half a low surrogate
	} {
		if got := winbin.UTF16([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"a\x00\x00\x00b\x00": "a", "a\x00": "a", "": "", "\x00\x00": "", "\x00\x01\x00\x00": "\u0100",
		"\x00a\x00\x00": "\u6100", // the NUL stands at an even place only
	} {
		if got := winbin.UTF16Z([]byte(in)); got != want {
			t.Errorf("Z %q: got %q, want %q", in, got, want)
		}
	}
}

func TestFiletime(t *testing.T) {
	for ticks, want := range map[uint64]string{
		116444736000000000:  "1970-01-01T00:00:00Z",
		133494084000000000:  "2024-01-11T01:00:00Z",
		133494084001234567:  "2024-01-11T01:00:00.1234567Z",
		1:                   "1601-01-01T00:00:00.0000001Z",
		2650467743999999999: "9999-12-31T23:59:59.9999999Z",
	} {
		got := winbin.Filetime(ticks)
		if got.Format(time.RFC3339Nano) != want {
			t.Errorf("%d: got %s, want %s", ticks, got.Format(time.RFC3339Nano), want)
		}
		if back := winbin.PutFiletime(got); back != ticks {
			t.Errorf("%s: back %d, want %d", got, back, ticks)
		}
	}
	for _, ticks := range []uint64{0, 2650467744000000000, math.MaxInt64, math.MaxUint64} {
		if got := winbin.Filetime(ticks); !got.IsZero() {
			t.Errorf("%d: got %s, want the zero time", ticks, got)
		}
	}
	for _, at := range []time.Time{{}, time.Date(1600, 12, 31, 0, 0, 0, 0, time.UTC)} {
		if got := winbin.PutFiletime(at); got != 0 {
			t.Errorf("%s: got %d, want 0", at, got)
		}
	}
}

func TestOLEDate(t *testing.T) {
	for days, want := range map[float64]string{
		45302.125: "2024-01-11T03:00:00Z",
		2:         "1900-01-01T00:00:00Z",
		1.5:       "1899-12-31T12:00:00Z",
		-1.25:     "1899-12-29T06:00:00Z", // before the base the fraction still counts forward
		-657434:   "0100-01-01T00:00:00Z",
		2958465:   "9999-12-31T00:00:00Z",
	} {
		got := winbin.OLEDate(days)
		if got.Format(time.RFC3339Nano) != want {
			t.Errorf("%v: got %s, want %s", days, got.Format(time.RFC3339Nano), want)
		}
		if back := winbin.PutOLEDate(got); back != days {
			t.Errorf("%s: back %v, want %v", got, back, days)
		}
	}
	for _, days := range []float64{0, math.NaN(), math.Inf(1), math.Inf(-1), 2958466, -657435, 1e300} {
		if got := winbin.OLEDate(days); !got.IsZero() {
			t.Errorf("%v: got %s, want the zero time", days, got)
		}
	}
}
