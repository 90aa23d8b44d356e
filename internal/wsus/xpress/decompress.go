package xpress

import "encoding/binary"

// Decompress appends what src, one plain LZ77 stream (MS-XCA 2.4), stands for to dst, and gives back at most size bytes
// more than dst had. A stream that says more, or stops within an element, is an error; what was made of it until then is
// given back with it. A stream that fills size may lack its end mark.
func Decompress(dst, src []byte, size int) ([]byte, error) {
	d := decoder{in: src, out: dst, start: len(dst), end: len(dst) + size}
	for {
		done, err := d.group()
		if done || err != nil {
			return d.out, err
		}
	}
}

type decoder struct {
	in         []byte
	pos        int
	out        []byte
	start, end int
	half       int // where the byte lies whose high half is still unused, plus one; 0: there is none
}

// group reads one word of flags and the elements that it announces.
func (d *decoder) group() (done bool, err error) {
	if d.pos == len(d.in) && len(d.out) == d.end {
		return true, nil
	}
	if len(d.in)-d.pos < 4 {
		return false, d.fail("no flags")
	}
	flags := binary.LittleEndian.Uint32(d.in[d.pos:])
	d.pos += 4
	for range 32 {
		match := flags&(1<<31) != 0
		flags <<= 1
		if d.pos == len(d.in) {
			if match || len(d.out) == d.end {
				return true, nil
			}
			return false, d.fail("ends without its mark")
		}
		if match {
			err = d.match()
		} else {
			err = d.literal()
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

func (d *decoder) literal() error {
	if len(d.out) == d.end {
		return ErrTooLarge
	}
	d.out = append(d.out, d.in[d.pos])
	d.pos++
	return nil
}

func (d *decoder) match() error {
	if len(d.in)-d.pos < 2 {
		return d.fail("a match is cut off")
	}
	word := binary.LittleEndian.Uint16(d.in[d.pos:])
	d.pos += 2
	offset, length := int(word>>3)+1, int(word&7)
	if length == 7 {
		var err error
		if length, err = d.long(); err != nil {
			return err
		}
	}
	length += minMatch
	from := len(d.out) - offset
	if from < d.start {
		return d.fail("a match points before the start")
	}
	if length > d.end-len(d.out) {
		return ErrTooLarge
	}
	d.copy(from, length)
	return nil
}

// copy repeats what begins at from. When it overlaps its own output, what is there doubles with every turn.
func (d *decoder) copy(from, length int) {
	for length > 0 {
		n := min(length, len(d.out)-from)
		d.out = append(d.out, d.out[from:from+n]...)
		length -= n
	}
}

// long reads the length of a match that did not fit its three bits: half a byte, a byte, two bytes, four bytes.
func (d *decoder) long() (int, error) {
	n, err := d.nibble()
	if n < 15 || err != nil {
		return n + 7, err
	}
	if d.pos == len(d.in) {
		return 0, d.fail("a length is cut off")
	}
	n = int(d.in[d.pos])
	d.pos++
	if n < 255 {
		return n + 15 + 7, nil
	}
	return d.longest()
}

func (d *decoder) longest() (int, error) {
	if len(d.in)-d.pos < 2 {
		return 0, d.fail("a length is cut off")
	}
	n := uint32(binary.LittleEndian.Uint16(d.in[d.pos:]))
	d.pos += 2
	if n == 0 {
		if len(d.in)-d.pos < 4 {
			return 0, d.fail("a length is cut off")
		}
		n = binary.LittleEndian.Uint32(d.in[d.pos:])
		d.pos += 4
	}
	if n < 15+7 {
		return 0, d.fail("a length is too small for its form")
	}
	return int(n), nil
}

// nibble reads half a byte. Two lengths share a byte: the first takes its low half, the next one its high half.
func (d *decoder) nibble() (int, error) {
	if d.half > 0 {
		n := int(d.in[d.half-1] >> 4)
		d.half = 0
		return n, nil
	}
	if d.pos == len(d.in) {
		return 0, d.fail("a length is cut off")
	}
	n := int(d.in[d.pos] & 15)
	d.pos++
	d.half = d.pos
	return n, nil
}

func (d *decoder) fail(reason string) error { return &FormatError{d.pos, reason} }
