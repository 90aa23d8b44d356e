package xpress

import (
	"encoding/binary"
	"math/bits"
)

const (
	hashBits = 13
	// tries is how many earlier places are looked at for a match. More finds little: XML repeats itself at once.
	tries = 8
	// enough is a length for which no longer match is looked for.
	enough = 64
)

// A Compressor holds the tables for finding matches, so that they are made once for many blocks. The zero value is ready.
// It must not be used by two goroutines at a time.
type Compressor struct {
	head [1 << hashBits]uint16 // the last place with that hash, plus one; 0: none
	prev [maxOffset]uint16     // by place modulo the window: the place before it with the same hash, plus one
}

// Compress appends src as one plain LZ77 stream (MS-XCA 2.3) to dst. src has at most MaxBlock bytes; what is longer is cut.
func (c *Compressor) Compress(dst, src []byte) []byte {
	src = src[:min(len(src), MaxBlock)]
	clear(c.head[:])
	e := encoder{out: dst}
	e.flagWord()
	for pos := 0; pos < len(src); {
		offset, length := c.find(src, pos)
		if length < minMatch {
			e.literal(src[pos])
			length = 1
		} else {
			e.match(offset, length)
		}
		c.enter(src, pos, length)
		pos += length
	}
	return e.finish()
}

func hash(b []byte) uint32 {
	v := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	return v * 2654435761 >> (32 - hashBits)
}

// find looks for the longest match for what begins at pos.
func (c *Compressor) find(src []byte, pos int) (offset, length int) {
	if len(src)-pos < minMatch {
		return 0, 0
	}
	at := int(c.head[hash(src[pos:])]) - 1
	for range tries {
		if at < 0 || pos-at > maxOffset {
			break
		}
		if n := common(src[at:], src[pos:]); n > length {
			offset, length = pos-at, n
			if n >= enough {
				break
			}
		}
		next := int(c.prev[at%maxOffset]) - 1
		if next >= at {
			break
		}
		at = next
	}
	return offset, length
}

// enter makes the places of an element known to later ones.
func (c *Compressor) enter(src []byte, pos, length int) {
	for end := min(pos+length, len(src)-minMatch+1); pos < end; pos++ {
		h := hash(src[pos:])
		c.prev[pos%maxOffset] = c.head[h]
		c.head[h] = uint16(pos + 1)
	}
}

// common counts how far b repeats a, which lies before it.
func common(a, b []byte) int {
	n := 0
	for len(b)-n >= 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
		n += 8
	}
	for n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// encoder writes elements and, before each 32 of them, the word that says which are matches.
type encoder struct {
	out   []byte
	flags uint32
	count int
	at    int // where the word of flags goes
	half  int // where a byte lies whose high half is unused, plus one; 0: none
}

func (e *encoder) flagWord() {
	e.at, e.flags, e.count = len(e.out), 0, 0
	e.out = append(e.out, 0, 0, 0, 0)
}

func (e *encoder) flag(bit uint32) {
	e.flags = e.flags<<1 | bit
	e.count++
	if e.count == 32 {
		binary.LittleEndian.PutUint32(e.out[e.at:], e.flags)
		e.flagWord()
	}
}

// literal writes the byte before its flag: the flag may begin the next word, which stands behind it.
func (e *encoder) literal(b byte) {
	e.out = append(e.out, b)
	e.flag(0)
}

func (e *encoder) match(offset, length int) {
	word, n := uint16(offset-1)<<3, length-minMatch
	if n < 7 {
		e.out = binary.LittleEndian.AppendUint16(e.out, word|uint16(n))
	} else {
		e.out = binary.LittleEndian.AppendUint16(e.out, word|7)
		e.long(n - 7)
	}
	e.flag(1)
}

func (e *encoder) long(n int) {
	e.nibble(min(n, 15))
	if n < 15 {
		return
	}
	if n < 15+255 {
		e.out = append(e.out, byte(n-15))
		return
	}
	// The last form holds all of the length. It fits: a block is shorter than 65,536 bytes.
	e.out = append(e.out, 255)
	e.out = binary.LittleEndian.AppendUint16(e.out, uint16(n+7))
}

func (e *encoder) nibble(n int) {
	if e.half > 0 {
		e.out[e.half-1] |= byte(n) << 4
		e.half = 0
		return
	}
	e.out = append(e.out, byte(n))
	e.half = len(e.out)
}

// finish fills the last word with ones: the first of them ends the stream.
func (e *encoder) finish() []byte {
	rest := 32 - e.count
	binary.LittleEndian.PutUint32(e.out[e.at:], uint32(uint64(e.flags)<<rest|(1<<rest-1)))
	return e.out
}
