package cab

import (
	"math/bits"
	"slices"
)

const (
	maxMSZIP = frameSize + 12 // bytes that a frame may take (MS-MCI)

	endOfBlock    = 256
	litSymbols    = 286
	distSymbols   = 30
	maxHeaderCode = 7
)

// mszip packs frames as MSZIP (MS-MCI): "CK" and one deflate block (RFC 1951), which may refer to the frames before.
// It is not compress/flate because that writes codes for distances with one symbol, half of them unused, when there
// is but one distance: legal, and refused by readers of cabinets (libmspack).
type mszip struct {
	m      matcher
	out    []byte
	buf    uint64
	n      uint
	tokens []token
}

func newMSZIP() *mszip { return &mszip{m: newMatcher(15, 3)} }

func (z *mszip) encode(frame []byte) ([]byte, error) {
	z.out = append(z.out[:0], "CK"...)
	z.tokens = z.m.parse(frame, z.tokens[:0])
	z.block()
	if len(z.out) > min(maxMSZIP, len(frame)+7) {
		n := uint16(len(frame))
		z.out = append(z.out[:2], 1, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
		z.out = append(z.out, frame...)
	}
	return z.out, nil
}

// put writes the low n bits of v, the lowest first.
func (z *mszip) put(v uint32, n uint) {
	z.buf |= uint64(v) << z.n
	for z.n += n; z.n >= 8; z.n -= 8 {
		z.out = append(z.out, byte(z.buf))
		z.buf >>= 8
	}
}

// block writes the tokens as the last block of a stream, with codes of its own.
func (z *mszip) block() {
	lit, dist := make([]int, litSymbols), make([]int, distSymbols)
	lit[endOfBlock] = 1
	for _, t := range z.tokens {
		if t.n == 0 {
			lit[t.literal]++
			continue
		}
		sym, _, _ := lengthCode(int(t.n))
		lit[sym]++
		sym, _, _ = distanceCode(int(t.distance))
		dist[sym]++
	}
	dist[0]++ // a code of no symbol is refused as well
	litLen, distLen := codeLengths(lit, 15), codeLengths(dist, 15)
	z.header(litLen, distLen)
	litCode, distCode := reversed(litLen), reversed(distLen)
	for _, t := range z.tokens {
		if t.n == 0 {
			z.put(litCode[t.literal], uint(litLen[t.literal]))
			continue
		}
		sym, extra, width := lengthCode(int(t.n))
		z.put(litCode[sym], uint(litLen[sym]))
		z.put(extra, width)
		sym, extra, width = distanceCode(int(t.distance))
		z.put(distCode[sym], uint(distLen[sym]))
		z.put(extra, width)
	}
	z.put(litCode[endOfBlock], uint(litLen[endOfBlock]))
	z.put(0, (8-z.n)%8)
}

// header writes the kind of the block and the lengths of its codes (RFC 1951 3.2.7), in runs of zeros only.
func (z *mszip) header(litLen, distLen []uint8) {
	order := [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	steps := zeroRuns(slices.Concat(litLen, distLen))
	freq := make([]int, 19)
	for _, s := range steps {
		freq[s.sym]++
	}
	lens := codeLengths(freq, maxHeaderCode)
	z.put(1|2<<1, 3)
	z.put(litSymbols-257, 5)
	z.put(distSymbols-1, 5)
	z.put(19-4, 4)
	for _, sym := range order {
		z.put(uint32(lens[sym]), 3)
	}
	code := reversed(lens)
	for _, s := range steps {
		z.put(code[s.sym], uint(lens[s.sym]))
		z.put(s.extra, s.width)
	}
}

func zeroRuns(lens []uint8) (steps []step) {
	for i := 0; i < len(lens); {
		n := 0
		for i+n < len(lens) && lens[i+n] == 0 && n < 138 {
			n++
		}
		switch {
		case n >= 11:
			steps = append(steps, step{18, uint32(n - 11), 7})
		case n >= 3:
			steps = append(steps, step{17, uint32(n - 3), 3})
		default:
			steps = append(steps, step{lens[i], 0, 0})
			n = 1
		}
		i += n
	}
	return steps
}

// reversed gives the canonical codes with their first bit lowest, as deflate writes them.
func reversed(lens []uint8) []uint32 {
	c := codes(lens)
	for i, l := range lens {
		c[i] = bits.Reverse32(c[i]) >> (32 - uint(l))
	}
	return c
}

// lengthCode gives the symbol of a match of n bytes, 3 to 257, and the bits behind it.
func lengthCode(n int) (sym int, extra uint32, width uint) {
	v := uint(n - 3)
	if v < 8 {
		return 257 + int(v), 0, 0
	}
	width = uint(bits.Len(v)) - 3
	return 257 + int(4*width) + int(v>>width), uint32(v & (1<<width - 1)), width
}

// distanceCode gives the symbol of a distance, and the bits behind it.
func distanceCode(distance int) (sym int, extra uint32, width uint) {
	v := uint(distance - 1)
	if v < 4 {
		return int(v), 0, 0
	}
	width = uint(bits.Len(v)) - 2
	return int(2*width) + int(v>>width), uint32(v & (1<<width - 1)), width
}
