package hive

import (
	"encoding/binary"
	"io"
	"sync"

	"github.com/redx-update/redx/internal/format"
)

// Blocks are the unit in which the file is read and kept.
const (
	blockSize = 16 << 10
	blocks    = 128
)

// image is the hive as it stands after recovery: the file, and over it the sectors that come from logs.
type image struct {
	r        io.ReaderAt
	fileSize int64
	size     int64             // of the image; reads behind it fail
	over     map[uint32]source // by number of the sector in the image
	overEnd  int64             // end of the last sector in over

	mu    sync.Mutex
	cache [blocks]block // a block can be at one place only: its number modulo blocks
	bin   span          // the bin that was used last
}

// source is where a sector of a log stands.
type source struct {
	r   io.ReaderAt
	off int64
}

type block struct {
	number int64
	data   []byte
}

type span struct{ start, end int64 }

func newImage(r io.ReaderAt, size int64) *image {
	return &image{r: r, fileSize: size, size: size, over: map[uint32]source{}}
}

// setSize takes over the size of a base block or a log entry, as far as there is data for it. The size in a base
// block with a wrong checksum is not believed.
func (m *image) setSize(b baseBlock) {
	m.size = max(m.fileSize, m.overEnd)
	if !b.badChecksum {
		m.size = min(m.size, binsStart+int64(b.binsSize))
	}
}

// stored is how many bytes there are in files for the image; no data can be longer, whatever its lengths say.
func (m *image) stored() int64 { return m.fileSize + int64(len(m.over))*sectorSize }

// put lays sectors of a log over the image. Off and length are multiples of the sector's size.
func (m *image) put(off int64, r io.ReaderAt, from int64, length uint32) {
	for i := int64(0); i < int64(length); i += sectorSize {
		m.over[uint32((off+i)/sectorSize)] = source{r, from + i}
	}
	m.overEnd = max(m.overEnd, off+int64(length))
}

// ReadAt reads the recovered image. It never reads beyond its size.
func (m *image) ReadAt(b []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.readAt(b, off)
}

func (m *image) readAt(b []byte, off int64) (int, error) {
	done := 0
	for done < len(b) {
		if off < 0 || off >= m.size {
			return done, io.EOF
		}
		data, err := m.block(off / blockSize)
		if err != nil {
			return done, err
		}
		at := off % blockSize
		n := copy(b[done:], data[at:min(blockSize, at+m.size-off)])
		done, off = done+n, off+int64(n)
	}
	return done, nil
}

func (m *image) block(number int64) ([]byte, error) {
	c := &m.cache[number%blocks]
	if c.data != nil && c.number == number {
		return c.data, nil
	}
	if c.data == nil {
		c.data = make([]byte, blockSize)
	}
	c.number = number
	if err := m.fill(c.data, number*blockSize); err != nil {
		c.data = nil
		return nil, err
	}
	return c.data, nil
}

// fill reads a block of the file and lays the sectors of logs over it. What is in neither is zero.
func (m *image) fill(b []byte, off int64) error {
	clear(b)
	if n := min(int64(len(b)), m.fileSize-off); n > 0 {
		if got, err := m.r.ReadAt(b[:n], off); int64(got) < n {
			return format.Cut(err)
		}
	}
	if len(m.over) == 0 {
		return nil
	}
	for i := 0; i < len(b); i += sectorSize {
		s, ok := m.over[uint32((off+int64(i))/sectorSize)]
		if !ok {
			continue
		}
		if _, err := io.ReadFull(io.NewSectionReader(s.r, s.off, sectorSize), b[i:i+sectorSize]); err != nil {
			return err
		}
	}
	return nil
}

// cell reads at most limit bytes of the cell at an offset from the first bin, and tells the length of all its data.
// A cell that is free, or does not lie within one bin, is damage.
func (m *image) cell(offset uint32, limit int, what string) (data []byte, length int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := binsStart + int64(offset)
	end, err := m.binEnd(at)
	if err != nil {
		return nil, 0, &format.Error{Offset: at, What: what, Err: err}
	}
	var head [4]byte
	if _, err := m.readAt(head[:], at); err != nil {
		return nil, 0, &format.Error{Offset: at, What: what + ": cell", Err: err}
	}
	size := int64(int32(binary.LittleEndian.Uint32(head[:])))
	if size >= 0 {
		return nil, 0, format.At(at, "%s: the cell is free", what)
	}
	if size = -size; size < 8 || at+size > end {
		return nil, 0, format.At(at, "%s: a cell of %d bytes, %d are left in its bin", what, size, end-at)
	}
	data = make([]byte, min(int(size)-4, limit))
	if _, err := m.readAt(data, at+4); err != nil {
		return nil, 0, &format.Error{Offset: at, What: what + ": cell", Err: err}
	}
	return data, int(size) - 4, nil
}

// maxBin bounds how far back the header of a bin is looked for. Values without segments (before version 1.4) have at
// most 1 MB.
const maxBin = 2 << 20

// binEnd finds the bin that has an offset, by its header at the beginning of a page before it.
func (m *image) binEnd(at int64) (int64, error) {
	if at < m.bin.end && at >= m.bin.start+binHeader {
		return m.bin.end, nil
	}
	if at+8 > m.size || at%8 != 0 {
		return 0, format.At(at, "no cell can stand here; the hive has %d bytes", m.size)
	}
	first := at / pageSize * pageSize
	for start := first; start >= binsStart && start > at-maxBin; start -= pageSize {
		var head [12]byte
		if _, err := m.readAt(head[:], start); err != nil {
			return 0, err
		}
		size := int64(binary.LittleEndian.Uint32(head[8:]))
		if string(head[:4]) != "hbin" || int64(binary.LittleEndian.Uint32(head[4:])) != start-binsStart {
			continue
		}
		if size%pageSize != 0 || at >= start+size || at < start+binHeader {
			return 0, format.At(start, "a bin of %d bytes that does not reach to 0x%x", size, at)
		}
		m.bin = span{start, min(start+size, m.size)}
		return m.bin.end, nil
	}
	return 0, format.At(first, "no bin header")
}

const binHeader = 32
