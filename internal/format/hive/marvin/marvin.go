// Package marvin is the Marvin32 hash as transaction logs of registry hives use it: with one fixed seed, over data
// in multiples of four bytes. It is no general hash.
package marvin

import (
	"encoding/binary"
	"math/bits"
)

// Hash is a hash under way. The zero value is not ready; use New.
type Hash struct{ lo, hi uint32 }

// New begins a hash. The seed is the one that the entries of SYSTEM_B.LOG1 are hashed with.
func New() Hash { return Hash{0x7a4e55c5, 0x82ef4d88} }

// Add takes data in. Bytes beyond the last multiple of four are dropped.
func (h *Hash) Add(b []byte) {
	for ; len(b) >= 4; b = b[4:] {
		h.mix(binary.LittleEndian.Uint32(b))
	}
}

// Sum is the hash of what was added; more can be added behind it.
func (h Hash) Sum() uint64 {
	h.mix(0x80) // the end of data whose length is a multiple of four
	h.mix(0)
	return uint64(h.hi)<<32 | uint64(h.lo)
}

// Sum is the hash of b.
func Sum(b []byte) uint64 {
	h := New()
	h.Add(b)
	return h.Sum()
}

func (h *Hash) mix(v uint32) {
	h.lo += v
	h.hi ^= h.lo
	h.lo = bits.RotateLeft32(h.lo, 20) + h.hi
	h.hi = bits.RotateLeft32(h.hi, 9) ^ h.lo
	h.lo = bits.RotateLeft32(h.lo, 27) + h.hi
	h.hi = bits.RotateLeft32(h.hi, 19)
}
