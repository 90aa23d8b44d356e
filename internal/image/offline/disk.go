package offline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/redx-update/redx/internal/image"
)

// partition is a part of a disk, in bytes.
type partition struct {
	start, size int64
	mark        []byte // what MountedDevices knows it by; nil for a bare volume
}

// What a volume's first sector says it is.
const (
	ntfsVolume = "NTFS"
	bitLocker  = "BitLocker"
	otherKind  = "another file system"
)

func bootSector(r io.ReaderAt, start int64) string {
	var b [11]byte
	if _, err := r.ReadAt(b[:], start); err != nil {
		return "nothing"
	}
	switch string(b[3:]) {
	case "NTFS    ":
		return ntfsVolume
	case "-FVE-FS-":
		return bitLocker
	}
	return otherKind
}

// containers are disk images that are not raw, by their first bytes.
var containers = []struct{ magic, name string }{
	{"vhdxfile", "a VHDX"},
	{"conectix", "a dynamic VHD"},
	{"QFI\xfb", "a QCOW2"},
	{"KDMV", "a VMDK"},
	{"MSWIM\x00\x00\x00", "a WIM"},
}

// partitions reads the partition table, MBR or GPT; a volume without one is one partition. Logical partitions within
// an extended one are not looked at: no Windows since 7 installs there by itself.
func partitions(r io.ReaderAt, size int64) ([]partition, error) {
	var mbr [512]byte
	if _, err := r.ReadAt(mbr[:], 0); err != nil {
		return nil, fmt.Errorf("%w: smaller than one sector", image.ErrNoWindows)
	}
	for _, c := range containers {
		if bytes.HasPrefix(mbr[:], []byte(c.magic)) {
			return nil, fmt.Errorf("%w: the file is %s, not a raw image; mount or convert it first", image.ErrNoWindows, c.name)
		}
	}
	if kind := bootSector(r, 0); kind != otherKind {
		return []partition{{size: size}}, nil
	}
	if mbr[510] != 0x55 || mbr[511] != 0xaa {
		return nil, fmt.Errorf("%w: neither an NTFS volume nor a disk with a partition table", image.ErrNoWindows)
	}
	var parts []partition
	for e := range slices.Chunk(mbr[446:510], 16) {
		start, sectors := int64(binary.LittleEndian.Uint32(e[8:])), int64(binary.LittleEndian.Uint32(e[12:]))
		switch {
		case e[4] == 0xee:
			return gpt(r, size)
		case e[4] != 0 && sectors > 0 && start*512 < size:
			mark := binary.LittleEndian.AppendUint64(bytes.Clone(mbr[440:444]), uint64(start*512))
			parts = append(parts, partition{start * 512, min(sectors*512, size-start*512), mark})
		}
	}
	return parts, nil
}

// gpt reads a GUID partition table (UEFI specification, 5.3) behind sectors of 512 or 4,096 bytes.
func gpt(r io.ReaderAt, size int64) ([]partition, error) {
	for _, sector := range []int64{512, 4096} {
		var head [92]byte
		if _, err := r.ReadAt(head[:], sector); err != nil || string(head[:8]) != "EFI PART" {
			continue
		}
		table := int64(binary.LittleEndian.Uint64(head[72:]))
		count, length := binary.LittleEndian.Uint32(head[80:]), int64(binary.LittleEndian.Uint32(head[84:]))
		if length < 128 || length > 4096 || table < 0 || table > size/sector {
			break
		}
		return gptEntries(r, size, sector, table*sector, length, min(int64(count), 256)), nil
	}
	return nil, fmt.Errorf("%w: the GUID partition table is damaged", image.ErrNoWindows)
}

func gptEntries(r io.ReaderAt, size, sector, table, length, count int64) (parts []partition) {
	for i := range count {
		var e [128]byte
		if _, err := r.ReadAt(e[:], table+i*length); err != nil {
			return parts
		}
		first, last := int64(binary.LittleEndian.Uint64(e[32:])), int64(binary.LittleEndian.Uint64(e[40:]))
		if first <= 0 || last < first || last >= 1<<50 || first*sector >= size {
			continue // unused, or not on this disk
		}
		mark := append([]byte("DMIO:ID:"), e[16:32]...)
		parts = append(parts, partition{first * sector, min((last-first+1)*sector, size-first*sector), mark})
	}
	return parts
}
