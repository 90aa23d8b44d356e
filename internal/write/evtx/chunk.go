package evtx

import (
	"encoding/binary"
	"hash/crc32"
	"slices"

	"github.com/redx-update/redx/internal/winbin"
)

// chunk is being filled: names and templates are written where they are first used, and only referred to after that.
type chunk struct {
	buf       []byte
	first     uint64
	records   []int // where they begin
	names     map[string]int
	templates map[string]int
}

func newChunk(first uint64) *chunk {
	return &chunk{
		buf: make([]byte, chunkHeader, chunkSize), first: first,
		names: map[string]int{}, templates: map[string]int{},
	}
}

// next is the number that the next record gets.
func (c *chunk) next() uint64 { return c.first + uint64(len(c.records)) }

func (c *chunk) u8(v byte)    { c.buf = append(c.buf, v) }
func (c *chunk) u16(v int)    { c.buf = binary.LittleEndian.AppendUint16(c.buf, uint16(v)) }
func (c *chunk) u32(v int)    { c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(v)) }
func (c *chunk) u64(v uint64) { c.buf = binary.LittleEndian.AppendUint64(c.buf, v) }

// chars writes a count of characters and the characters.
func (c *chunk) chars(s string) {
	b := winbin.PutUTF16(s)
	c.u16(len(b) / 2)
	c.buf = append(c.buf, b...)
}

// patch writes the number of bytes from behind a 4-byte field at pos up to here into that field.
func (c *chunk) patch(pos int) {
	binary.LittleEndian.PutUint32(c.buf[pos:], uint32(len(c.buf)-pos-4))
}

// name writes a reference to a name, and the name itself when it is new, put in front of its bucket's chain.
func (c *chunk) name(s string) {
	at, known := c.names[s]
	if known {
		c.u32(at)
		return
	}
	c.u32(len(c.buf) + 4)
	c.names[s] = len(c.buf)
	units := winbin.PutUTF16(s)
	h := hash(units)
	c.link(128 + 4*int(h&0xffff%64))
	c.u16(int(h & 0xffff))
	c.chars(s)
	c.u16(0)
}

// link puts what begins here in front of the chain that starts in a table slot.
func (c *chunk) link(slot int) {
	at := len(c.buf)
	c.u32(int(binary.LittleEndian.Uint32(c.buf[slot:])))
	binary.LittleEndian.PutUint32(c.buf[slot:], uint32(at))
}

// hash is the one of the string table, observed on real chunks: h*65599 + unit.
func hash(units []byte) (h uint32) {
	for i := 0; i+1 < len(units); i += 2 {
		h = h*65599 + uint32(binary.LittleEndian.Uint16(units[i:]))
	}
	return h
}

func (c *chunk) add(e *Event, number uint64) error {
	start := len(c.buf)
	c.records = append(c.records, start)
	c.buf = append(c.buf, '*', '*', 0, 0)
	c.u32(0)
	c.u64(number)
	c.buf = append(c.buf, stamp(e.Time)...)
	if err := c.event(e, number); err != nil {
		return err
	}
	for (len(c.buf)-start)%8 != 4 {
		c.u8(0)
	}
	size := len(c.buf) + 4 - start
	c.u32(size)
	binary.LittleEndian.PutUint32(c.buf[start+4:], uint32(size))
	return nil
}

// finish fills the header, does the damage that is asked for, and gives the chunk's bytes.
func (c *chunk) finish(index int, o Options) []byte {
	le := binary.LittleEndian
	full := len(c.buf)
	end, count := full, len(c.records)
	if slices.Contains(o.Lag, index) && count > 1 {
		end, count = c.records[count-1], count-1
	}
	b := c.buf[:chunkSize]
	copy(b, "ElfChnk\x00")
	last := c.first + uint64(max(count, 1)) - 1
	for i, v := range [4]uint64{c.first, last, c.first, last} {
		le.PutUint64(b[8+8*i:], v)
	}
	le.PutUint32(b[40:], 128)
	if count > 0 {
		le.PutUint32(b[44:], uint32(c.records[count-1]))
	}
	le.PutUint32(b[48:], uint32(end))
	le.PutUint32(b[52:], crc32.ChecksumIEEE(b[chunkHeader:end]))
	sum := crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:chunkHeader])
	le.PutUint32(b[124:], sum)
	if slices.Contains(o.BadChecksum, index) {
		b[52], b[124] = ^b[52], ^b[124]
	}
	if slices.Contains(o.BadRecord, index) && len(c.records) > 1 {
		copy(b[c.records[1]:], "\xff\xff\xff\xff\xff\xff\xff\xff")
	}
	return b
}
