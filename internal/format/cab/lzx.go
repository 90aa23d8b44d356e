package cab

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kinds of LZX blocks (MS-PATCH 2.3.1.1), and the shape of its codes.
const (
	verbatim     = 1
	aligned      = 2
	uncompressed = 3

	lengthSymbols = 249
	minMatch      = 2
)

var (
	errMatch = errors.New("LZX: match beyond its block, or before the first byte")
	errShort = errors.New("LZX: data end within a block")
)

// slotBits is how many bits of a match's distance follow its position slot; slotBase the distance they count from,
// plus 2.
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

// positionSlots gives the number of position slots of a window, 0 for a window that LZX does not have.
func positionSlots(window int) int {
	switch {
	case window < 15 || window > 21:
		return 0
	case window == 20:
		return 42
	case window == 21:
		return 50
	default:
		return 2 * window
	}
}

// lzx unpacks the frames of one folder: each data block holds one, of 32 KB but for the last. A block of LZX may span
// many frames; the bits of each frame begin at a new data block.
type lzx struct {
	window  []byte
	pos     int   // in window, of the next byte
	total   int64 // bytes before this frame
	last    bool  // a frame shorter than 32 KB has been seen
	started bool
	e8size  int32  // not 0: calls in x86 code were made absolute for a file of this size
	out     []byte // a frame with calls made relative again

	in        bits
	kind      uint32
	left      int // bytes until the block ends
	pad       bool
	r         [3]uint32 // the last three distances
	main      *huffman
	length    *huffman
	aligned   *huffman
	pretree   *huffman
	mainCount int
}

func newLZX(window int) (*lzx, error) {
	n := positionSlots(window)
	if n == 0 {
		return nil, fmt.Errorf("LZX with a window of 2^%d bytes", window)
	}
	return &lzx{
		window: make([]byte, 1<<window), r: [3]uint32{1, 1, 1}, mainCount: 256 + 8*n,
		main: newHuffman(256 + 8*n), length: newHuffman(lengthSymbols), aligned: newHuffman(8), pretree: newHuffman(20),
	}, nil
}

func (d *lzx) decode(src []byte, n int) ([]byte, error) {
	if n > frameSize || d.last {
		return nil, errors.New("LZX: frame of a wrong size")
	}
	d.last = n < frameSize
	d.in.reset(src)
	d.start()
	if d.pos == len(d.window) {
		d.pos = 0
	}
	begin := d.pos
	for end := begin + n; d.pos < end; {
		if err := d.run(end); err != nil {
			return nil, err
		}
		if d.in.overrun() {
			return nil, errShort
		}
	}
	d.endPad()
	frame := d.relative(d.window[begin:d.pos])
	d.total += int64(n)
	return frame, nil
}

// start reads what stands once in front of the first block.
func (d *lzx) start() {
	if d.started {
		return
	}
	d.started = true
	if d.in.take(1) == 1 {
		high := d.in.take(16)
		d.e8size = int32(high<<16 | d.in.take(16))
	}
}

// run unpacks up to the end of the block or of the frame, whichever comes first.
func (d *lzx) run(end int) error {
	if d.left == 0 {
		if err := d.block(); err != nil {
			return err
		}
	}
	begin := d.pos
	end = min(end, begin+d.left)
	var err error
	if d.kind == uncompressed {
		err = d.raw(end)
	} else {
		err = d.matches(end)
	}
	d.left -= d.pos - begin
	return err
}

// block reads a block's header and, if it has them, its codes.
func (d *lzx) block() error {
	d.endPad()
	if d.pad {
		d.in.pos, d.pad = d.in.pos+1, false
	}
	d.kind = d.in.take(3)
	high := d.in.take(16)
	d.left = int(high<<8 | d.in.take(8))
	if d.left == 0 {
		return errors.New("LZX: empty block")
	}
	switch d.kind {
	case verbatim:
		return d.codes()
	case aligned:
		for i := range d.aligned.lens {
			d.aligned.lens[i] = uint8(d.in.take(3))
		}
		if err := d.aligned.build(); err != nil {
			return err
		}
		return d.codes()
	case uncompressed:
		return d.rawHeader()
	default:
		return fmt.Errorf("LZX: block of unknown kind %d", d.kind)
	}
}

// rawHeader skips to the next 16-bit boundary, a whole word if it stands on one, and reads the three distances.
func (d *lzx) rawHeader() error {
	at := (d.in.used()/16 + 1) * 2
	if at+12 > len(d.in.src) {
		return errShort
	}
	for i := range d.r {
		d.r[i] = binary.LittleEndian.Uint32(d.in.src[at+4*i:])
	}
	d.in.buf, d.in.n, d.in.pos = 0, 0, at+12
	d.pad = d.left&1 == 1
	return nil
}

func (d *lzx) raw(end int) error {
	if d.in.pos > len(d.in.src) {
		return errShort
	}
	n := copy(d.window[d.pos:end], d.in.src[d.in.pos:])
	d.pos, d.in.pos = d.pos+n, d.in.pos+n
	if d.pos < end {
		return errShort
	}
	return nil
}

// endPad drops the byte that follows an uncompressed block of odd length, if it is there: at the end of a frame it may
// stand in front of the next one.
func (d *lzx) endPad() {
	if d.pad && d.left == 0 && d.in.pos < len(d.in.src) {
		d.in.pos, d.pad = d.in.pos+1, false
	}
}
