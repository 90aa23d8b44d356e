// Package evtx writes Windows event logs (.evtx) for lab images and test fixtures, with the damage that a test asks for.
// It is no logger: it gives whole files, in the layout that Windows uses (string and template tables, templates with
// substitutions, checksums), and the same events always give the same bytes.
package evtx

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
)

// Event is one event to write. Provider, ID, Time, Channel and Computer are needed, the rest may be zero.
type Event struct {
	Provider     string
	ProviderGUID guid.GUID
	ID           uint16
	Qualifiers   uint16 // classic providers only
	Version      uint8
	Level        uint8
	Task         uint16
	Opcode       uint8
	Keywords     uint64
	Time         time.Time
	Channel      string
	Computer     string
	PID, TID     uint32
	ActivityID   guid.GUID
	UserSID      string // "S-1-5-18"

	// Data becomes EventData: a Field with a name a named Data, rows of fields without names one Data with an array
	// of strings as classic providers write it, and a field named "Binary" the Binary element.
	Data []Field
	// UserData, when it has an element, takes the place of EventData.
	UserData UserData
}

// UserData is an element of the provider's own, with its fields as elements inside it.
type UserData struct {
	Element, Namespace string
	Fields             []Field
}

// Field is a value with its name. Value is a string, bool, int32, uint8, uint16, uint32, uint64, Hex32, Hex64,
// guid.GUID, time.Time, []byte or nil.
type Field struct {
	Name  string
	Value any
}

// Hex32 is a number that Windows shows in hexadecimal, such as a result code.
type Hex32 uint32

// Hex64 is one of 64 bits, such as the keywords.
type Hex64 uint64

// Options change the file as tests need it. The zero value gives a sound, cleanly closed log.
type Options struct {
	First    uint64 // number of the first record; 0 means 1
	PerChunk int    // records in a chunk at most; 0 means as many as fit
	Dirty    bool   // the log was not closed
	// HeaderChunks is the number of chunks that the file header admits to, as when the log was not closed; 0 means
	// all. The rest of the header lags behind with it.
	HeaderChunks int
	Reserved     int   // empty chunks at the end, as Windows reserves them
	BadChecksum  []int // chunks in which the checksums are wrong and all else is right
	BadRecord    []int // chunks whose second record has its header overwritten
	Lag          []int // chunks whose header leaves out the last record
}

const (
	headerBlock  = 4096
	chunkSize    = 65536
	chunkHeader  = 512
	recordHeader = 24
)

// Write writes a log with these events, in their order. It refuses values it cannot encode, and events too large for
// a chunk, before it writes anything.
func Write(w io.Writer, events []Event, o Options) error {
	first := newChunk(max(o.First, 1))
	chunks, err := fill(first, first.first, events, o)
	if err != nil {
		return err
	}
	n := len(chunks)
	if o.HeaderChunks > 0 {
		n = min(n, o.HeaderChunks)
	}
	if _, err := w.Write(header(n, chunks[n-1].next(), o.Dirty)); err != nil {
		return fmt.Errorf("write event log: %w", err)
	}
	for i, c := range chunks {
		if _, err := w.Write(c.finish(i, o)); err != nil {
			return fmt.Errorf("write event log: %w", err)
		}
	}
	if _, err := w.Write(make([]byte, o.Reserved*chunkSize)); err != nil {
		return fmt.Errorf("write event log: %w", err)
	}
	return nil
}

// fill writes events into a chunk and as many behind it as it takes.
func fill(into *chunk, number uint64, events []Event, o Options) ([]*chunk, error) {
	chunks := []*chunk{into}
	for i := range events {
		e := &events[i]
		size, err := e.bound()
		if err != nil {
			return nil, fmt.Errorf("event %d (%s %d): %w", i, e.Provider, e.ID, err)
		}
		c := chunks[len(chunks)-1]
		if len(c.buf)+size > chunkSize || o.PerChunk > 0 && len(c.records) >= o.PerChunk {
			c = newChunk(number)
			chunks = append(chunks, c)
		}
		if len(c.buf)+size > chunkSize {
			return nil, fmt.Errorf("event %d (%s %d): too large for a chunk", i, e.Provider, e.ID)
		}
		if err := c.add(e, number); err != nil {
			return nil, fmt.Errorf("event %d (%s %d): %w", i, e.Provider, e.ID, err)
		}
		number++
	}
	return chunks, nil
}

// header is the block before the chunks: how many there are, and the number of the next record.
func header(chunks int, next uint64, dirty bool) []byte {
	b := make([]byte, headerBlock)
	le := binary.LittleEndian
	copy(b, "ElfFile\x00")
	le.PutUint64(b[16:], uint64(chunks-1))
	le.PutUint64(b[24:], next)
	le.PutUint32(b[32:], 128)
	le.PutUint16(b[36:], 1)
	le.PutUint16(b[38:], 3)
	le.PutUint16(b[40:], headerBlock)
	le.PutUint16(b[42:], uint16(chunks))
	if dirty {
		b[120] = 1
	}
	le.PutUint32(b[124:], crc32.ChecksumIEEE(b[:120]))
	return b
}

// stamp gives the 8 bytes of a FILETIME.
func stamp(t time.Time) []byte {
	return binary.LittleEndian.AppendUint64(nil, winbin.PutFiletime(t))
}
