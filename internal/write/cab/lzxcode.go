package cab

import "math/bits"

// lzxToken is a token as LZX writes it.
type lzxToken struct {
	main   uint16 // symbol of the main code
	length int16  // symbol of the length code, -1 if none
	slot   uint8  // of a match; 0 of a literal
	extra  uint32 // the bits behind the slot
}

func lzxTokens(tokens []token) []lzxToken {
	out := make([]lzxToken, len(tokens))
	for i, t := range tokens {
		v := lzxToken{main: uint16(t.literal), length: -1}
		if t.n > 0 {
			if v.slot = t.repeated; v.slot == 3 {
				v.slot = slotOf(t.distance + 2)
				v.extra = t.distance + 2 - slotBase[v.slot]
			}
			head := min(t.n-minMatch, 7)
			if head == 7 {
				v.length = int16(t.n - minMatch - 7)
			}
			v.main = 256 + uint16(v.slot)<<3 + head
		}
		out[i] = v
	}
	return out
}

// slotOf finds the slot whose range holds a distance plus 2.
func slotOf(v uint32) uint8 {
	if v >= slotBase[36] {
		return uint8(36 + (v-slotBase[36])>>17)
	}
	high := bits.Len32(v) - 1
	return uint8(2*high) + uint8(v>>(high-1)&1)
}

// block is what one block needs to be written.
type block struct {
	kind     uint32
	tokens   []lzxToken
	mainLen  []uint8
	lenLen   []uint8
	alignLen []uint8
}

// newBlock makes the codes for tokens, and an aligned block if that takes fewer bits.
func newBlock(found []token, mainSymbols int) *block {
	tokens := lzxTokens(found)
	mainFreq, lenFreq, alignFreq := make([]int, mainSymbols), make([]int, lengthSymbols), make([]int, 8)
	for _, t := range tokens {
		mainFreq[t.main]++
		if t.length >= 0 {
			lenFreq[t.length]++
		}
		if t.slot > 2 && slotBits[t.slot] >= 3 {
			alignFreq[t.extra&7]++
		}
	}
	b := &block{
		kind: verbatim, tokens: tokens,
		mainLen: codeLengths(mainFreq, maxCode), lenLen: codeLengths(lenFreq, maxCode), alignLen: codeLengths(alignFreq, maxAligned),
	}
	saved := -8 * 3 // the lengths of the aligned code
	for i, n := range alignFreq {
		saved += n * (3 - int(b.alignLen[i]))
	}
	if saved > 0 {
		b.kind = aligned
	}
	return b
}

// write writes the codes, as differences to those before, and the tokens.
func (b *block) write(w *bitWriter, oldMain, oldLen []uint8) {
	if b.kind == aligned {
		for _, l := range b.alignLen {
			w.put(uint32(l), 3)
		}
	}
	writeLengths(w, oldMain[:256], b.mainLen[:256])
	writeLengths(w, oldMain[256:], b.mainLen[256:])
	writeLengths(w, oldLen, b.lenLen)
	main, length, low := codes(b.mainLen), codes(b.lenLen), codes(b.alignLen)
	for _, t := range b.tokens {
		w.put(main[t.main], uint(b.mainLen[t.main]))
		if t.length >= 0 {
			w.put(length[t.length], uint(b.lenLen[t.length]))
		}
		width := uint(slotBits[t.slot])
		if b.kind == aligned && width >= 3 {
			w.put(t.extra>>3, width-3)
			w.put(low[t.extra&7], uint(b.alignLen[t.extra&7]))
		} else {
			w.put(t.extra, width)
		}
	}
}

// step is one symbol of the code that tells the lengths of another, and the bits behind it.
type step struct {
	sym   uint8
	extra uint32
	width uint
}

// writeLengths tells the lengths of a code: 17 and 18 for many zeros, 19 for the same many times, else the difference
// to what the symbol had before, modulo 17.
func writeLengths(w *bitWriter, old, lens []uint8) {
	var steps []step
	for i := 0; i < len(lens); {
		n := 1
		for i+n < len(lens) && lens[i+n] == lens[i] {
			n++
		}
		delta := (old[i] + 17 - lens[i]) % 17
		switch {
		case lens[i] == 0 && n >= 20:
			n = min(n, 51)
			steps = append(steps, step{18, uint32(n - 20), 5})
		case lens[i] == 0 && n >= 4:
			n = min(n, 19)
			steps = append(steps, step{17, uint32(n - 4), 4})
		case n >= 4:
			n = min(n, 5)
			steps = append(steps, step{19, uint32(n - 4), 1}, step{delta, 0, 0})
		default:
			n = 1
			steps = append(steps, step{delta, 0, 0})
		}
		i += n
	}
	freq := make([]int, 20)
	for _, s := range steps {
		freq[s.sym]++
	}
	pre := codeLengths(freq, maxPre)
	for _, l := range pre {
		w.put(uint32(l), 4)
	}
	code := codes(pre)
	for _, s := range steps {
		w.put(code[s.sym], uint(pre[s.sym]))
		w.put(s.extra, s.width)
	}
}
