package xpress

import "encoding/binary"

// Encode appends src in blocks (MS-WUSP 2.1.1) to dst: for each, the size before and after compression as little-endian
// int32, then the compressed bytes. A block that compression does not make shorter is stored as it is, which equal sizes
// say; the specification does not have this, Windows' own server and agent do.
func (c *Compressor) Encode(dst, src []byte) []byte {
	for len(src) > 0 {
		block := src[:min(BlockSize, len(src))]
		src = src[len(block):]
		dst = c.block(dst, block)
	}
	return dst
}

func (c *Compressor) block(dst, block []byte) []byte {
	start := len(dst)
	dst = c.Compress(append(dst, make([]byte, headerSize)...), block)
	size := len(dst) - start - headerSize
	if size >= len(block) {
		size = len(block)
		dst = append(dst[:start+headerSize], block...)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(block)))
	binary.LittleEndian.PutUint32(dst[start+4:], uint32(size))
	return dst
}

// Decode reads blocks until src ends and gives what they held, at most limit bytes. With an error comes what the blocks
// before it held.
func Decode(src []byte, limit int) ([]byte, error) {
	var out []byte
	for pos := 0; pos < len(src); {
		orig, comp, err := header(src, pos)
		if err != nil {
			return out, err
		}
		if orig > limit-len(out) {
			return out, ErrTooLarge
		}
		pos += headerSize
		if out, err = open(out, src[pos:pos+comp], orig); err != nil {
			return out, at(err, pos)
		}
		pos += comp
	}
	return out, nil
}

func header(src []byte, pos int) (orig, comp int, err error) {
	if len(src)-pos < headerSize {
		return 0, 0, &FormatError{pos, "a block's header is cut off"}
	}
	o, c := binary.LittleEndian.Uint32(src[pos:]), binary.LittleEndian.Uint32(src[pos+4:])
	if o > MaxBlock || c > MaxBlock {
		return 0, 0, &FormatError{pos, "a block is larger than 65535 bytes"}
	}
	if int(c) > len(src)-pos-headerSize {
		return 0, 0, &FormatError{pos, "a block is cut off"}
	}
	return int(o), int(c), nil
}

func open(out, block []byte, orig int) ([]byte, error) {
	if len(block) == orig {
		return append(out, block...), nil
	}
	start := len(out)
	out, err := Decompress(out, block, orig)
	if err != nil {
		return out[:start], err
	}
	if len(out)-start != orig {
		return out[:start], &FormatError{len(block), "a block is shorter than its header says"}
	}
	return out, nil
}

// at moves a place within a block to one within all of them.
func at(err error, pos int) error {
	if f, ok := err.(*FormatError); ok { //nolint:errorlint // made here, never wrapped
		return &FormatError{f.Offset + pos, f.Reason}
	}
	return err
}
