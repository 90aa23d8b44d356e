package ntfsstate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// volume builds a boot sector and, behind a cluster, a table of four records of which the last is $Volume.
func volume(flags uint16) []byte {
	b := make([]byte, 4096+4*1024)
	copy(b[3:], "NTFS    ")
	binary.LittleEndian.PutUint16(b[11:], 512)
	b[13] = 8
	binary.LittleEndian.PutUint64(b[48:], 1)
	b[64] = 0xf6 // 2^10 bytes
	r := b[4096+3*1024:]
	copy(r, "FILE")
	binary.LittleEndian.PutUint16(r[4:], 48)
	binary.LittleEndian.PutUint16(r[6:], 3)
	binary.LittleEndian.PutUint16(r[20:], 56)
	name, info := r[56:], r[56+32:]
	binary.LittleEndian.PutUint32(name, 0x60)
	binary.LittleEndian.PutUint32(name[4:], 32)
	binary.LittleEndian.PutUint32(info, 0x70)
	binary.LittleEndian.PutUint32(info[4:], 40)
	binary.LittleEndian.PutUint32(info[16:], 12)
	binary.LittleEndian.PutUint16(info[20:], 24)
	info[24+8], info[24+9] = 3, 1
	binary.LittleEndian.PutUint16(info[24+10:], flags)
	binary.LittleEndian.PutUint32(info[40:], 0xffffffff)
	binary.LittleEndian.PutUint16(r[48:], 7) // the number at the end of each sector, and what belongs there
	for i, end := range []int{510, 1022} {
		copy(r[50+2*i:], r[end:end+2])
		binary.LittleEndian.PutUint16(r[end:], 7)
	}
	return b
}

func TestDirty(t *testing.T) {
	for flags, want := range map[uint16]bool{0: false, 1: true, 0x8000: false, 0x8001: true, 0x4004: false} {
		if got, err := Dirty(bytes.NewReader(volume(flags))); err != nil || got != want {
			t.Errorf("flags %#x: %v, %v", flags, got, err)
		}
	}
}

// TestNothingIsTakenForClean changes a volume in every byte that decides, and wants an error rather than "clean".
func TestNothingIsTakenForClean(t *testing.T) {
	const record = 4096 + 3*1024
	for name, tt := range map[string]struct {
		change func([]byte) []byte
		want   error
	}{
		"another file system":       {func(b []byte) []byte { copy(b[3:], "-FVE-FS-"); return b }, ErrNotNTFS},
		"less than a sector":        {func(b []byte) []byte { return b[:100] }, ErrNotNTFS},
		"cut off":                   {func(b []byte) []byte { return b[:record+600] }, ErrDamaged},
		"no clusters":               {func(b []byte) []byte { b[13] = 0; return b }, ErrDamaged},
		"huge clusters":             {func(b []byte) []byte { b[13] = 0x81; return b }, ErrDamaged},
		"odd sectors":               {func(b []byte) []byte { b[11] = 3; return b }, ErrDamaged},
		"tiny records":              {func(b []byte) []byte { b[64] = 0xff; return b }, ErrDamaged},
		"huge records":              {func(b []byte) []byte { b[64] = 0x80; return b }, ErrDamaged},
		"the table far away":        {func(b []byte) []byte { b[55] = 0x7f; return b }, ErrDamaged},
		"the table at the begin":    {func(b []byte) []byte { b[48] = 0; return b }, ErrDamaged},
		"no record":                 {func(b []byte) []byte { copy(b[record:], "BAAD"); return b }, ErrDamaged},
		"half written":              {func(b []byte) []byte { b[record+1022]++; return b }, ErrDamaged},
		"numbers elsewhere":         {func(b []byte) []byte { b[record+5] = 2; return b }, ErrDamaged},
		"another count of numbers":  {func(b []byte) []byte { b[record+6] = 9; return b }, ErrDamaged},
		"no attributes":             {func(b []byte) []byte { b[record+21] = 0xff; return b }, ErrDamaged},
		"an attribute of no size":   {func(b []byte) []byte { b[record+56+4] = 0; return b }, ErrDamaged},
		"one without information":   {func(b []byte) []byte { b[record+56+32] = 0x80; return b }, ErrDamaged},
		"information that is short": {func(b []byte) []byte { b[record+56+32+16] = 4; return b }, ErrDamaged},
		"information elsewhere":     {func(b []byte) []byte { b[record+56+32+8] = 1; return b }, ErrDamaged},
	} {
		if got, err := Dirty(bytes.NewReader(tt.change(volume(0)))); !errors.Is(err, tt.want) || got {
			t.Errorf("%s: %v, %v, want %v", name, got, err, tt.want)
		}
	}
}

// metered counts what is read.
type metered struct {
	*bytes.Reader
	read int
}

func (m *metered) ReadAt(b []byte, off int64) (int, error) {
	m.read += len(b)
	return m.Reader.ReadAt(b, off)
}

func FuzzDirty(f *testing.F) {
	f.Add(volume(0))
	f.Add(volume(1))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &metered{Reader: bytes.NewReader(b)}
		if dirty, err := Dirty(m); dirty && err != nil || m.read > sector+maxRecord {
			t.Errorf("%v with %v, read %d bytes", dirty, err, m.read)
		}
	})
}
