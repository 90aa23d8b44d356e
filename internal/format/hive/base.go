package hive

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/winbin"
)

// Sizes of the format. Offsets of cells count from the first bin, which stands behind the base block's page.
const (
	pageSize   = 4096
	sectorSize = 512
	binsStart  = 4096
	none       = 0xffffffff // an offset that leads nowhere
)

// Kinds of file in the base block's type field.
const (
	typePrimary = 0
	typeOldLog1 = 1
	typeOldLog2 = 2
	typeNewLog  = 6
)

// baseBlock is the first sector of a hive, and of each of its logs.
type baseBlock struct {
	seq1, seq2   uint32
	written      uint64 // FILETIME
	major, minor uint32
	kind         uint32
	root         uint32
	binsSize     uint32
	name         string
	badChecksum  bool
}

// readBase reads a base block. A wrong checksum is no error here; it is noted.
func readBase(r io.ReaderAt, size int64) (baseBlock, error) {
	if size < sectorSize {
		return baseBlock{}, errNoHive
	}
	b, err := format.ReadAt(r, 0, sectorSize, sectorSize, "base block")
	if err != nil {
		return baseBlock{}, err
	}
	if string(b[:4]) != "regf" {
		return baseBlock{}, errNoHive
	}
	le := binary.LittleEndian
	return baseBlock{
		seq1: le.Uint32(b[4:]), seq2: le.Uint32(b[8:]), written: le.Uint64(b[12:]),
		major: le.Uint32(b[20:]), minor: le.Uint32(b[24:]), kind: le.Uint32(b[28:]),
		root: le.Uint32(b[36:]), binsSize: le.Uint32(b[40:]), name: winbin.UTF16Z(b[48:112]),
		badChecksum: le.Uint32(b[508:]) != checksum(b),
	}, nil
}

// checksum is the XOR of the first 127 words of a base block; 0 and -1 are reserved.
func checksum(b []byte) uint32 {
	var sum uint32
	for i := 0; i < 508; i += 4 {
		sum ^= binary.LittleEndian.Uint32(b[i:])
	}
	switch sum {
	case 0:
		return 1
	case 0xffffffff:
		return 0xfffffffe
	}
	return sum
}

func (b baseBlock) dirty() bool { return b.badChecksum || b.seq1 != b.seq2 }

// fromLogs replaces a base block that cannot be read by the oldest sound copy in a log.
func (b *baseBlock) fromLogs(logs []*scannedLog) bool {
	found := false
	for _, l := range logs {
		if l.info.Entries > 0 && (!found || l.base.seq2 < b.seq2) {
			*b, found = l.base, true
		}
	}
	return found
}

// askLogs takes from a log what leads to the keys, for a base block with a wrong checksum.
func (b *baseBlock) askLogs(logs []*scannedLog) {
	sound := *b
	sound.fromLogs(logs)
	b.root, b.minor = sound.root, sound.minor
}

func (b baseBlock) info() Info {
	return Info{
		Name: b.name, Major: b.major, Minor: b.minor, Sequence1: b.seq1, Sequence2: b.seq2,
		LastWritten: b.lastWritten(), BadChecksum: b.badChecksum,
	}
}

func (b baseBlock) lastWritten() time.Time { return winbin.Filetime(b.written) }
