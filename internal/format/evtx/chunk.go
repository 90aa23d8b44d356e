package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/redx-update/redx/internal/format"
)

// Smallest record: signature, size, number, time, an empty fragment, size again.
const (
	recordHeader = 24
	recordMin    = recordHeader + 4
)

// chunk is one 64 KiB block. All offsets inside BinXml count from its start, so that it stands alone.
type chunk struct {
	buf []byte // shorter than chunkSize only at the end of a file that was cut
	off int64  // where it begins in the file
}

// load takes in what can be read of the chunk at off.
func (d *decoder) load(r io.ReaderAt, off, size int64) error {
	n := int(min(size-off, chunkSize))
	d.off, d.buf = off, d.mem[:n]
	d.reset()
	got, err := r.ReadAt(d.buf, off)
	if got == n {
		return nil
	}
	d.buf = d.buf[:got]
	return &format.Error{Offset: off, What: fmt.Sprintf("read chunk: %d of %d bytes", got, n), Err: format.Cut(err)}
}

// empty reports a block that was reserved and never written.
func (c *chunk) empty() bool {
	for b := c.buf; len(b) > 0; {
		n := min(len(b), len(zeros))
		if !bytes.Equal(b[:n], zeros[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

var zeros [4096]byte

// used gives the end of the records by the chunk's header, and what is wrong with the header or the records. Where the
// header does not tell, the end is that of the chunk, and remains of older records may stand before it.
func (c *chunk) used() (end int, damage []string) {
	if len(c.buf) < chunkHeader {
		return 0, []string{"chunk is cut off inside its header"}
	}
	le := binary.LittleEndian
	if string(c.buf[:8]) != chunkMagic {
		return len(c.buf), []string{"chunk has no signature"}
	}
	sum := crc32.Update(crc32.ChecksumIEEE(c.buf[:120]), crc32.IEEETable, c.buf[128:chunkHeader])
	if sum != le.Uint32(c.buf[124:]) {
		damage = append(damage, "chunk header checksum is wrong")
	}
	end = int(le.Uint32(c.buf[48:]))
	switch {
	case end < chunkHeader || end > chunkSize:
		return len(c.buf), append(damage, "chunk header gives an impossible end of records")
	case end > len(c.buf):
		return len(c.buf), append(damage, "chunk is cut off")
	case crc32.ChecksumIEEE(c.buf[chunkHeader:end]) != le.Uint32(c.buf[52:]):
		damage = append(damage, "checksum of the chunk's records is wrong")
	}
	return end, damage
}

// recordAt gives the size of the record at pos, or 0 when none stands there in whole before end.
func (c *chunk) recordAt(pos, end int) int {
	if pos+recordMin > end || binary.LittleEndian.Uint32(c.buf[pos:]) != 0x00002a2a {
		return 0
	}
	size := int(binary.LittleEndian.Uint32(c.buf[pos+4:]))
	if size < recordMin || size > end-pos || int(binary.LittleEndian.Uint32(c.buf[pos+size-4:])) != size {
		return 0
	}
	return size
}

// next finds the next place from pos on where a whole record stands, or end. Records are aligned to 8 bytes.
func (c *chunk) next(pos, end int) int {
	for pos = (pos + 7) &^ 7; pos < end; pos += 8 {
		i := bytes.Index(c.buf[pos:end], []byte("**\x00\x00"))
		if i < 0 {
			return end
		}
		if pos += i; pos%8 != 0 {
			pos &^= 7 // chance bytes inside something else; goes on behind them
		} else if c.recordAt(pos, end) > 0 {
			return pos
		}
	}
	return end
}

// walk gives the chunk's records up to the end that its header states, and those behind it that carry on its numbers:
// a log that was not closed has a header that lags behind.
func (d *decoder) walk(yield func(*Record, error) bool) bool {
	end, damage := d.used()
	for _, what := range damage {
		if !yield(nil, format.At(d.off, "%s", what)) {
			return false
		}
	}
	pos, last := chunkHeader, uint64(0)
	for pos < end {
		size := d.recordAt(pos, end)
		if size == 0 {
			if !yield(nil, format.At(d.off+int64(pos), "no whole record where one should be")) {
				return false
			}
			pos = d.next(pos+1, end)
			continue
		}
		number := binary.LittleEndian.Uint64(d.buf[pos+8:])
		if end == len(d.buf) && number <= last { // an older record's remains
			pos += size
			continue
		}
		last = number
		if !d.give(pos, size, yield) {
			return false
		}
		pos += size
	}
	for size := d.lagging(pos, last); size > 0; size = d.lagging(pos, last) {
		if !d.give(pos, size, yield) {
			return false
		}
		last++
		pos += size
	}
	return true
}

// lagging gives the size of a record at pos, behind the stated end, that carries on the numbers of those before it.
func (c *chunk) lagging(pos int, last uint64) int {
	size := c.recordAt(pos, len(c.buf))
	if size == 0 || binary.LittleEndian.Uint64(c.buf[pos+8:]) != last+1 {
		return 0
	}
	return size
}

func (d *decoder) walkStale(yield func(*Record, error) bool) bool {
	pos, _ := d.used()
	if pos < chunkHeader {
		return true
	}
	for last := d.lastNumber(pos); ; last++ {
		size := d.lagging(pos, last)
		if size == 0 {
			break
		}
		pos += size
	}
	for pos = d.next(pos, len(d.buf)); pos < len(d.buf); pos = d.next(pos, len(d.buf)) {
		size := d.recordAt(pos, len(d.buf))
		if !d.give(pos, size, yield) {
			return false
		}
		pos += size
	}
	return true
}

// lastNumber gives the number of the last record before end.
func (c *chunk) lastNumber(end int) (last uint64) {
	for pos := c.next(chunkHeader, end); pos < end; pos = c.next(pos, end) {
		last = binary.LittleEndian.Uint64(c.buf[pos+8:])
		pos += c.recordAt(pos, end)
	}
	return last
}
