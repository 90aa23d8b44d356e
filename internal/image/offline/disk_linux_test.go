package offline_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
)

const startOfVolume = 1 << 20

// mbr and gpt put partitions of the given starts and lengths (in sectors of 512 bytes) in front of a disk.
func mbr(disk []byte, parts ...[2]uint32) {
	copy(disk[440:], "\x01\x02\x03\x04")
	for i, p := range parts {
		e := disk[446+16*i:]
		e[4] = 7
		binary.LittleEndian.PutUint32(e[8:], p[0])
		binary.LittleEndian.PutUint32(e[12:], p[1])
	}
	disk[510], disk[511] = 0x55, 0xaa
}

func gpt(disk []byte, parts ...[2]uint32) {
	mbr(disk, [2]uint32{1, 0xffffffff})
	disk[446+4] = 0xee
	head := disk[512:]
	copy(head, "EFI PART")
	binary.LittleEndian.PutUint64(head[72:], 2)
	binary.LittleEndian.PutUint32(head[80:], 128)
	binary.LittleEndian.PutUint32(head[84:], 128)
	for i, p := range parts {
		e := disk[1024+128*i:]
		copy(e, strings.Repeat("\x11", 32))
		binary.LittleEndian.PutUint64(e[32:], uint64(p[0]))
		binary.LittleEndian.PutUint64(e[40:], uint64(p[0]+p[1]-1))
	}
}

func TestDisks(t *testing.T) {
	volume, err := os.ReadFile(imagetest.NTFS(t, 8<<20, func(dir string) { imagetest.WriteTree(t, dir, imagetest.Files()) }))
	if err != nil {
		t.Fatal(err)
	}
	sectors := uint32(len(volume) / 512)
	for name, table := range map[string]func([]byte, ...[2]uint32){"mbr": mbr, "gpt": gpt} {
		t.Run(name, func(t *testing.T) {
			disk := append(make([]byte, startOfVolume), volume...)
			table(disk, [2]uint32{100, 100}, [2]uint32{startOfVolume / 512, sectors}, [2]uint32{1 << 31, 100})
			path := filepath.Join(t.TempDir(), "disk.img")
			if err := os.WriteFile(path, disk, 0o644); err != nil {
				t.Fatal(err)
			}
			imagetest.Run(t, func(t *testing.T) image.Image { return open(t, path) })

			copy(disk[startOfVolume+3:], "-FVE-FS-")
			if err := os.WriteFile(path, disk, 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := offline.Open(path); !errors.Is(err, image.ErrBitLocker) {
				t.Errorf("encrypted: got %v, want image.ErrBitLocker", err)
			}

			copy(disk[startOfVolume+3:], "MSDOS5.0")
			if err := os.WriteFile(path, disk[:startOfVolume+1<<20], 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := offline.Open(path); !errors.Is(err, image.ErrNoWindows) {
				t.Errorf("no NTFS: got %v, want image.ErrNoWindows", err)
			}
		})
	}
}
