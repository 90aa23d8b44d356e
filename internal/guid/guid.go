// Package guid is the GUID in the two forms that Windows uses: text, and 16 bytes with the first three fields
// little-endian (MS-DTYP 2.3.4.2).
package guid

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// GUID holds the bytes in the order of the text form. The zero value is the nil GUID.
type GUID [16]byte

// Parse reads "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", with or without braces, in either case.
func Parse(s string) (GUID, error) {
	t := strings.TrimSpace(s)
	if strings.HasPrefix(t, "{") && strings.HasSuffix(t, "}") {
		t = t[1 : len(t)-1]
	}
	var g GUID
	if len(t) != 36 || t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-' {
		return g, fmt.Errorf("%q is not a GUID", s)
	}
	if _, err := hex.Decode(g[:], []byte(t[0:8]+t[9:13]+t[14:18]+t[19:23]+t[24:36])); err != nil {
		return GUID{}, fmt.Errorf("%q is not a GUID: %w", s, err)
	}
	return g, nil
}

// MustParse is Parse for constants; it panics on a text that is no GUID.
func MustParse(s string) GUID {
	g, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return g
}

// FromLE reads the 16-byte on-disk form. Fewer bytes give the nil GUID.
func FromLE(b []byte) GUID {
	var g GUID
	if len(b) < 16 {
		return g
	}
	binary.BigEndian.PutUint32(g[0:], binary.LittleEndian.Uint32(b[0:]))
	binary.BigEndian.PutUint16(g[4:], binary.LittleEndian.Uint16(b[4:]))
	binary.BigEndian.PutUint16(g[6:], binary.LittleEndian.Uint16(b[6:]))
	copy(g[8:], b[8:16])
	return g
}

// LE gives the 16-byte on-disk form.
func (g GUID) LE() []byte {
	b := make([]byte, 16)
	binary.LittleEndian.PutUint32(b[0:], binary.BigEndian.Uint32(g[0:]))
	binary.LittleEndian.PutUint16(b[4:], binary.BigEndian.Uint16(g[4:]))
	binary.LittleEndian.PutUint16(b[6:], binary.BigEndian.Uint16(g[6:]))
	copy(b[8:], g[8:])
	return b
}

// String gives the lower-case text form without braces.
func (g GUID) String() string {
	b := make([]byte, 0, 36)
	for i, part := range [...][]byte{g[0:4], g[4:6], g[6:8], g[8:10], g[10:16]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return string(b)
}

// IsZero reports the nil GUID.
func (g GUID) IsZero() bool { return g == GUID{} }

// MarshalText and UnmarshalText make a GUID a string in JSON.
func (g GUID) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText accepts what Parse accepts.
func (g *GUID) UnmarshalText(b []byte) error {
	p, err := Parse(string(b))
	if err == nil {
		*g = p
	}
	return err
}
