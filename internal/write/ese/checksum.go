package ese

import (
	"encoding/binary"
	"math/bits"
)

// seal puts page number and checksums into a page, last of all.
//
// Old: XOR of all 32-bit words but the first, begun with 0x89abcdef; the page number is part of the header. New: two
// words, the XOR begun with the page number, and the ECC; a page of 16 KB and more has four blocks, the first one's
// checksum covers those of the others.
func (db *DB) seal(b []byte, number uint32) {
	le := binary.LittleEndian
	if db.large() {
		le.PutUint64(b[64:], uint64(number))
	}
	if db.opt.XORChecksum {
		le.PutUint32(b[4:], number)
		le.PutUint32(b, xor(b[4:], 0x89abcdef))
	} else {
		first := b
		if db.large() {
			size := len(b) / 4
			for i := 1; i < 4; i++ {
				le.PutUint64(b[32+8*i:], checksum(b[i*size:(i+1)*size], number))
			}
			first = b[:size]
		}
		le.PutUint64(b, checksum(first, number))
	}
	if number == db.opt.BadChecksum {
		b[0] ^= 0xff
	}
}

// checksum gives the XOR in the lower, the ECC in the upper word. The checksum's own place must be zero.
func checksum(b []byte, number uint32) uint64 {
	return uint64(ecc(b))<<32 | uint64(xor(b, number))
}

func xor(b []byte, sum uint32) uint32 {
	var wide uint64
	for ; len(b) >= 8; b = b[8:] {
		wide ^= binary.LittleEndian.Uint64(b)
	}
	sum ^= uint32(wide) ^ uint32(wide>>32)
	if len(b) >= 4 {
		sum ^= binary.LittleEndian.Uint32(b)
	}
	return sum
}

// ecc is, in its lower half, the XOR of the indices of all set bits, and in its upper half that of their complements.
func ecc(b []byte) uint32 {
	var index, columns uint64 // columns: the XOR of all words, whose bits give the low six bits of the index
	var odd uint64
	for i := 0; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		columns ^= w
		if bits.OnesCount64(w)&1 != 0 {
			index ^= uint64(i) * 8
			odd ^= 1
		}
	}
	for ; columns != 0; columns &= columns - 1 {
		index ^= uint64(bits.TrailingZeros64(columns))
	}
	low := uint32(index)
	high := low
	if odd != 0 {
		high ^= uint32(len(b)*8 - 1)
	}
	return high<<16 | low&0xffff
}
