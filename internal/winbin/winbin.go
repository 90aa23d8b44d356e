// Package winbin converts the value encodings that Windows' binary formats share: UTF-16LE text, FILETIME and OLE
// dates. It knows no file format.
package winbin

import (
	"encoding/binary"
	"math"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// filetimeUnix is 1970-01-01 in FILETIME ticks (100 ns since 1601-01-01 UTC).
const filetimeUnix = 116444736000000000

// UTF16 decodes UTF-16LE bytes up to their end; an odd last byte is dropped, a lone surrogate becomes U+FFFD.
func UTF16(b []byte) string {
	out := make([]byte, 0, len(b)/2+8)
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(binary.LittleEndian.Uint16(b[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(utf8.RuneError)
			if i+3 < len(b) {
				low = rune(binary.LittleEndian.Uint16(b[i+2:]))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				i += 2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// UTF16Z decodes UTF-16LE up to the first NUL, or to the end.
func UTF16Z(b []byte) string {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return UTF16(b[:i])
		}
	}
	return UTF16(b)
}

// PutUTF16 encodes a string as UTF-16LE, without NUL.
func PutUTF16(s string) []byte {
	u := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(u))
	for _, v := range u {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

// Filetime converts 100 ns ticks since 1601-01-01 UTC. 0 and values beyond the year 9999 give the zero time.
func Filetime(ticks uint64) time.Time {
	const year10000 = 2650467744000000000
	if ticks == 0 || ticks >= year10000 {
		return time.Time{}
	}
	d := int64(ticks) - filetimeUnix
	sec, rest := d/1e7, d%1e7
	return time.Unix(sec, rest*100).UTC()
}

// PutFiletime converts a time to 100 ns ticks since 1601-01-01 UTC; the zero time and all before 1601 give 0.
func PutFiletime(t time.Time) uint64 {
	ticks := t.Unix()*1e7 + int64(t.Nanosecond())/100 + filetimeUnix
	if t.Year() < 1601 {
		return 0
	}
	return uint64(ticks)
}

// OLEDate converts an OLE automation date (days since 1899-12-30, fraction = time of day, UTC here). Values outside
// the years 100 to 9999 and NaN give the zero time.
func OLEDate(days float64) time.Time {
	if math.IsNaN(days) || days < -657434 || days >= 2958466 || days == 0 {
		return time.Time{}
	}
	whole, frac := math.Modf(days) // of a negative date the fraction still counts forward
	t := oleBase.AddDate(0, 0, int(whole)).Add(time.Duration(math.Round(math.Abs(frac)*msPerDay)) * time.Millisecond)
	if t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

var oleBase = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

const msPerDay = 86400e3

// PutOLEDate converts a time to an OLE automation date, to the millisecond; the zero time gives 0.
func PutOLEDate(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	ms := float64(t.UnixMilli() - oleBase.UnixMilli())
	whole := math.Floor(ms / msPerDay)
	frac := (ms - whole*msPerDay) / msPerDay
	if whole < 0 {
		return whole - frac
	}
	return whole + frac
}
