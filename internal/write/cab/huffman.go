package cab

import (
	"cmp"
	"slices"
)

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
