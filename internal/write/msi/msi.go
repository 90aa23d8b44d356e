// Package msi writes the least that is a Windows Installer package: its table Property and its summary. It is for tests
// and the lab; Windows would install nothing from it. Its invariant: the same properties give the same bytes.
package msi

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/write/ole"
)

// class is that of installer packages, {000C1084-0000-0000-C000-000000000046}.
var class = [16]byte{0x84, 0x10, 0x0c, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}

// Encode writes a package. Texts are UTF-8, of less than 64 KB.
func Encode(properties map[string]string, template string) ([]byte, error) {
	le := binary.LittleEndian
	pool, data := le.AppendUint32(nil, 65001), []byte{}
	n := uint16(0)
	intern := func(s string) uint16 {
		pool = le.AppendUint16(le.AppendUint16(pool, uint16(len(s))), 1)
		data = append(data, s...)
		n++
		return n
	}
	var names, values []byte
	for _, k := range slices.Sorted(maps.Keys(properties)) {
		names, values = le.AppendUint16(names, intern(k)), le.AppendUint16(values, intern(properties[k]))
	}
	return ole.Encode(class, []ole.Entry{
		{Name: packed("_StringPool"), Content: pool},
		{Name: packed("_StringData"), Content: data},
		{Name: packed("Property"), Content: append(names, values...)},
		{Name: "\x05SummaryInformation", Content: summary(template)},
	})
}

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"

// packed packs a table's name: a mark, then two characters in one.
func packed(name string) string {
	s := []rune{0x4840}
	for ; len(name) >= 2; name = name[2:] {
		s = append(s, rune(0x3800+strings.IndexByte(letters, name[0])+strings.IndexByte(letters, name[1])<<6))
	}
	if name != "" {
		s = append(s, rune(0x4800+strings.IndexByte(letters, name[0])))
	}
	return string(s)
}

// summary is a property set with the template alone (MS-OLEPS 2.21).
func summary(template string) []byte {
	le := binary.LittleEndian
	b := append([]byte{0xfe, 0xff, 0, 0, 5, 0, 2, 0}, make([]byte, 16)...)
	b = le.AppendUint32(b, 1)
	// FMTID_SummaryInformation
	b = append(b, 0xe0, 0x85, 0x9f, 0xf2, 0xf9, 0x4f, 0x68, 0x10, 0xab, 0x91, 0x08, 0x00, 0x2b, 0x27, 0xb3, 0xd9)
	b = le.AppendUint32(b, 48)
	text := append([]byte(template), 0)
	for len(text)%4 > 0 {
		text = append(text, 0)
	}
	for _, v := range []uint32{uint32(24 + len(text)), 1, 7, 16, 30, uint32(len(template) + 1)} {
		b = le.AppendUint32(b, v)
	}
	return append(b, text...)
}
