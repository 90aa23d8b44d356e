package ese

import (
	"fmt"
	"slices"
)

// Type is an ESE column type; the Go types of a value stand beside it.
type Type uint32

// The types, with their numbers in the catalog.
const (
	Bool       Type = 1  // bool
	Byte       Type = 2  // int
	Short      Type = 3  // int
	Long       Type = 4  // int
	Currency   Type = 5  // int or int64
	Single     Type = 6  // float64
	Double     Type = 7  // float64
	DateTime   Type = 8  // time.Time, stored as an OLE date
	Binary     Type = 9  // []byte, at most 255
	Text       Type = 10 // string, at most 255 bytes
	LongBinary Type = 11 // []byte
	LongText   Type = 12 // string
	ULong      Type = 14 // int
	LongLong   Type = 15 // int or int64
	GUID       Type = 16 // guid.GUID
	UShort     Type = 17 // int
)

// Compression is how a long value is stored when that makes it shorter.
type Compression uint8

// The ways of storing.
const (
	Plain    Compression = iota
	SevenBit             // 7 bits of each byte, or of each UTF-16 unit in Unicode text; other values stay plain
	XPRESS               // LZ77
)

// Column defines a column. ID 1 to 127 is a fixed column, 128 to 255 a variable one, from 256 on a tagged one; 0
// takes the next free id of the kind that fits the type.
type Column struct {
	ID       uint16
	Name     string
	Type     Type
	Size     int  // bytes of a fixed Binary or Text
	ASCII    bool // text in code page 1252 instead of UTF-16
	Default  any
	Compress Compression // LongText and LongBinary only
	Separate bool        // keep every value in the tree of long values
}

type column struct {
	Column
	offset int // of a fixed column in the record
	size   int // of a fixed column
}

func (c *Column) fixed() bool    { return c.ID < 128 }
func (c *Column) variable() bool { return c.ID >= 128 && c.ID < 256 }
func (c *Column) tagged() bool   { return c.ID >= 256 }
func (c *Column) long() bool     { return c.Type == LongBinary || c.Type == LongText }
func (c *Column) text() bool     { return c.Type == Text || c.Type == LongText }

func (t Type) size() int {
	switch t {
	case Bool, Byte:
		return 1
	case Short, UShort:
		return 2
	case Long, ULong, Single:
		return 4
	case Currency, Double, DateTime, LongLong:
		return 8
	case GUID:
		return 16
	}
	return 0
}

// layout gives ids and offsets, sorts by id, and refuses what no record could hold.
func layout(in []Column) ([]column, error) {
	next := [3]uint16{1, 128, 256}
	out := make([]column, 0, len(in))
	for _, c := range in {
		if c.ID == 0 {
			k := c.kind()
			c.ID = next[k]
		}
		for k, limit := range []uint16{128, 256, 0xffff} {
			if c.ID < limit {
				next[k] = max(next[k], c.ID+1)
				break
			}
		}
		out = append(out, column{Column: c, size: max(c.Type.size(), c.Size)})
	}
	slices.SortFunc(out, func(a, b column) int { return int(a.ID) - int(b.ID) })
	return out, check(out)
}

func (c *Column) kind() int {
	switch {
	case c.Type.size() > 0:
		return 0
	case c.long():
		return 2
	}
	return 1
}

func check(cols []column) error {
	offset := recordHeader
	for i := range cols {
		c := &cols[i]
		if i > 0 && cols[i-1].ID == c.ID {
			return fmt.Errorf("columns %s and %s share id %d", cols[i-1].Name, c.Name, c.ID)
		}
		gap := c.ID != 256 && !c.tagged() && c.ID != 1 && c.ID != 128 && (i == 0 || cols[i-1].ID+1 != c.ID)
		switch {
		case gap:
			return fmt.Errorf("column %s: no column has id %d; fixed and variable ids must follow each other", c.Name, c.ID-1)
		case c.fixed() && c.size == 0, c.long() && !c.tagged():
			return fmt.Errorf("column %s: type %d does not go with id %d", c.Name, c.Type, c.ID)
		}
		if c.fixed() {
			c.offset = offset
			offset += c.size
		}
	}
	return nil
}
