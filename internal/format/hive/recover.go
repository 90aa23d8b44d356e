package hive

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/redx-update/redx/internal/format"
)

// scannedLog is a log of which we know what in it is sound.
type scannedLog struct {
	log     Log
	info    LogInfo
	base    baseBlock
	entries []entry
}

// entry is a sound entry of a log: pages that belong together.
type entry struct {
	off      int64 // in the log
	size     uint32
	seq      uint32
	binsSize uint32 // of the hive, after the entry
	count    uint32 // of pages
}

// Why a log is not used, beside damage in it.
var (
	errEmptyLog  = errors.New("the log is empty")
	errStaleLog  = errors.New("all that the log has is in the hive already")
	errGap       = errors.New("the log does not continue where the other one ends")
	errOtherHive = errors.New("the log belongs to another state of the hive")
)

// scan finds the log's kind and its sound entries. Nothing is applied yet.
func (s *scannedLog) scan() {
	if s.info.Err = s.scanBase(); s.info.Err != nil {
		return
	}
	switch s.base.kind {
	case typeNewLog:
		s.info.Format = NewLog
		s.info.Err = s.scanNew()
	case typeOldLog1, typeOldLog2:
		s.info.Format = OldLog
		s.info.Err = s.scanOld()
	default:
		s.info.Err = format.At(28, "base block of type %d, which is no log", s.base.kind)
	}
	if n := len(s.entries); n > 0 {
		s.info.Entries, s.info.First, s.info.Last = n, s.entries[0].seq, s.entries[n-1].seq
	}
}

func (s *scannedLog) scanBase() error {
	if s.log.Size == 0 {
		return errEmptyLog
	}
	var err error
	if s.base, err = readBase(s.log.R, s.log.Size); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	if s.base.badChecksum {
		return format.At(508, "the checksum of the log's base block is wrong")
	}
	return nil
}

// recover applies the logs. New logs go before old ones; a hive has logs of one kind only.
func (h *Hive) recover(logs []*scannedLog) {
	var fresh, old []*scannedLog
	for _, l := range logs {
		switch {
		case len(l.entries) == 0:
		case l.info.Format == NewLog:
			fresh = append(fresh, l)
		default:
			old = append(old, l)
		}
	}
	if len(fresh) > 0 {
		h.recoverNew(fresh)
		return
	}
	h.recoverOld(old)
}

// recoverNew applies entries in the order of their numbers, over all logs. Windows fills one log while it brings
// what stands in the other into the hive, so the second continues the first. If it does not, then the first is a
// leftover, and the second alone is applied.
func (h *Hive) recoverNew(logs []*scannedLog) {
	slices.SortStableFunc(logs, func(a, b *scannedLog) int { return cmp.Compare(a.info.First, b.info.First) })
	from := 0
	for i := 1; i < len(logs); i++ {
		if logs[i].info.First != logs[i-1].info.Last+1 {
			for _, l := range logs[from:i] {
				l.info.Err = errors.Join(l.info.Err, errGap)
			}
			from = i
		}
	}
	trusted := !h.base.badChecksum // before an entry replaces it
	for _, l := range logs[from:] {
		for _, e := range l.entries {
			if trusted && e.seq < h.base.seq2 {
				continue
			}
			if err := h.applyNew(l, e); err != nil {
				l.info.Err = err
				return
			}
			l.info.Applied++
		}
		if l.info.Applied == 0 {
			l.info.Err = errors.Join(l.info.Err, errStaleLog)
		}
	}
}

// recoverOld applies the newest log that fits. An old log stands for one write of the hive: it has the number that
// the hive's base block announces, or at least its time.
func (h *Hive) recoverOld(logs []*scannedLog) {
	slices.SortStableFunc(logs, func(a, b *scannedLog) int { return cmp.Compare(b.base.seq1, a.base.seq1) })
	used, trusted := false, !h.base.badChecksum
	for _, l := range logs {
		fits := !trusted || l.base.seq1 == h.base.seq1 || l.base.written == h.base.written
		switch {
		case used || trusted && l.base.seq1 < h.base.seq2:
			l.info.Err = errStaleLog
		case !fits:
			l.info.Err = errOtherHive
		default:
			if l.info.Err = h.applyOld(l, l.entries[0]); l.info.Err == nil {
				l.info.Applied, used = 1, true
			}
		}
	}
}

// take makes the size after an entry that of the image.
func (h *Hive) take(binsSize uint32) {
	h.base.binsSize, h.base.badChecksum = binsSize, false
	h.img.setSize(h.base)
}

// readLog reads a piece of a log.
func (s *scannedLog) read(off int64, n int, what string) ([]byte, error) {
	if off+int64(n) > s.log.Size {
		return nil, &format.Error{Offset: off, What: "log: " + what, Err: io.ErrUnexpectedEOF}
	}
	return format.ReadAt(s.log.R, off, n, 64<<20, "log: "+what)
}
