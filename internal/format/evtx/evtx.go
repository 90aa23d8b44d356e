// Package evtx reads Windows event logs (.evtx, Windows Vista and later): whole ones, dirty ones, and damaged ones as
// far as they can be read. It knows the file format and the shape that all events share (System, EventData,
// UserData), not what any provider's events mean; that is package winevents.
//
// Invariant: every record that a chunk holds in whole is given, whatever the file header and the checksums say; what
// is wrong with them is reported beside the records. Memory is that of one chunk and does not grow with the file.
//
// Layout: libyal's description of the format and MS-EVEN6 2.2.12 (BinXml), both held against real files.
package evtx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"github.com/redx-update/redx/internal/format"
)

const (
	headerBlock   = 4096
	chunkSize     = 65536
	chunkHeader   = 512
	fileSignature = "ElfFile\x00"
	chunkMagic    = "ElfChnk\x00"
)

// Header is what the file says of itself. A log that was not closed properly (Dirty) often says it wrongly: LastChunk
// and NextRecord then lag behind, and the chunks are what counts.
type Header struct {
	FirstChunk, LastChunk uint64 // indexes of the oldest and the newest chunk
	NextRecord            uint64 // number that the next record would have got
	Major, Minor          uint16
	Chunks                uint16
	Dirty, Full           bool
	ChecksumOK            bool
}

// File is an open event log. It may be read by several iterations, also at the same time.
type File struct {
	Header Header
	r      io.ReaderAt
	size   int64
}

// Open reads the file header. A file without the signature of one, and without a chunk where the first one belongs,
// gives an error that wraps format.ErrNotThis. A damaged header over good chunks is no error here: the iterations
// report it.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size}
	var head [128]byte
	n, err := r.ReadAt(head[:], 0)
	if err = format.Cut(err); n < len(head) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, &format.Error{What: "file header", Err: err}
	}
	if n < len(head) || string(head[:8]) != fileSignature {
		var magic [8]byte
		if n, _ := r.ReadAt(magic[:], headerBlock); n < len(magic) || string(magic[:]) != chunkMagic {
			return nil, fmt.Errorf("event log: %w", format.ErrNotThis)
		}
		return f, nil
	}
	le := binary.LittleEndian
	flags := le.Uint32(head[120:])
	f.Header = Header{
		FirstChunk: le.Uint64(head[8:]), LastChunk: le.Uint64(head[16:]), NextRecord: le.Uint64(head[24:]),
		Minor: le.Uint16(head[36:]), Major: le.Uint16(head[38:]), Chunks: le.Uint16(head[42:]),
		Dirty: flags&1 != 0, Full: flags&2 != 0,
		ChecksumOK: le.Uint32(head[124:]) == crc32.ChecksumIEEE(head[:120]),
	}
	return f, nil
}

// Filter names the wanted events: provider name to event IDs, no IDs meaning all of that provider's. A nil Filter
// wants everything. It is applied before an event's data is decoded.
type Filter map[string][]uint16

// Records gives the records of all chunks in the order of the file (in a log that has wrapped around, the newest
// chunk can come before the oldest; Record.Number tells). A non-nil error is damage at one place, a *format.Error;
// the iteration goes on behind it. With damage inside a record the record is given beside the error, holding what
// could be read of it; otherwise exactly one of the two is nil.
//
// The *Record is reused: it and its Data slice are valid until the next step (see Record.Clone). Its strings may be
// kept.
func (f *File) Records(want Filter) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) { f.iterate(want, false, yield) }
}

// Stale gives what Records leaves out: remains of older records in the unused end of a chunk. Most of them are copies
// of records that stand in an earlier chunk, because Windows fills a chunk in memory that held the one before it;
// their numbers tell. Where the chunk's new content has taken the place of their templates only number and time of
// writing can be read, and an error stands beside them.
func (f *File) Stale(want Filter) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) { f.iterate(want, true, yield) }
}

func (f *File) iterate(want Filter, stale bool, yield func(*Record, error) bool) {
	if !stale && !f.Header.ChecksumOK && !yield(nil, format.At(0, "file header is damaged")) {
		return
	}
	d := newDecoder(want)
	for off := int64(headerBlock); off < f.size; off += chunkSize {
		err := d.load(f.r, off, f.size)
		if err != nil && !stale && !yield(nil, err) {
			return
		}
		if err != nil && len(d.buf) < chunkHeader || d.empty() {
			continue
		}
		if stale {
			if !d.walkStale(yield) {
				return
			}
		} else if !d.walk(yield) {
			return
		}
	}
}
