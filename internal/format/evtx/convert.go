package evtx

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/guid"
)

func appendHex(dst, b []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}

func appendGUID(dst, b []byte) []byte {
	g := guid.FromLE(b)
	dst = append(dst, '{')
	for i, n := range [5]int{4, 2, 2, 2, 6} {
		if i > 0 {
			dst = append(dst, '-')
		}
		start := [5]int{0, 4, 6, 8, 10}[i]
		dst = appendHex(dst, g[start:start+n])
	}
	return append(dst, '}')
}

// appendSID renders a security identifier (MS-DTYP 2.4.2.1); what is none comes out as hexadecimal.
func appendSID(dst, b []byte) []byte {
	if len(b) < 8 || len(b) < 8+4*int(b[1]) {
		return appendHex(dst, b)
	}
	dst = strconv.AppendUint(append(dst, "S-"...), uint64(b[0]), 10)
	authority := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
	dst = strconv.AppendUint(append(dst, '-'), authority, 10)
	for i := range int(b[1]) {
		dst = strconv.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(b[8+4*i:])), 10)
	}
	return dst
}

// filetime converts ticks of 100 ns since 1601; unlike winbin.Filetime it keeps 0, which Windows renders as 1601.
func filetime(ticks uint64) time.Time {
	const perSecond, unix = 1e7, 11644473600
	return time.Unix(int64(ticks/perSecond)-unix, int64(ticks%perSecond)*100).UTC()
}

// systemtime reads eight 16-bit numbers: year, month, weekday, day, hour, minute, second, millisecond. What is no time up
// to the year 9999 gives the zero time.
func systemtime(b []byte) time.Time {
	n := func(i int) int { return int(binary.LittleEndian.Uint16(b[2*i:])) }
	if n(0) < 1601 || n(0) > 9999 || n(1) < 1 || n(1) > 12 || n(3) < 1 || n(3) > 31 || n(4) > 23 || n(5) > 59 || n(6) > 59 || n(7) > 999 {
		return time.Time{}
	}
	return time.Date(n(0), time.Month(n(1)), n(3), n(4), n(5), n(6), n(7)*1e6, time.UTC)
}

func appendTime(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendPadded(dst, year, 4)
	dst = appendPadded(append(dst, '-'), int(month), 2)
	dst = appendPadded(append(dst, '-'), day, 2)
	dst = appendPadded(append(dst, 'T'), hour, 2)
	dst = appendPadded(append(dst, ':'), minute, 2)
	dst = appendPadded(append(dst, ':'), second, 2)
	dst = appendPadded(append(dst, '.'), t.Nanosecond(), 9)
	return append(dst, 'Z')
}

func appendPadded(dst []byte, n, digits int) []byte {
	var b [20]byte
	i := len(b)
	for ; n > 0 || digits > 0; n /= 10 {
		i--
		digits--
		b[i] = byte('0' + n%10)
	}
	return append(dst, b[i:]...)
}
