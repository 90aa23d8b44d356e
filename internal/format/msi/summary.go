package msi

import (
	"bytes"
	"encoding/binary"
)

const (
	templateID = 7  // PID_TEMPLATE
	textType   = 30 // VT_LPSTR
)

// template finds the template in a property set (MS-OLEPS 2.20 to 2.21); "" when it is not there, or not where it is
// said to be.
func template(b []byte) string {
	le := binary.LittleEndian
	if len(b) < 48 || le.Uint16(b) != 0xfffe {
		return ""
	}
	at := int64(le.Uint32(b[44:]))
	if at+8 > int64(len(b)) {
		return ""
	}
	set := b[at:]
	for i := range min(int64(le.Uint32(set[4:])), int64(len(set)-8)/8) {
		if le.Uint32(set[8+8*i:]) != templateID {
			continue
		}
		from := int64(le.Uint32(set[12+8*i:]))
		if from+8 > int64(len(set)) || le.Uint32(set[from:]) != textType {
			return ""
		}
		n := int64(le.Uint32(set[from+4:]))
		if from+8+n > int64(len(set)) {
			return ""
		}
		return string(bytes.TrimRight(set[from+8:from+8+n], "\x00"))
	}
	return ""
}
