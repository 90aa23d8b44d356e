package cab

import (
	"cmp"
	"slices"
)

// block is what one block needs to be written.
type block struct {
	kind     uint32
	tokens   []token
	mainLen  []uint8
	lenLen   []uint8
	alignLen []uint8
}

// newBlock makes the codes for tokens, and an aligned block if that takes fewer bits.
func newBlock(tokens []token, mainSymbols int) *block {
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

// codeLengths makes a Huffman code of at most limit bits. A code of one symbol gets a second one, since readers want
// every pattern of bits used; a code of none stays empty.
func codeLengths(freq []int, limit int) []uint8 {
	lens := make([]uint8, len(freq))
	used := []int{}
	for sym, n := range freq {
		if n > 0 {
			used = append(used, sym)
		}
	}
	if len(used) == 0 {
		return lens
	}
	if len(used) == 1 {
		other := 0
		if used[0] == 0 {
			other = 1
		}
		lens[used[0]], lens[other] = 1, 1
		return lens
	}
	weight := make([]int, len(used))
	for i, sym := range used {
		weight[i] = freq[sym]
	}
	for {
		depth := depths(weight)
		if int(slices.Max(depth)) <= limit {
			for i, sym := range used {
				lens[sym] = depth[i]
			}
			return lens
		}
		for i := range weight { // flatter weights make a flatter tree
			weight[i] = weight[i]/2 + 1
		}
	}
}

// depths gives the depth of every leaf in the Huffman tree of the weights, of which there are at least two.
func depths(weight []int) []uint8 {
	n := len(weight)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight[a], weight[b]) })
	sum := make([]int, 0, n-1) // of inner nodes, ascending
	parent := make([]int, 2*n-1)
	leaf, inner := 0, 0
	lightest := func() (node, w int) {
		if leaf < n && (inner >= len(sum) || weight[order[leaf]] <= sum[inner]) {
			leaf++
			return leaf - 1, weight[order[leaf-1]]
		}
		inner++
		return n + inner - 1, sum[inner-1]
	}
	for range n - 1 {
		a, wa := lightest()
		b, wb := lightest()
		parent[a], parent[b] = n+len(sum), n+len(sum)
		sum = append(sum, wa+wb)
	}
	level := make([]uint8, 2*n-1)
	for node := 2*n - 3; node >= 0; node-- {
		level[node] = level[parent[node]] + 1
	}
	depth := make([]uint8, n)
	for i, sym := range order {
		depth[sym] = level[i]
	}
	return depth
}

// codes gives the canonical code of every symbol.
func codes(lens []uint8) []uint32 {
	var count, next [maxCode + 1]uint32
	for _, l := range lens {
		count[l]++
	}
	count[0] = 0
	for l := 1; l <= maxCode; l++ {
		next[l] = (next[l-1] + count[l-1]) << 1
	}
	out := make([]uint32, len(lens))
	for sym, l := range lens {
		if l > 0 {
			out[sym] = next[l]
			next[l]++
		}
	}
	return out
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
