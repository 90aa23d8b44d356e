package hive

import (
	"encoding/binary"
)

// Recovered gives the whole hive as it stands after recovery, with a base block that says so.
func (h *Hive) Recovered() []byte {
	b := make([]byte, h.img.size)
	if _, err := h.img.ReadAt(b, 0); err != nil {
		panic(err)
	}
	binary.LittleEndian.PutUint32(b[4:], h.base.seq2)
	binary.LittleEndian.PutUint32(b[8:], h.base.seq2)
	binary.LittleEndian.PutUint32(b[40:], h.base.binsSize)
	binary.LittleEndian.PutUint32(b[508:], checksum(b))
	return b
}
