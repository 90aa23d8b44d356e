package cab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/redx-update/redx/internal/format"
)

// Flags of the header, and the folder numbers that stand for "in another cabinet" (MS-CAB 2.1, 2.3).
const (
	hasPrevious = 1
	hasNext     = 2
	hasReserve  = 4

	continuedFromPrev = 0xfffd
	continuedToNext   = 0xfffe
	continuedBoth     = 0xffff

	nameIsUTF8 = 0x80

	maxName = 1024 // bytes; MS-CAB allows 255
)

var signature = []byte("MSCF")

// scanner reads the directory forward and knows where it stands.
type scanner struct {
	r   *bufio.Reader
	off int64
}

func (c *Cabinet) scan(off int64) *scanner {
	return &scanner{r: bufio.NewReader(io.NewSectionReader(c.r, off, max(0, c.size-off))), off: off}
}

func (s *scanner) take(b []byte, what string) error {
	n, err := io.ReadFull(s.r, b)
	if err != nil {
		return &format.Error{Offset: s.off, What: fmt.Sprintf("%s: %d of %d bytes", what, n, len(b)), Err: format.Cut(err)}
	}
	s.off += int64(n)
	return nil
}

// text reads up to a NUL.
func (s *scanner) text(what string) ([]byte, error) {
	var b []byte
	for {
		v, err := s.r.ReadByte()
		if err != nil {
			return nil, &format.Error{Offset: s.off, What: what, Err: format.Cut(err)}
		}
		s.off++
		if v == 0 {
			return b, nil
		}
		if b = append(b, v); len(b) > maxName {
			return nil, format.At(s.off, "%s: longer than %d bytes", what, maxName)
		}
	}
}

func (c *Cabinet) readHeader() error {
	s := c.scan(0)
	var h [36]byte
	if err := s.take(h[:], "header"); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	} else if err != nil || !bytes.HasPrefix(h[:], signature) {
		return fmt.Errorf("no cabinet signature: %w", format.ErrNotThis)
	}
	if h[25] != 1 {
		return format.At(24, "cabinet format %d.%d is unknown", h[25], h[24])
	}
	folders, files := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
	flags := binary.LittleEndian.Uint16(h[30:])
	c.SetID, c.Index = binary.LittleEndian.Uint16(h[32:]), binary.LittleEndian.Uint16(h[34:])
	if err := c.readReserve(s, flags); err != nil {
		return err
	}
	if err := c.readNeighbours(s, flags); err != nil {
		return err
	}
	if err := c.readFolders(s, folders); err != nil {
		return err
	}
	return c.readFiles(c.scan(int64(binary.LittleEndian.Uint32(h[16:]))), files)
}

func (c *Cabinet) readReserve(s *scanner, flags uint16) error {
	if flags&hasReserve == 0 {
		return nil
	}
	var b [4]byte
	if err := s.take(b[:], "sizes of the reserved areas"); err != nil {
		return err
	}
	c.folderReserve, c.blockReserve = int(b[2]), int(b[3])
	return s.take(make([]byte, binary.LittleEndian.Uint16(b[:])), "reserved area of the header")
}

func (c *Cabinet) readNeighbours(s *scanner, flags uint16) error {
	for _, n := range []struct {
		flag uint16
		name *string
	}{{hasPrevious, &c.Previous}, {hasNext, &c.Next}} {
		if flags&n.flag == 0 {
			continue
		}
		name, err := s.text("name of a neighbour cabinet")
		if err != nil {
			return err
		}
		if _, err := s.text("name of a neighbour disk"); err != nil {
			return err
		}
		*n.name = decodeName(name, 0)
	}
	return nil
}

func (c *Cabinet) readFolders(s *scanner, n int) error {
	b := make([]byte, 8+c.folderReserve)
	for i := range n {
		if err := s.take(b, fmt.Sprintf("folder %d", i)); err != nil {
			return err
		}
		kind := binary.LittleEndian.Uint16(b[6:])
		f := Folder{
			Method: Method(kind & 15), Blocks: int(binary.LittleEndian.Uint16(b[4:])),
			start: int64(binary.LittleEndian.Uint32(b)), limit: c.size,
		}
		if f.Method == LZX || f.Method == Quantum {
			f.Window = int(kind >> 8 & 31)
		}
		c.folders = append(c.folders, f)
	}
	c.limitFolders()
	return nil
}

func (c *Cabinet) readFiles(s *scanner, n int) error {
	for i := range n {
		at := s.off
		var b [16]byte
		if err := s.take(b[:], fmt.Sprintf("file %d", i)); err != nil {
			return err
		}
		name, err := s.text(fmt.Sprintf("name of file %d", i))
		if err != nil {
			return err
		}
		f := File{
			Size: int64(binary.LittleEndian.Uint32(b[0:])), Offset: int64(binary.LittleEndian.Uint32(b[4:])),
			Time:       dosTime(binary.LittleEndian.Uint16(b[10:]), binary.LittleEndian.Uint16(b[12:])),
			Attributes: binary.LittleEndian.Uint16(b[14:]),
		}
		f.Name = decodeName(name, f.Attributes)
		if err := c.place(&f, int(binary.LittleEndian.Uint16(b[8:])), at); err != nil {
			return err
		}
		c.files = append(c.files, f)
	}
	return nil
}

// place puts a file into its folder: the first one if it comes from the previous cabinet, the last if it goes on in
// the next.
func (c *Cabinet) place(f *File, folder int, at int64) error {
	f.FromPrev = folder == continuedFromPrev || folder == continuedBoth
	f.ToNext = folder == continuedToNext || folder == continuedBoth
	switch {
	case f.FromPrev:
		folder = 0
	case f.ToNext:
		folder = len(c.folders) - 1
	}
	if folder < 0 || folder >= len(c.folders) {
		return format.At(at, "%s: folder %d of %d", f.Name, folder, len(c.folders))
	}
	f.Folder = folder
	c.folders[folder].fromPrev = c.folders[folder].fromPrev || f.FromPrev
	c.folders[folder].toNext = c.folders[folder].toNext || f.ToNext
	return nil
}

// decodeName reads UTF-8 when the attributes say so, else Windows-1252, the code page most cabinets were made under.
func decodeName(b []byte, attributes uint16) string {
	if attributes&nameIsUTF8 != 0 && utf8.Valid(b) {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for _, v := range b {
		out = utf8.AppendRune(out, charmap.Windows1252.DecodeByte(v))
	}
	return string(out)
}

// dosTime reads date (7 bits year since 1980, 4 month, 5 day) and time (5 hour, 6 minute, 5 half seconds).
func dosTime(date, clock uint16) time.Time {
	month, day := time.Month(date>>5&15), int(date&31)
	hour, minute, second := int(clock>>11), int(clock>>5&63), int(clock&31)*2
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}
	}
	return time.Date(1980+int(date>>9), month, day, hour, minute, second, 0, time.UTC)
}
