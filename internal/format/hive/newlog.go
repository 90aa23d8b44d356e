package hive

import (
	"encoding/binary"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/hive/marvin"
)

const (
	entryHeader = 40
	hashPiece   = 64 << 10
)

// scanNew walks the entries of a log of Windows 8.1 and later. It ends at the first one that is not sound or not
// the next in number: what stands behind it is older, or was never finished.
func (s *scannedLog) scanNew() error {
	for off := int64(sectorSize); off+entryHeader <= s.log.Size; {
		e, found, err := s.readEntry(off)
		if err != nil || !found {
			return err
		}
		if n := len(s.entries); n > 0 && e.seq != s.entries[n-1].seq+1 {
			return nil // left over from an earlier use of the log
		}
		s.entries = append(s.entries, e)
		off += int64(e.size)
	}
	return nil
}

// readEntry reads and verifies the entry at an offset of the log; found is false where none begins.
func (s *scannedLog) readEntry(off int64) (e entry, found bool, err error) {
	b, err := s.read(off, entryHeader, "entry")
	if err != nil || string(b[:4]) != "HvLE" {
		return entry{}, false, err
	}
	le := binary.LittleEndian
	e = entry{
		off: off, size: le.Uint32(b[4:]), seq: le.Uint32(b[12:]), binsSize: le.Uint32(b[16:]), count: le.Uint32(b[20:]),
	}
	switch {
	case e.size < sectorSize || e.size%sectorSize != 0 || int64(e.size) > s.log.Size-off:
		return entry{}, false, format.At(off, "log: an entry of %d bytes, %d are left", e.size, s.log.Size-off)
	case e.binsSize == 0 || e.binsSize%pageSize != 0:
		return entry{}, false, format.At(off, "log: entry for a hive of %d bytes", e.binsSize)
	case e.count > (e.size-entryHeader)/8:
		return entry{}, false, format.At(off, "log: an entry of %d bytes with %d pages", e.size, e.count)
	}
	body, err := s.hash(off+entryHeader, int64(e.size-entryHeader))
	if err != nil {
		return entry{}, false, err
	}
	if le.Uint64(b[24:]) != body || le.Uint64(b[32:]) != marvin.Sum(b[:32]) {
		return entry{}, false, format.At(off, "log: the hash of entry %d is wrong", e.seq)
	}
	return e, true, s.checkPages(e)
}

func (s *scannedLog) hash(off, length int64) (uint64, error) {
	m := marvin.New()
	for length > 0 {
		b, err := s.read(off, int(min(length, hashPiece)), "entry")
		if err != nil {
			return 0, err
		}
		m.Add(b)
		off, length = off+int64(len(b)), length-int64(len(b))
	}
	return m.Sum(), nil
}

// checkPages makes sure that an entry can be applied as a whole.
func (s *scannedLog) checkPages(e entry) error {
	return s.pages(e, func(int64, int64, uint32) {})
}

// pages calls do for each page of an entry: where it goes in the hive, where it stands in the log, and its length.
func (s *scannedLog) pages(e entry, do func(to, from int64, length uint32)) error {
	refs, err := s.read(e.off+entryHeader, int(e.count)*8, "page references")
	if err != nil {
		return err
	}
	from, end := e.off+entryHeader+int64(len(refs)), e.off+int64(e.size)
	for i := 0; i < len(refs); i += 8 {
		to, length := binary.LittleEndian.Uint32(refs[i:]), binary.LittleEndian.Uint32(refs[i+4:])
		if to%sectorSize != 0 || length == 0 || length%sectorSize != 0 || from+int64(length) > end ||
			int64(to)+int64(length) > int64(e.binsSize) {
			return format.At(e.off, "log: entry %d has %d bytes for 0x%x in a hive of %d", e.seq, length, to, e.binsSize)
		}
		do(binsStart+int64(to), from, length)
		from += int64(length)
	}
	return nil
}

func (h *Hive) applyNew(s *scannedLog, e entry) error {
	err := s.pages(e, func(to, from int64, length uint32) { h.img.put(to, s.log.R, from, length) })
	if err == nil {
		h.take(e.binsSize)
	}
	return err
}
