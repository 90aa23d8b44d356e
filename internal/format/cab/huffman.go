package cab

import "errors"

const (
	maxCode   = 16 // bits of the longest code
	tableBits = 11 // codes up to here are found by one look into a table
)

var (
	errTree = errors.New("LZX: lengths that form no code")
	errCode = errors.New("LZX: bits that are no code")
)

// bits reads 16-bit little-endian words, the highest bit first. Behind the end of its input it gives zeros; overrun
// tells.
type bits struct {
	src []byte
	pos int    // bytes loaded into buf; may go beyond src
	buf uint64 // left-justified
	n   uint   // valid bits in buf
}

func (b *bits) reset(src []byte) { *b = bits{src: src} }

// fill makes at least 49 bits valid.
func (b *bits) fill() {
	for b.n <= 48 {
		var w uint64
		if b.pos+1 < len(b.src) {
			w = uint64(b.src[b.pos]) | uint64(b.src[b.pos+1])<<8
		} else if b.pos < len(b.src) {
			w = uint64(b.src[b.pos])
		}
		b.pos += 2
		b.buf |= w << (48 - b.n)
		b.n += 16
	}
}

// take reads n bits, at most 32.
func (b *bits) take(n uint) uint32 {
	if b.n < n {
		b.fill()
	}
	v := uint32(b.buf >> (64 - n))
	b.buf <<= n
	b.n -= n
	return v
}

// used is the number of bits taken.
func (b *bits) used() int { return b.pos*8 - int(b.n) }

func (b *bits) overrun() bool { return b.used() > (len(b.src)+1)&^1*8 }

// huffman is a canonical code over the symbols 0 to len(lens)-1; length 0 is a symbol that does not occur.
type huffman struct {
	lens   []uint8
	table  [1 << tableBits]uint16 // symbol<<4 | length of the code that the index begins with; 0 if longer or none
	limit  [maxCode + 1]uint32    // 16-bit left-justified codes below it have at most this length
	shift  [maxCode + 1]int32     // from a code of a length to its place in sorted
	sorted []uint16
}

func newHuffman(symbols int) *huffman {
	return &huffman{lens: make([]uint8, symbols), sorted: make([]uint16, symbols)}
}

// build makes the tables for lens. A code that leaves bit patterns unused is accepted; one that uses a pattern twice
// is not.
func (h *huffman) build() error {
	var count [maxCode + 1]int32
	for _, l := range h.lens {
		count[l]++
	}
	count[0] = 0
	var first, place int32
	var next [maxCode + 1]int32
	for l := 1; l <= maxCode; l++ {
		first <<= 1
		next[l] = place
		h.shift[l] = place - first
		first += count[l]
		place += count[l]
		if first > 1<<l {
			return errTree
		}
		h.limit[l] = uint32(first) << (maxCode - l)
	}
	for sym, l := range h.lens {
		if l > 0 {
			h.sorted[next[l]] = uint16(sym)
			next[l]++
		}
	}
	h.fillTable(count)
	return nil
}

func (h *huffman) fillTable(count [maxCode + 1]int32) {
	at, place := 0, 0
	for l := 1; l <= tableBits; l++ {
		run := 1 << (tableBits - l)
		for range count[l] {
			entry := h.sorted[place]<<4 | uint16(l)
			for i := range run {
				h.table[at+i] = entry
			}
			at += run
			place++
		}
	}
	clear(h.table[at:])
}

// next reads a symbol; at least 16 bits must be valid.
func (h *huffman) next(b *bits) (int, error) {
	if e := h.table[b.buf>>(64-tableBits)]; e != 0 {
		n := uint(e & 15)
		b.buf <<= n
		b.n -= n
		return int(e >> 4), nil
	}
	return h.long(b)
}

func (h *huffman) long(b *bits) (int, error) {
	p := uint32(b.buf >> 48)
	for l := tableBits + 1; l <= maxCode; l++ {
		if p < h.limit[l] {
			b.buf <<= l
			b.n -= uint(l)
			return int(h.sorted[int32(p>>(maxCode-l))+h.shift[l]]), nil
		}
	}
	return 0, errCode
}
