package ese

import (
	"encoding/binary"
	"math/bits"
)

// headerSumOK checks the header: the XOR of all words behind the first one, over the whole page or its first 4 KB.
func headerSumOK(page []byte) bool {
	want := binary.LittleEndian.Uint32(page)
	return oldSum(page) == want || len(page) > 4096 && oldSum(page[:4096]) == want
}

func oldSum(b []byte) uint32 {
	sum := uint32(signature) ^ binary.LittleEndian.Uint32(b[4:])
	return sum ^ xor(b[8:])
}

// xor folds bytes into one word; the length is a multiple of eight.
func xor(b []byte) uint32 {
	var x uint64
	for ; len(b) >= 8; b = b[8:] {
		x ^= binary.LittleEndian.Uint64(b)
	}
	return uint32(x) ^ uint32(x>>32)
}

// pageSumOK checks a page. Pages with the flag newChecksum carry XOR and ECC of one block, or of four blocks in large
// pages; older ones XOR and their own number.
func pageSumOK(b []byte, pgno uint32, flags uint32) bool {
	if flags&flagNewChecksum == 0 {
		return oldSum(b) == binary.LittleEndian.Uint32(b) && binary.LittleEndian.Uint32(b[4:]) == pgno
	}
	if len(b) < largePage {
		return blockSum(b[8:], 64, len(b), pgno) == binary.LittleEndian.Uint64(b)
	}
	n := len(b) / 4
	for i := 1; i < 4; i++ {
		// The sums of the later blocks stand behind the common header.
		if blockSum(b[i*n:(i+1)*n], 0, n, pgno) != binary.LittleEndian.Uint64(b[40+8*(i-1):]) {
			return false
		}
	}
	return blockSum(b[8:n], 64, n, pgno) == binary.LittleEndian.Uint64(b)
}

// blockSum gives the ECC in the upper and the XOR in the lower half. The ECC is a Hamming code: the XOR of the
// positions of all set bits, and that of the complements of these positions. b begins at bit position firstBit of a
// block of size bytes.
func blockSum(b []byte, firstBit uint32, size int, pgno uint32) uint64 {
	var column, lines uint32
	line := firstBit
	for ; len(b) >= 8; b = b[8:] {
		v := binary.LittleEndian.Uint64(b)
		lo, hi := uint32(v), uint32(v>>32)
		column ^= lo ^ hi
		lines ^= line & -uint32(bits.OnesCount32(lo)&1)
		lines ^= (line + 32) & -uint32(bits.OnesCount32(hi)&1)
		line += 64
	}
	ecc := lines
	for w := column; w != 0; w &= w - 1 {
		ecc ^= uint32(bits.TrailingZeros32(w))
	}
	complement := ecc
	if bits.OnesCount32(column)&1 == 1 {
		complement ^= uint32(size*8 - 1)
	}
	return uint64(complement<<16|ecc&0xffff)<<32 | uint64(column^pgno)
}
