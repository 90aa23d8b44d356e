package hive

import (
	"bytes"
	"encoding/binary"

	"github.com/redx-update/redx/internal/format/hive/marvin"
)

// Types of file in the base block.
const (
	typeOldLog = 1
	typeNewLog = 6
)

// MarkDirty gives a copy of a hive as a crash leaves it: a write with the next sequence number has begun and was
// not finished.
func MarkDirty(hive []byte) []byte {
	b := bytes.Clone(hive)
	binary.LittleEndian.PutUint32(b[4:], binary.LittleEndian.Uint32(b[8:])+1)
	putChecksum(b)
	return b
}

// NewLog gives a log of Windows 8.1 and later. states are the hive before the log and after each of its entries;
// the first entry has the sequence number seq. A log that continues another one begins with the last state of that.
func NewLog(seq uint32, states ...[]byte) []byte {
	log := logBase(states[0], typeNewLog, seq)
	for i := 1; i < len(states); i++ {
		log = append(log, newEntry(seq+uint32(i)-1, states[i-1], states[i])...)
	}
	return log
}

func newEntry(seq uint32, before, after []byte) []byte {
	var refs, pages []byte
	for _, at := range changed(before, after, pageSize) {
		refs = appendWords(refs, []uint32{uint32(at), pageSize})
		pages = append(pages, after[pageSize+at:pageSize+at+pageSize]...)
	}
	e := make([]byte, 40, 40+len(refs)+len(pages)+sectorSize)
	le := binary.LittleEndian
	copy(e, "HvLE")
	le.PutUint32(e[12:], seq)
	le.PutUint32(e[16:], uint32(len(after)-pageSize))
	le.PutUint32(e[20:], uint32(len(refs)/8))
	e = pad(append(append(e, refs...), pages...))
	le.PutUint32(e[4:], uint32(len(e)))
	le.PutUint64(e[24:], marvin.Sum(e[40:]))
	le.PutUint64(e[32:], marvin.Sum(e[:32]))
	return e
}

// OldLog gives a log from before Windows 8.1, which turns the state before into the state after. Its number is the
// one that MarkDirty announces in the state before.
func OldLog(before, after []byte) []byte {
	vector := make([]byte, (len(after)-pageSize)/pageSize) // a bit for each sector
	var sectors []byte
	for _, at := range changed(before, after, sectorSize) {
		vector[at/sectorSize/8] |= 1 << (at / sectorSize % 8)
		sectors = append(sectors, after[pageSize+at:pageSize+at+sectorSize]...)
	}
	log := logBase(after, typeOldLog, binary.LittleEndian.Uint32(before[8:])+1)
	log = pad(append(append(log, "DIRT"...), vector...))
	return append(log, sectors...)
}

// logBase is the base block of a hive with a log's type and number.
func logBase(hive []byte, kind, seq uint32) []byte {
	b := bytes.Clone(hive[:sectorSize])
	for at, v := range map[int]uint32{4: seq, 8: seq, 28: kind} {
		binary.LittleEndian.PutUint32(b[at:], v)
	}
	putChecksum(b)
	return b
}

// changed gives the offsets in the bins of the units that differ.
func changed(before, after []byte, unit int) []int {
	var list []int
	for at := pageSize; at < len(after); at += unit {
		if at+unit > len(before) || !bytes.Equal(before[at:at+unit], after[at:at+unit]) {
			list = append(list, at-pageSize)
		}
	}
	return list
}

// pad fills up to a whole sector.
func pad(b []byte) []byte {
	return append(b, make([]byte, (sectorSize-len(b)%sectorSize)%sectorSize)...)
}
