package authenticode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/redx-update/redx/internal/format"
)

// Of a cabinet's header (MS-CAB 2.1), and of the area in it that a signature reserves: four bytes that are always the
// same, where the signature begins and how long it is, eight bytes for nothing.
const (
	cabHeader  = 36
	cabReserve = 20
	cabGrows   = 4 + cabReserve // the sizes of the reserved areas, and the one of the header

	cabFlags       = 30
	cabHasPrevious = 1
	cabHasNext     = 2
	cabHasReserve  = 4
)

// cabReserved is what stands in the header of a signed cabinet before the place of the signature: the sizes of the three
// kinds of reserved areas, and the mark.
var cabReserved = []byte{cabReserve, 0, 0, 0, 0, 0, 0x10, 0}

// cabinet is a cabinet with room for a signature.
type cabinet struct {
	r    io.ReaderAt
	head []byte // header with the reserved area; nil when it has none
	end  int64  // of the cabinet, where the signature begins
	size int64  // of the file
}

func openCabinet(r io.ReaderAt, size int64) (carrier, error) {
	head, err := format.ReadAt(r, 0, cabHeader, cabHeader, "header")
	if err != nil {
		return nil, err
	}
	c := &cabinet{r: r, end: int64(binary.LittleEndian.Uint32(head[8:])), size: size}
	flags := binary.LittleEndian.Uint16(head[cabFlags:])
	if flags&(cabHasPrevious|cabHasNext) != 0 || !zero(head[34:36]) {
		return nil, errors.New("one of a set of cabinets")
	}
	if c.end > size || c.end < cabHeader {
		return nil, fmt.Errorf("says that it has %d bytes, of %d", c.end, size)
	}
	if flags&cabHasReserve != 0 {
		c.head, err = format.ReadAt(r, 0, cabHeader+cabGrows, cabHeader+cabGrows, "header")
	}
	return c, err
}

func zero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// signature wants all that is not covered by the digest to be as the format fixes it, and nothing behind the signature.
func (c *cabinet) signature() ([]byte, error) {
	if c.head == nil {
		return nil, ErrUnsigned
	}
	area := c.head[cabHeader:]
	if !bytes.Equal(area[:8], cabReserved) {
		return nil, fmt.Errorf("its header has a reserved area that is not a signature's: %w", ErrUnsigned)
	}
	at, n := int64(binary.LittleEndian.Uint32(area[8:])), int64(binary.LittleEndian.Uint32(area[12:]))
	if at == 0 && n == 0 {
		return nil, ErrUnsigned
	}
	if !zero(c.head[4:8]) || !zero(area[16:]) {
		return nil, errors.New("its header has something where nothing may be")
	}
	if at != c.end || at+n != c.size {
		return nil, fmt.Errorf("its signature is said to be at %d to %d, the cabinet ends at %d, and the file at %d", at, at+n, c.end, c.size)
	}
	b, err := format.ReadAt(c.r, at, int(n), maxSignature, "signature")
	if err != nil {
		return nil, err
	}
	return trim(b)
}

// trim takes the zeros behind the DER away that fill it up to a multiple of eight.
func trim(b []byte) ([]byte, error) {
	n, err := derLength(b)
	if err != nil {
		return nil, err
	}
	if len(b)-n >= 8 || !zero(b[n:]) {
		return nil, fmt.Errorf("%d bytes behind the signature", len(b)-n)
	}
	return b[:n], nil
}

// digest covers all but the reserved word and the place of the signature.
func (c *cabinet) digest(h io.Writer) error {
	return cabDigest(h, c.head, c.r, int64(len(c.head)), c.end)
}

// cabDigest digests a header with a signature's area and what follows it.
func cabDigest(h io.Writer, head []byte, r io.ReaderAt, from, to int64) error {
	for _, part := range [][]byte{head[:4], head[8:34], head[56:]} {
		if _, err := h.Write(part); err != nil {
			return err
		}
	}
	return section(h, r, from, to)
}

func section(w io.Writer, r io.ReaderAt, from, to int64) error {
	n, err := io.Copy(w, io.NewSectionReader(r, from, to-from))
	if err == nil && n != to-from {
		err = &format.Error{Offset: from + n, What: "the file ends", Err: io.ErrUnexpectedEOF}
	}
	return err
}
