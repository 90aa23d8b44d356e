// Package ntfsstate reads of a raw NTFS volume the one thing that matters before somebody writes to it: whether it was
// closed properly. It reads no files; package image/offline does.
//
// Invariant: whatever the bytes are, it reads two sectors' worth of them at places that it has bounded, and what it does
// not understand is an error, never "closed properly".
package ntfsstate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Errors that callers branch on.
var (
	// ErrNotNTFS says that it is another file system, or none.
	ErrNotNTFS = errors.New("not an NTFS volume")
	// ErrDamaged says that the record of the volume's state cannot be read.
	ErrDamaged = errors.New("the record of the volume's state is damaged")
)

// Numbers of NTFS.
const (
	volumeRecord     = 3    // $Volume, in the master file table
	attributeVolume  = 0x70 // $VOLUME_INFORMATION
	attributeEnd     = 0xffffffff
	flagDirty        = 0x0001
	flagsAt          = 10 // in the attribute's value
	sector           = 512
	maxRecord        = 64 << 10
	maxAttributes    = 64
	maxClusterShift  = 21 // 2 MB
	firstAttributeAt = 20
)

// Dirty reports that the volume, which begins at the reader's begin, was not closed properly, so that it is to be checked
// before anything is written to it.
func Dirty(r io.ReaderAt) (bool, error) {
	at, size, err := recordPlace(r)
	if err != nil {
		return false, err
	}
	record := make([]byte, size)
	if _, err := r.ReadAt(record, at); err != nil {
		return false, fmt.Errorf("%w, at byte %d: %w", ErrDamaged, at, err)
	}
	if err := repairSectors(record); err != nil {
		return false, fmt.Errorf("%w, at byte %d: %w", ErrDamaged, at, err)
	}
	flags, err := volumeFlags(record)
	if err != nil {
		return false, fmt.Errorf("%w, at byte %d: %w", ErrDamaged, at, err)
	}
	return flags&flagDirty != 0, nil
}

// recordPlace gives where the record of $Volume is. The first records of the table always stand at its begin.
func recordPlace(r io.ReaderAt) (at int64, size int, err error) {
	var b [sector]byte
	if _, err := r.ReadAt(b[:], 0); err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrNotNTFS, err)
	}
	if string(b[3:11]) != "NTFS    " {
		return 0, 0, ErrNotNTFS
	}
	cluster, ok := clusterSize(binary.LittleEndian.Uint16(b[11:]), b[13])
	if !ok {
		return 0, 0, fmt.Errorf("%w: clusters of %d × %d", ErrDamaged, b[13], binary.LittleEndian.Uint16(b[11:]))
	}
	size = int(int8(b[64])) * int(cluster)
	if n := -int(int8(b[64])); n > 0 { // a power of two
		size = 1 << min(n, 31)
	}
	table := binary.LittleEndian.Uint64(b[48:])
	if size < sector || size > maxRecord || size%sector != 0 || table == 0 || table > uint64(1<<62)/uint64(cluster) {
		return 0, 0, fmt.Errorf("%w: records of %d bytes, table at cluster %d", ErrDamaged, size, table)
	}
	return int64(table)*cluster + volumeRecord*int64(size), size, nil
}

// clusterSize reads how large a cluster is: sectors, and from 0x80 on the negative of a power of two.
func clusterSize(bytes uint16, sectors byte) (int64, bool) {
	if bytes < 256 || bytes > 4096 || bytes&(bytes-1) != 0 || sectors == 0 {
		return 0, false
	}
	n := int64(sectors)
	if sectors > 0x80 {
		shift := -int(int8(sectors))
		if shift > maxClusterShift {
			return 0, false
		}
		n = 1 << shift
	}
	size := n * int64(bytes)
	return size, n&(n-1) == 0 && size <= 1<<maxClusterShift
}

// repairSectors puts back what stands at the end of each sector of a record: while it is on the disk a number stands
// there, by which a record that was written in part is told.
func repairSectors(record []byte) error {
	if string(record[:4]) != "FILE" {
		return fmt.Errorf("it begins with %q", record[:4])
	}
	at, n := int(binary.LittleEndian.Uint16(record[4:])), int(binary.LittleEndian.Uint16(record[6:]))
	if n != len(record)/sector+1 || at+2*n > sector-2 {
		return fmt.Errorf("%d numbers at byte %d", n, at)
	}
	for i := 1; i < n; i++ {
		end := record[i*sector-2 : i*sector]
		if end[0] != record[at] || end[1] != record[at+1] {
			return fmt.Errorf("sector %d was not written whole", i)
		}
		copy(end, record[at+2*i:at+2*i+2])
	}
	return nil
}

// volumeFlags finds the flags among the attributes of the record.
func volumeFlags(record []byte) (uint16, error) {
	at := int(binary.LittleEndian.Uint16(record[firstAttributeAt:]))
	for range maxAttributes {
		if at+24 > len(record) {
			break
		}
		a := record[at:]
		kind, size := binary.LittleEndian.Uint32(a), int(binary.LittleEndian.Uint32(a[4:]))
		if kind == attributeEnd || size < 24 || size > len(a) {
			break
		}
		if kind != attributeVolume {
			at += size
			continue
		}
		n, from := binary.LittleEndian.Uint32(a[16:]), int(binary.LittleEndian.Uint16(a[20:]))
		if a[8] != 0 || n < flagsAt+2 || from+flagsAt+2 > size {
			break
		}
		return binary.LittleEndian.Uint16(a[from+flagsAt:]), nil
	}
	return 0, errors.New("it has no information on the volume")
}
