package cab

import (
	"encoding/binary"
	"math/bits"
)

const (
	hashBits = 15
	chain    = 48 // earlier places looked at for one match
	nice     = 64 // a match this long is taken at once
	near     = 1 << 13
)

// token is a literal, or a match when n is not 0.
type token struct {
	literal  byte
	repeated uint8 // which of the last three distances the match has; 3 if another
	n        uint16
	distance uint32
}

// matcher finds matches, for LZX and for MSZIP. Positions count from the first byte of the folder.
type matcher struct {
	least  int // bytes of the shortest match
	window int
	buf    []byte // the last window, at least, and the frame at hand
	base   int    // position of buf[0]
	head   [1 << hashBits]int32
	prev   []int32 // position before one of the same hash, plus 1; by the low bits of the position
	r      [3]uint32
}

func newMatcher(window, least int) matcher {
	return matcher{
		least: least, window: 1 << window, buf: make([]byte, 0, 2<<window+frameSize), prev: make([]int32, 1<<window), r: [3]uint32{1, 1, 1},
	}
}

// parse turns a frame into tokens. No match leaves the frame.
func (m *matcher) parse(frame []byte, tokens []token) []token {
	if len(m.buf)+len(frame) > cap(m.buf) {
		drop := len(m.buf) - m.window
		m.base += drop
		m.buf = m.buf[:copy(m.buf, m.buf[drop:])]
	}
	at := len(m.buf)
	m.buf = append(m.buf, frame...)
	n, distance := m.find(at)
	for at < len(m.buf) {
		if n == 0 {
			tokens = append(tokens, token{literal: m.buf[at]})
			at++
			n, distance = m.find(at)
			continue
		}
		if n < nice { // a literal first, if that makes the match longer
			if longer, further := m.find(at + 1); longer > n+1 {
				tokens = append(tokens, token{literal: m.buf[at]})
				at, n, distance = at+1, longer, further
				continue
			}
			m.insert(at+2, at+n)
		} else {
			m.insert(at+1, at+n)
		}
		tokens = append(tokens, m.match(n, distance))
		at += n
		n, distance = m.find(at)
	}
	return tokens
}

// match makes the token and keeps the last three distances.
func (m *matcher) match(n int, distance uint32) token {
	t := token{n: uint16(n), distance: distance, repeated: 3}
	for i, r := range m.r {
		if r == distance {
			m.r[0], m.r[i] = m.r[i], m.r[0]
			t.repeated = uint8(i)
			return t
		}
	}
	m.r = [3]uint32{distance, m.r[0], m.r[1]}
	return t
}

// find puts a place into the chains, and gives the best match there, or 0.
func (m *matcher) find(at int) (n int, distance uint32) {
	most := min(maxMatch, len(m.buf)-at)
	if most < m.least {
		return 0, 0
	}
	for _, r := range m.r {
		if l := m.common(at, int(r), most); l >= m.least && l > n {
			n, distance = l, r
		}
	}
	if most < 3 {
		return n, distance
	}
	next := m.link(at)
	repeated := n
	for range chain {
		back := m.base + at - (int(next) - 1)
		if next == 0 || back > m.window-3 || back > at {
			break
		}
		// A new distance costs more bits than a repeated one, and a far one more than three literals.
		if l := m.common(at, back, most); l > max(n, repeated+1) && (l > 3 || l == 3 && back < near) {
			if n, distance = l, uint32(back); l == most {
				break
			}
		}
		next = m.prev[(int(next)-1)&(m.window-1)]
	}
	return n, distance
}

// common counts the bytes, at most most, that are the same back bytes earlier.
func (m *matcher) common(at, back, most int) int {
	if back > at {
		return 0
	}
	a, b := m.buf[at:at+most], m.buf[at-back:at-back+most]
	n := 0
	for ; n+8 <= most; n += 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

func (m *matcher) insert(from, to int) {
	for at := from; at < min(to, len(m.buf)-2); at++ {
		m.link(at)
	}
}

// link makes a place the first of its chain, and gives the one that was.
func (m *matcher) link(at int) int32 {
	v := uint32(m.buf[at]) | uint32(m.buf[at+1])<<8 | uint32(m.buf[at+2])<<16
	h := v * 2654435761 >> (32 - hashBits)
	next, pos := m.head[h], m.base+at
	if int(next) == pos+1 {
		return m.prev[pos&(m.window-1)] // it is there already
	}
	m.prev[pos&(m.window-1)] = next
	m.head[h] = int32(pos) + 1
	return next
}
