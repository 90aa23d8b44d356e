package hive

import (
	"math/bits"

	"github.com/redx-update/redx/internal/format"
)

// dirtVector is where the bits of an old log begin: behind its base block and the signature.
const dirtVector = sectorSize + 4

// scanOld verifies a log from before Windows 8.1: a bit for each sector of the hive, lowest bit first, and behind
// that, from the next sector on, the sectors whose bit is set.
func (s *scannedLog) scanOld() error {
	sig, err := s.read(sectorSize, 4, "signature")
	if err != nil {
		return err
	}
	if string(sig) != "DIRT" {
		return format.At(sectorSize, "log: %q instead of DIRT", sig)
	}
	if s.base.seq1 != s.base.seq2 {
		return format.At(4, "log: was not written completely (%d, %d)", s.base.seq1, s.base.seq2)
	}
	if s.base.binsSize == 0 || s.base.binsSize%pageSize != 0 {
		return format.At(40, "log: for a hive of %d bytes", s.base.binsSize)
	}
	e := entry{off: dirtVector, size: s.base.binsSize / pageSize, seq: s.base.seq1, binsSize: s.base.binsSize}
	vector, err := s.read(e.off, int(e.size), "bitmap")
	if err != nil {
		return err
	}
	for _, b := range vector {
		e.count += uint32(bits.OnesCount8(b))
	}
	if end := oldPages(e) + int64(e.count)*sectorSize; end > s.log.Size {
		return format.At(dirtVector, "log: %d sectors are announced, they would end at %d of %d bytes", e.count, end, s.log.Size)
	}
	s.entries = []entry{e}
	return nil
}

// oldPages is where the sectors of an old log begin.
func oldPages(e entry) int64 {
	return (e.off + int64(e.size) + sectorSize - 1) / sectorSize * sectorSize
}

func (h *Hive) applyOld(s *scannedLog, e entry) error {
	vector, err := s.read(e.off, int(e.size), "bitmap")
	if err != nil {
		return err
	}
	from := oldPages(e)
	for i := range int64(len(vector)) * 8 {
		if vector[i/8]&(1<<(i%8)) != 0 {
			h.img.put(binsStart+i*sectorSize, s.log.R, from, sectorSize)
			from += sectorSize
		}
	}
	h.take(e.binsSize)
	return nil
}
