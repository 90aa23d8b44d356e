package cab

import "encoding/binary"

// codes reads the lengths of the main and the length code, each told as a difference to those of the block before.
func (d *lzx) codes() error {
	for _, part := range [][]uint8{d.main.lens[:256], d.main.lens[256:], d.length.lens} {
		if err := d.lengths(part); err != nil {
			return err
		}
	}
	if err := d.main.build(); err != nil {
		return err
	}
	return d.length.build()
}

func (d *lzx) lengths(lens []uint8) error {
	for i := range d.pretree.lens {
		d.pretree.lens[i] = uint8(d.in.take(4))
	}
	if err := d.pretree.build(); err != nil {
		return err
	}
	for i := 0; i < len(lens); {
		n, value, err := d.lengthRun(lens[i])
		if err != nil {
			return err
		}
		if n > len(lens)-i {
			return errTree
		}
		for range n {
			lens[i] = value
			i++
		}
	}
	return nil
}

// lengthRun reads how many symbols have the next length, and that length; old is what the first of them had before.
func (d *lzx) lengthRun(old uint8) (int, uint8, error) {
	sym, err := d.preCode()
	switch {
	case err != nil:
		return 0, 0, err
	case sym == 17:
		return 4 + int(d.in.take(4)), 0, nil
	case sym == 18:
		return 20 + int(d.in.take(5)), 0, nil
	case sym == 19:
		n := 4 + int(d.in.take(1))
		sym, err := d.preCode()
		if err != nil || sym > 16 {
			return 0, 0, errTree
		}
		return n, (old + 17 - uint8(sym)) % 17, nil
	}
	return 1, (old + 17 - uint8(sym)) % 17, nil
}

func (d *lzx) preCode() (int, error) {
	d.in.fill()
	return d.pretree.next(&d.in)
}

// matches unpacks literals and matches until exactly end.
func (d *lzx) matches(end int) error {
	in, window, pos := &d.in, d.window, d.pos
	for pos < end {
		if in.n < 32 {
			in.fill()
		}
		sym, err := d.main.next(in)
		if err != nil {
			return err
		}
		if sym < 256 {
			window[pos] = byte(sym)
			pos++
			continue
		}
		n := sym & 7
		if n == 7 {
			more, err := d.length.next(in)
			if err != nil {
				return err
			}
			n += more
		}
		n += minMatch
		distance, err := d.distance((sym - 256) >> 3)
		if err != nil {
			return err
		}
		if n > end-pos || !copyMatch(window, pos, n, distance, d.total+int64(pos&(frameSize-1))) {
			return errMatch
		}
		pos += n
	}
	d.pos = pos
	return nil
}

// distance reads what follows a position slot, and keeps the last three distances.
func (d *lzx) distance(slot int) (uint32, error) {
	switch slot {
	case 0:
		return d.r[0], nil
	case 1, 2:
		d.r[0], d.r[slot] = d.r[slot], d.r[0]
		return d.r[0], nil
	}
	in := &d.in
	in.fill()
	width := uint(slotBits[slot])
	v := slotBase[slot] - 2
	if d.kind == aligned && width >= 3 {
		v += in.take(width-3) << 3
		low, err := d.aligned.next(in)
		if err != nil {
			return 0, err
		}
		v += uint32(low)
	} else {
		v += in.take(width)
	}
	d.r[0], d.r[1], d.r[2] = v, d.r[0], d.r[1]
	return v, nil
}

// copyMatch repeats n bytes from distance bytes before pos; written bytes lie before pos, in a window that wraps.
func copyMatch(window []byte, pos, n int, distance uint32, written int64) bool {
	if distance == 0 || int64(distance) > written || int64(distance) > int64(len(window)) {
		return false
	}
	from := pos - int(distance)
	if from >= 0 && int(distance) >= n {
		copy(window[pos:pos+n], window[from:from+n])
		return true
	}
	mask := len(window) - 1
	for i := range n {
		window[pos+i] = window[(from+i)&mask]
	}
	return true
}

// relative undoes what LZX does to x86 code before it packs it: the target of a call (E8), made absolute, is made
// relative again. It concerns the first 32768 frames, and no call that begins in a frame's last 10 bytes.
func (d *lzx) relative(frame []byte) []byte {
	if d.e8size == 0 || len(frame) <= 10 || d.total >= frameSize*32768 {
		return frame
	}
	d.out = append(d.out[:0], frame...) // later matches refer to the frame as it was packed
	undoCalls(d.out, int32(d.total), d.e8size)
	return d.out
}

func undoCalls(b []byte, base, size int32) {
	for i := 0; i < len(b)-10; i++ {
		if b[i] != 0xe8 {
			continue
		}
		at := base + int32(i)
		target := int32(binary.LittleEndian.Uint32(b[i+1:]))
		switch {
		case target >= 0 && target < size:
			binary.LittleEndian.PutUint32(b[i+1:], uint32(target-at))
		case target < 0 && target >= -at:
			binary.LittleEndian.PutUint32(b[i+1:], uint32(target+size))
		}
		i += 4
	}
}
