package evtx

import (
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// ascii4 is set in a group of four UTF-16 code units when one of them is not ASCII.
const ascii4 = 0xff80ff80ff80ff80

// appendUTF16 decodes UTF-16LE up to its end. With xml set, characters that mean something in XML are escaped, and
// those that XML cannot hold become U+FFFD.
func appendUTF16(dst, b []byte, xml bool) []byte {
	for len(b) >= 2 {
		if len(b) >= 8 {
			if x := binary.LittleEndian.Uint64(b); x&ascii4 == 0 {
				c := [4]byte{byte(x), byte(x >> 16), byte(x >> 32), byte(x >> 48)}
				if !xml || plain(c[0]) && plain(c[1]) && plain(c[2]) && plain(c[3]) {
					dst, b = append(dst, c[:]...), b[8:]
					continue
				}
			}
		}
		r := rune(binary.LittleEndian.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			low := rune(utf8.RuneError)
			if len(b) >= 2 {
				low = rune(binary.LittleEndian.Uint16(b))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				b = b[2:]
			}
		}
		if xml {
			dst = appendEscaped(dst, r)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// plain reports an ASCII character that stands for itself in XML text and attributes.
func plain(c byte) bool {
	return plainSet[c>>6]&(1<<(c&63)) != 0
}

// plainSet is printable ASCII, tab, LF and CR, without & < > and the double quote.
var plainSet = [4]uint64{0xffffffff00002600 &^ (1<<'&' | 1<<'<' | 1<<'>' | 1<<'"'), 0x7fffffffffffffff}

func appendEscaped(dst []byte, r rune) []byte {
	switch {
	case r == '&':
		return append(dst, "&amp;"...)
	case r == '<':
		return append(dst, "&lt;"...)
	case r == '>':
		return append(dst, "&gt;"...)
	case r == '"':
		return append(dst, "&quot;"...)
	case r < 0x80 && plain(byte(r)):
		return append(dst, byte(r))
	case r < 0x20 || r == 0xfffe || r == 0xffff:
		return utf8.AppendRune(dst, utf8.RuneError)
	}
	return utf8.AppendRune(dst, r)
}

func escape(dst []byte, s string) []byte {
	for _, r := range s {
		dst = appendEscaped(dst, r)
	}
	return dst
}

// positional names the n-th Data without a name, counted from 1.
func positional(n int) string {
	const first = "param1param2param3param4param5param6param7param8param9"
	if n <= 9 {
		return first[6*(n-1) : 6*n]
	}
	return "param" + strconv.Itoa(n)
}
