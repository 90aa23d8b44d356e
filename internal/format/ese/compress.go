package ese

import (
	"encoding/binary"
	"fmt"
)

// Ways in which a value is compressed: the upper 5 bits of its first byte.
const (
	packed7Bit        = 1 // 7 bits a character
	packed7BitUnicode = 2 // 7 bits a UTF-16 character
	packedXpress      = 3 // plain LZ77 of MS-XCA 2.3, after 2 bytes of size
)

// decompress expands a value. Scrubbed values, XPRESS9, XPRESS10 and LZ4 are not read.
func decompress(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return b, nil
	}
	switch kind := b[0] >> 3; kind {
	case packed7Bit:
		return unpack7(b, 1), nil
	case packed7BitUnicode:
		return unpack7(b, 2), nil
	case packedXpress:
		if len(b) < 3 {
			return nil, fmt.Errorf("compressed value of %d bytes", len(b))
		}
		return xpress(b[3:], int(binary.LittleEndian.Uint16(b[1:])))
	default:
		return nil, fmt.Errorf("compression %d is not known", kind)
	}
}

// unpack7 expands 7-bit characters to width bytes each. The first byte's lower 3 bits are the number of bits used in
// the last byte, less one.
func unpack7(b []byte, width int) []byte {
	if len(b) < 2 {
		return nil
	}
	n := ((len(b)-2)*8 + int(b[0]&7) + 1) / 7
	out := make([]byte, 0, n*width)
	acc, have := uint(0), 0
	for _, v := range b[1:] {
		acc |= uint(v) << have
		for have += 8; have >= 7 && len(out) < n*width; have -= 7 {
			out = append(out, byte(acc&0x7f))
			if width == 2 {
				out = append(out, 0)
			}
			acc >>= 7
		}
	}
	return out
}

// xpress expands plain LZ77: 32 flags at a time, a literal byte for 0, a match for 1.
func xpress(b []byte, size int) ([]byte, error) {
	out := make([]byte, 0, size)
	in := lz{b: b}
	for len(out) < size {
		if in.flag() == 0 {
			out = append(out, byte(in.take(1)))
		} else {
			offset, length := in.match()
			if offset > len(out) {
				return nil, fmt.Errorf("compressed value: match %d before its begin", offset)
			}
			for range min(length, size-len(out)) {
				out = append(out, out[len(out)-offset])
			}
		}
		if in.short {
			return nil, fmt.Errorf("compressed value ends after %d of %d bytes", len(out), size)
		}
	}
	return out, nil
}

// lz is the input of xpress.
type lz struct {
	b      []byte
	flags  uint32
	left   int
	nibble int // a length byte whose upper half is unused yet, or 0
	half   bool
	short  bool
}

func (z *lz) take(n int) int {
	if len(z.b) < n {
		z.short = true
		return 0
	}
	v := 0
	for i := range n {
		v |= int(z.b[i]) << (8 * i)
	}
	z.b = z.b[n:]
	return v
}

func (z *lz) flag() uint32 {
	if z.left == 0 {
		z.flags, z.left = uint32(z.take(4)), 32
	}
	z.left--
	return z.flags >> z.left & 1
}

func (z *lz) match() (offset, length int) {
	v := z.take(2)
	offset, length = v>>3+1, v&7
	if length < 7 {
		return offset, length + 3
	}
	if length = z.half4(); length < 15 {
		return offset, length + 7 + 3
	}
	if length = z.take(1); length < 255 {
		return offset, length + 15 + 7 + 3
	}
	if length = z.take(2); length == 0 {
		length = z.take(4)
	}
	if length < 15+7 {
		z.short = true
	}
	return offset, length + 3
}

// half4 gives 4 bits; two of them share a byte, wherever the second is needed.
func (z *lz) half4() int {
	if z.half {
		z.half = false
		return z.nibble >> 4
	}
	z.nibble, z.half = z.take(1), true
	return z.nibble & 15
}
