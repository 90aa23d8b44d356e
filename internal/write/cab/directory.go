package cab

import (
	"encoding/binary"
	"time"
)

const (
	headerSize = 36
	folderSize = 8
	fileSize   = 16 // without its name

	archive    = 0x20
	nameIsUTF8 = 0x80
)

// directory is what stands in front of the data; its size is known before they are packed.
type directory struct {
	folders []folder
	names   int // bytes of all names with their NULs
	files   int
}

type folder struct {
	files  []File
	size   int64
	start  int64 // of its first block, once packed
	blocks int
}

// plan divides the files into folders.
func plan(files []File, o Options) *directory {
	limit := o.Folder
	if limit <= 0 || limit > maxFolder {
		limit = maxFolder
	}
	d := &directory{files: len(files)}
	for _, f := range files {
		d.names += len(f.Name) + 1
		last := len(d.folders) - 1
		if last < 0 || d.folders[last].size > 0 && d.folders[last].size+f.Size > limit {
			d.folders = append(d.folders, folder{})
			last++
		}
		d.folders[last].files = append(d.folders[last].files, f)
		d.folders[last].size += f.Size
	}
	return d
}

func (d *directory) size() int64 {
	return int64(headerSize + folderSize*len(d.folders) + fileSize*d.files + d.names)
}

// encode writes CFHEADER, every CFFOLDER and every CFFILE (MS-CAB 2.1 to 2.3).
func (d *directory) encode(total uint32, o Options) []byte {
	le := binary.LittleEndian
	b := make([]byte, headerSize, d.size())
	copy(b, "MSCF")
	le.PutUint32(b[8:], total)
	le.PutUint32(b[16:], uint32(headerSize+folderSize*len(d.folders)))
	b[24], b[25] = 3, 1
	le.PutUint16(b[26:], uint16(len(d.folders)))
	le.PutUint16(b[28:], uint16(d.files))
	le.PutUint16(b[32:], o.SetID)
	kind := uint16(o.Method)
	if o.Method == LZX {
		kind |= uint16(o.Window) << 8
	}
	for _, f := range d.folders {
		b = le.AppendUint32(b, uint32(f.start))
		b = le.AppendUint16(b, uint16(f.blocks))
		b = le.AppendUint16(b, kind)
	}
	for i, f := range d.folders {
		var off int64
		for _, file := range f.files {
			b = appendFile(b, file, uint16(i), uint32(off))
			off += file.Size
		}
	}
	return b
}

func appendFile(b []byte, f File, folder uint16, off uint32) []byte {
	le := binary.LittleEndian
	attributes := f.Attributes
	if attributes == 0 {
		attributes = archive
	}
	attributes &^= nameIsUTF8
	if !isASCII(f.Name) {
		attributes |= nameIsUTF8
	}
	date, clock := dosTime(f.Time)
	b = le.AppendUint32(b, uint32(f.Size))
	b = le.AppendUint32(b, off)
	b = le.AppendUint16(b, folder)
	b = le.AppendUint16(b, date)
	b = le.AppendUint16(b, clock)
	b = le.AppendUint16(b, attributes)
	return append(append(b, f.Name...), 0)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// dosTime gives 7 bits year since 1980, 4 month, 5 day; and 5 hour, 6 minute, 5 half seconds.
func dosTime(t time.Time) (date, clock uint16) {
	if t.IsZero() {
		t = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	date = uint16(t.Year()-1980)<<9 | uint16(t.Month())<<5 | uint16(t.Day())
	clock = uint16(t.Hour())<<11 | uint16(t.Minute())<<5 | uint16(t.Second()/2)
	return date, clock
}
