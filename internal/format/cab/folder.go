package cab

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/redx-update/redx/internal/format"
)

// frameSize is the most that one data block of MSZIP or LZX unpacks to, and exactly what all but the last give.
const frameSize = 32768

// decoder unpacks one data block to n bytes, which stay valid until the next call.
type decoder interface {
	decode(src []byte, n int) ([]byte, error)
}

type stored struct{}

func (stored) decode(src []byte, n int) ([]byte, error) {
	if len(src) != n {
		return nil, fmt.Errorf("stored block of %d bytes that says it holds %d", len(src), n)
	}
	return src, nil
}

func newDecoder(f *Folder) (decoder, error) {
	switch f.Method {
	case Stored:
		return stored{}, nil
	case MSZIP:
		return &mszip{}, nil
	case LZX:
		return newLZX(f.Window)
	default:
		return nil, fmt.Errorf("%v compression (type %d) is not supported", f.Method, f.Method)
	}
}

// limitFolders finds where each folder's blocks must end: where those of another begin. Without it a small file could
// have thousands of folders share the same blocks, and cost thousands of times its size to unpack.
func (c *Cabinet) limitFolders() {
	starts := make([]int64, 0, len(c.folders))
	for _, f := range c.folders {
		if f.Blocks > 0 {
			starts = append(starts, f.start)
		}
	}
	slices.Sort(starts)
	for i := range c.folders {
		f := &c.folders[i]
		at, _ := slices.BinarySearch(starts, f.start)
		if at+1 < len(starts) {
			f.limit = min(f.limit, starts[at+1])
		}
	}
}

// stream unpacks one folder, block after block.
type stream struct {
	c      *Cabinet
	folder *Folder
	dec    decoder
	off    int64 // of the next data block
	block  int   // its number
	head   []byte
	buf    []byte
	out    []byte // unpacked and not yet read
	pos    int64  // of out's first byte in the unpacked folder
	err    error  // once damaged, the rest cannot be had
}

func (c *Cabinet) unpack(folder int) (*stream, error) {
	if folder < 0 || folder >= len(c.folders) {
		return nil, fmt.Errorf("folder %d of %d", folder, len(c.folders))
	}
	f := &c.folders[folder]
	if f.fromPrev {
		return nil, &format.Error{Offset: f.start, What: "its folder begins in " + orUnnamed(c.Previous), Err: ErrContinued}
	}
	dec, err := newDecoder(f)
	if err != nil {
		return nil, &format.Error{Offset: f.start, What: fmt.Sprintf("folder %d", folder), Err: err}
	}
	return &stream{c: c, folder: f, dec: dec, off: f.start, head: make([]byte, 8+c.blockReserve)}, nil
}

// next unpacks the next block into out.
func (s *stream) next() error {
	if s.err != nil {
		return s.err
	}
	src, n, err := s.readBlock()
	if err == nil {
		s.out, err = s.dec.decode(src, n)
		if err != nil {
			err = &format.Error{Offset: s.off, What: fmt.Sprintf("data block %d", s.block), Err: err}
		}
	}
	if err != nil {
		s.err = err
		return err
	}
	s.off += int64(len(s.head) + len(src))
	s.block++
	return nil
}

// readBlock reads and verifies the block at off, and says how many bytes it unpacks to.
func (s *stream) readBlock() ([]byte, int, error) {
	if s.block >= s.folder.Blocks {
		return nil, 0, s.ended()
	}
	if s.off+int64(len(s.head)) > s.folder.limit {
		return nil, 0, format.At(s.off, "data block %d of %d: its folder has ended", s.block, s.folder.Blocks)
	}
	if n, err := s.c.r.ReadAt(s.head, s.off); n < len(s.head) {
		return nil, 0, &format.Error{Offset: s.off, What: fmt.Sprintf("data block %d", s.block), Err: format.Cut(err)}
	}
	packed, n := int(binary.LittleEndian.Uint16(s.head[4:])), int(binary.LittleEndian.Uint16(s.head[6:]))
	if n == 0 {
		return nil, 0, s.ended() // a block is cut in two by the end of the cabinet
	}
	end := s.off + int64(len(s.head)+packed)
	if end > s.folder.limit {
		return nil, 0, format.At(s.off, "data block %d: ends at 0x%x, behind its folder", s.block, end)
	}
	if cap(s.buf) < packed {
		s.buf = make([]byte, 1<<16)
	}
	src := s.buf[:packed]
	if got, err := s.c.r.ReadAt(src, s.off+int64(len(s.head))); got < packed {
		return nil, 0, &format.Error{Offset: s.off, What: fmt.Sprintf("data block %d", s.block), Err: format.Cut(err)}
	}
	if !s.intact(src) {
		return nil, 0, format.At(s.off, "data block %d: checksum is wrong", s.block)
	}
	return src, n, nil
}

// ended says why there is no further block.
func (s *stream) ended() error {
	if s.folder.toNext {
		return &format.Error{Offset: s.off, What: "its data go on in " + orUnnamed(s.c.Next), Err: ErrContinued}
	}
	return &format.Error{Offset: s.off, What: fmt.Sprintf("after %d data blocks", s.block), Err: io.ErrUnexpectedEOF}
}

// intact compares the checksum; 0 means that there is none. Whether it covers the block's reserved area is left open by
// MS-CAB 3.1 and handled both ways by packers, so that either is right.
func (s *stream) intact(src []byte) bool {
	want := binary.LittleEndian.Uint32(s.head)
	if want == 0 {
		return true
	}
	sum := Checksum(src, 0)
	return Checksum(s.head[4:8], sum) == want || Checksum(s.head[4:], sum) == want
}

// Checksum is the exclusive or of MS-CAB 3.1 over little-endian 32-bit words; the odd bytes at the end are taken in
// the opposite order. seed is the checksum so far.
func Checksum(b []byte, seed uint32) uint32 {
	var wide uint64
	for ; len(b) >= 8; b = b[8:] {
		wide ^= binary.LittleEndian.Uint64(b)
	}
	seed ^= uint32(wide) ^ uint32(wide>>32)
	if len(b) >= 4 {
		seed ^= binary.LittleEndian.Uint32(b)
		b = b[4:]
	}
	var rest uint32
	for _, v := range b {
		rest = rest<<8 | uint32(v)
	}
	return seed ^ rest
}
