package xmltext

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func encode(s string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestUTF8(t *testing.T) {
	const text = `<a>Grüße 更新 😀</a>`
	le, be := binary.LittleEndian, binary.BigEndian
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"nothing":                      {nil, ""},
		"one byte":                     {[]byte("<"), "<"},
		"UTF-8":                        {[]byte(text), text},
		"UTF-8 with a mark":            {[]byte("\ufeff" + text), text},
		"little endian":                {encode(text, le), text},
		"little endian with a mark":    {encode("\ufeff"+text, le), text},
		"big endian":                   {encode(text, be), text},
		"big endian with a mark":       {encode("\ufeff"+text, be), text},
		"a mark alone":                 {[]byte{0xff, 0xfe}, ""},
		"a byte left over":             {append(encode("<a/>", le), 'x'), "<a/>\ufffd"},
		"half of a pair":               {append(encode("<", le), 0x3d, 0xd8), "<\ufffd"},
		"half of a pair before others": {append(encode("<", le), 0x3d, 0xd8, 'a', 0), "<\ufffda"},
		"the second half first":        {append(encode("<", be), 0xde, 0x00, 0, 'a'), "<\ufffda"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(UTF8(tt.in)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzUTF8(f *testing.F) {
	f.Add([]byte("<a/>"))
	f.Add(encode("\ufeff<a>😀</a>", binary.LittleEndian))
	f.Add(encode("<a/>", binary.BigEndian))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := UTF8(b)
		if len(got) > len(b)+len(b)/2+3 {
			t.Errorf("%d bytes of %d", len(got), len(b))
		}
		if utf8.Valid(b) && len(b) > 1 && b[0] != 0 && b[1] != 0 && "\ufeff"+string(got) != string(b) && string(got) != string(b) {
			t.Errorf("%q became %q", b, got)
		}
	})
}
