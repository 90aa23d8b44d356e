package cab

import "encoding/binary"

// Kinds of LZX blocks (MS-PATCH 2.3.1.1), and the shape of its codes.
const (
	verbatim     = 1
	aligned      = 2
	uncompressed = 3

	lengthSymbols = 249
	minMatch      = 2
	maxMatch      = 257

	maxCode    = 16 // bits of a code
	maxPre     = 15
	maxAligned = 7
)

// slotBits is how many bits follow a position slot; slotBase the distance plus 2 that they count from.
var slotBits, slotBase = slots()

func slots() (width [51]uint8, base [51]uint32) {
	for i := range 50 {
		if i >= 4 {
			width[i] = uint8(min(17, i/2-1))
		}
		base[i+1] = base[i] + 1<<width[i]
	}
	return width, base
}

// positionSlots gives the number of position slots of a window.
func positionSlots(window int) int {
	switch window {
	case 20:
		return 42
	case 21:
		return 50
	default:
		return 2 * window
	}
}

// lzx packs every frame as one block.
type lzx struct {
	out     bitWriter
	m       matcher
	started bool
	mainLen []uint8 // lengths of the codes of the block before
	lenLen  []uint8
	tokens  []token
}

func newLZX(window int) *lzx {
	return &lzx{m: newMatcher(window, minMatch), mainLen: make([]uint8, 256+8*positionSlots(window)), lenLen: make([]uint8, lengthSymbols)}
}

func (e *lzx) encode(frame []byte) ([]byte, error) {
	e.out.reset()
	first := !e.started
	e.started = true
	old := e.m.r
	e.tokens = e.m.parse(frame, e.tokens[:0])
	b := newBlock(e.tokens, len(e.mainLen))
	e.begin(first, b.kind, len(frame))
	b.write(&e.out, e.mainLen, e.lenLen)
	e.out.align()
	if len(e.out.b) <= len(frame)+16 {
		e.mainLen, e.lenLen = b.mainLen, b.lenLen
		return e.out.b, nil
	}
	e.m.r = old
	e.raw(first, frame)
	return e.out.b, nil
}

// begin writes the bit for x86 code in front of the first block, and the block's kind and length.
func (e *lzx) begin(first bool, kind uint32, n int) {
	if first {
		e.out.put(0, 1)
	}
	e.out.put(kind, 3)
	e.out.put(uint32(n), 24)
}

// raw writes a block that does not compress: the last three distances and the bytes, to an even number.
func (e *lzx) raw(first bool, frame []byte) {
	e.out.reset()
	e.begin(first, uncompressed, len(frame))
	e.out.align()
	for _, r := range e.m.r {
		e.out.b = binary.LittleEndian.AppendUint32(e.out.b, r)
	}
	e.out.b = append(e.out.b, frame...)
	if len(frame)%2 == 1 {
		e.out.b = append(e.out.b, 0)
	}
}

// bitWriter writes 16-bit little-endian words, the highest bit first.
type bitWriter struct {
	b   []byte
	buf uint64
	n   uint
}

func (w *bitWriter) reset() { w.b, w.buf, w.n = w.b[:0], 0, 0 }

// put writes the low n bits of v, at most 32.
func (w *bitWriter) put(v uint32, n uint) {
	w.buf = w.buf<<n | uint64(v)
	for w.n += n; w.n >= 16; w.n -= 16 {
		w.b = binary.LittleEndian.AppendUint16(w.b, uint16(w.buf>>(w.n-16)))
	}
}

func (w *bitWriter) align() {
	if w.n > 0 {
		w.put(0, 16-w.n)
	}
}
