package evtx

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/winbin"
)

// Append gives a log with events added behind those of an existing one, numbered on. The records that are there stay as
// they are, byte for byte; the log's last chunk is filled up when it is sound, and left alone when it is not. A log that
// has wrapped around comes out with its oldest chunk first. Of more than most chunks (64 KB each) the oldest are left
// out, as Windows does; 0: none are. An empty old is a log without events.
func Append(old []byte, events []Event, most int) ([]byte, error) {
	var kept [][]byte
	if len(old) > 0 {
		if len(old) < headerBlock || string(old[:8]) != "ElfFile\x00" {
			return nil, fmt.Errorf("event log to append to: %w", format.ErrNotThis)
		}
		kept = blocks(old[headerBlock:])
	}
	into := newChunk(1)
	if n := len(kept); n > 0 {
		into = newChunk(lastNumber(kept[n-1]) + 1)
		if c := resume(kept[n-1]); c != nil {
			into, kept = c, kept[:n-1]
		}
	}
	chunks, err := fill(into, into.next(), events, Options{})
	if err != nil {
		return nil, err
	}
	if n := len(kept) + len(chunks); most > 0 && n > most {
		kept = kept[min(n-most, len(kept)):]
	}
	out := header(len(kept)+len(chunks), chunks[len(chunks)-1].next(), false)
	for _, b := range kept {
		out = append(out, b...)
	}
	for i, c := range chunks {
		out = append(out, c.finish(i, Options{})...)
	}
	return out, nil
}

// blocks parts the chunks of a log that were written, the oldest first.
func blocks(b []byte) [][]byte {
	var out [][]byte
	for len(b) > 0 {
		block := b[:min(chunkSize, len(b))]
		b = b[len(block):]
		if string(block[:min(8, len(block))]) != "ElfChnk\x00" {
			continue // reserved, and not yet used
		}
		out = append(out, append(bytes.Clone(block), make([]byte, chunkSize-len(block))...))
	}
	slices.SortStableFunc(out, func(a, b []byte) int { return cmp.Compare(firstNumber(a), firstNumber(b)) })
	return out
}

func firstNumber(block []byte) uint64 { return binary.LittleEndian.Uint64(block[24:]) }

func lastNumber(block []byte) uint64 { return binary.LittleEndian.Uint64(block[32:]) }

// resume takes up a chunk where its records end; nil when anything about it is not as it should be.
func resume(block []byte) *chunk {
	le := binary.LittleEndian
	end := int(le.Uint32(block[48:]))
	sum := crc32.Update(crc32.ChecksumIEEE(block[:120]), crc32.IEEETable, block[128:chunkHeader])
	if end < chunkHeader || end > chunkSize || sum != le.Uint32(block[124:]) ||
		crc32.ChecksumIEEE(block[chunkHeader:end]) != le.Uint32(block[52:]) {
		return nil
	}
	c := newChunk(firstNumber(block))
	c.buf = append(c.buf[:0], block[:end]...)
	for pos := chunkHeader; pos < end; {
		if pos+recordHeader > end || le.Uint64(block[pos+8:]) != c.next() {
			return nil
		}
		size := int(le.Uint32(block[pos+4:]))
		if size < recordHeader || size > end-pos {
			return nil
		}
		c.records = append(c.records, pos)
		pos += size
	}
	if len(c.records) == 0 || c.next() != lastNumber(block)+1 {
		return nil
	}
	c.recall()
	return c
}

// recall learns the names and templates that stand in a chunk, so that they are not written again.
func (c *chunk) recall() {
	le := binary.LittleEndian
	const (
		nameFixed     = 8  // next, hash, length
		templateFixed = 24 // next, identity, size
	)
	c.chains(128, 384, nameFixed, func(at int) {
		n := 2 * int(le.Uint16(c.buf[at+6:]))
		if at+nameFixed+n <= len(c.buf) {
			c.names[winbin.UTF16(c.buf[at+nameFixed:at+nameFixed+n])] = at
		}
	})
	c.chains(384, chunkHeader, templateFixed, func(at int) { c.templates[string(c.buf[at+4:at+20])] = at })
}

// chains walks the chains that begin in a table of the chunk's header. One that leads in a circle ends at its length.
func (c *chunk) chains(from, to, fixed int, visit func(at int)) {
	for slot := from; slot < to; slot += 4 {
		at := int(binary.LittleEndian.Uint32(c.buf[slot:]))
		for n := 0; n < chunkSize/8 && at >= chunkHeader && at+fixed <= len(c.buf); n++ {
			visit(at)
			at = int(binary.LittleEndian.Uint32(c.buf[at:]))
		}
	}
}
