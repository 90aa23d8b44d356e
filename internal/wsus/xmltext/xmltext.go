// Package xmltext makes UTF-8 of XML as it comes: Windows' own parts write UTF-16 as readily, with a byte order mark or, as in
// the documents that update servers give each other, without one.
//
// It reads no XML and no declaration: the first bytes tell (XML 1.0, appendix F), and what a declaration or a header says
// beside them is often left over from another place. Its invariant: what comes out is at most half as long again.
package xmltext

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// UTF8 gives the text as UTF-8 without a byte order mark. What is UTF-8 already is not copied. A lone surrogate, and a byte that
// is left over, become U+FFFD.
func UTF8(b []byte) []byte {
	if len(b) < 2 {
		return b
	}
	switch lead := [2]byte(b); lead {
	case [2]byte{0xff, 0xfe}:
		return decode(b[2:], binary.LittleEndian)
	case [2]byte{0xfe, 0xff}:
		return decode(b[2:], binary.BigEndian)
	case [2]byte{'<', 0}:
		return decode(b, binary.LittleEndian)
	case [2]byte{0, '<'}:
		return decode(b, binary.BigEndian)
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
}

func decode(b []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(b)/2+len(b)/16+4)
	for len(b) >= 2 {
		c := rune(order.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(c) {
			low := rune(utf8.RuneError)
			if len(b) >= 2 {
				low = rune(order.Uint16(b))
			}
			if c = utf16.DecodeRune(c, low); c != utf8.RuneError {
				b = b[2:]
			}
		}
		out = utf8.AppendRune(out, c)
	}
	if len(b) > 0 {
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}
