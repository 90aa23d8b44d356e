package ese

import "encoding/binary"

// packing is how this column's values are packed: the 7-bit form depends on the width of a character.
func (c *Column) packing() Compression {
	if c.Compress == SevenBit && c.text() && !c.ASCII {
		return sevenBitWide
	}
	return c.Compress
}

const (
	sevenBitWide Compression = 100

	idSevenBit     = 1
	idSevenBitWide = 2
	idXPRESS       = 3
)

// pack gives the compressed form, or the value itself where this compression cannot hold it.
func (how Compression) pack(b []byte) []byte {
	switch how {
	case SevenBit:
		return sevenBit(idSevenBit, b, 1)
	case sevenBitWide:
		return sevenBit(idSevenBitWide, b, 2)
	case XPRESS:
		if len(b) > 0xffff {
			return b
		}
		out := []byte{idXPRESS << 3, byte(len(b)), byte(len(b) >> 8)}
		return append(out, lz77(b)...)
	}
	return b
}

// sevenBit packs the low 7 bits of every unit, lowest bit first. The first byte holds the id and, in its low 3 bits,
// how many bits of the last byte are used, less one.
func sevenBit(id byte, b []byte, width int) []byte {
	out := make([]byte, 1, len(b)+1)
	var acc uint32
	bits := 0
	for i := 0; i < len(b); i += width {
		if b[i] > 0x7f || width == 2 && (i+1 >= len(b) || b[i+1] != 0) {
			return b
		}
		acc |= uint32(b[i]) << bits
		for bits += 7; bits >= 8; bits -= 8 {
			out = append(out, byte(acc))
			acc >>= 8
		}
	}
	used := 8
	if bits > 0 {
		out, used = append(out, byte(acc)), bits
	}
	out[0] = id<<3 | byte(used-1)
	return out
}

// lz77 is the plain LZ77 of MS-XCA 2.3: 32 flags, highest bit first, then as many literals or matches.
func lz77(in []byte) []byte {
	z := lz{out: make([]byte, 4, len(in)+8), half: -1}
	binary.LittleEndian.PutUint32(z.out, 0xffffffff)
	var seen [1 << 13]int // position + 1 of the last three bytes with this hash
	for at := 0; at < len(in); {
		length, distance := 0, 0
		if at+3 <= len(in) {
			h := (uint32(in[at])<<16 | uint32(in[at+1])<<8 | uint32(in[at+2])) * 2654435761 >> 19
			if from := seen[h] - 1; from >= 0 && at-from <= 8192 {
				length, distance = run(in, from, at), at-from
			}
			seen[h] = at + 1
		}
		if length < 3 {
			z.flag(0)
			z.out = append(z.out, in[at])
			at++
			continue
		}
		z.flag(1)
		z.match(distance, length)
		at += length
	}
	if z.count == 32 { // the reader asks for the next flags before it sees the end
		z.out = append(z.out, 0xff, 0xff, 0xff, 0xff)
	}
	return z.out
}

func run(in []byte, from, at int) int {
	n := 0
	for at+n < len(in) && in[from+n] == in[at+n] {
		n++
	}
	return n
}

// lz is the state of a compression: the flags being filled, and the byte that still has a free upper half.
type lz struct {
	out   []byte
	at    int // where the current flags go
	flags uint32
	count int
	half  int
}

func (z *lz) flag(bit uint32) {
	if z.count == 32 {
		z.at, z.flags, z.count = len(z.out), 0, 0
		z.out = append(z.out, 0, 0, 0, 0)
	}
	z.flags = z.flags<<1 | bit
	z.count++
	binary.LittleEndian.PutUint32(z.out[z.at:], z.flags<<(32-z.count)|(1<<(32-z.count)-1))
}

func (z *lz) match(distance, length int) {
	n := length - 3
	z.out = binary.LittleEndian.AppendUint16(z.out, uint16((distance-1)<<3|min(n, 7)))
	if n < 7 {
		return
	}
	n -= 7
	if z.half < 0 {
		z.half = len(z.out)
		z.out = append(z.out, byte(min(n, 15)))
	} else {
		z.out[z.half] |= byte(min(n, 15)) << 4
		z.half = -1
	}
	if n < 15 {
		return
	}
	n -= 15
	if n < 255 {
		z.out = append(z.out, byte(n))
		return
	}
	z.out = append(z.out, 255)
	z.out = binary.LittleEndian.AppendUint16(z.out, uint16(length-3))
}
