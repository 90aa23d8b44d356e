package ese

import (
	"encoding/binary"
	"math"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
)

// The accessors below give the first value of a column and true. They give false for a null, for a column that the
// table has not, for a type that does not fit, and for a value that cannot be read; Values tells these apart.

// Values gives all values of a column, decompressed and put together, and what is wrong with those it leaves out or
// gives in part. A null, like a column that the table has not, has no values. In-record bytes are not copied.
func (r Row) Values(name string) ([][]byte, error) {
	c := r.column(name)
	if c == nil {
		return nil, nil
	}
	found, err := r.stored(c)
	var out [][]byte
	for _, v := range found {
		b, errValue := r.expand(v)
		if errValue != nil {
			err = r.damage(c, "%v", errValue)
		}
		if b != nil {
			out = append(out, b)
		}
	}
	return out, err
}

// expand gives a value's bytes; never nil without an error.
func (r *Row) expand(v instance) ([]byte, error) {
	b, err := v.data, error(nil)
	switch {
	case v.separated:
		b, err = r.table.longValue(v.data)
	case v.compressed:
		b, err = decompress(v.data)
	}
	if b == nil && err == nil {
		b = []byte{}
	}
	return b, err
}

func (r *Row) column(name string) *Column {
	if r.table == nil {
		return nil
	}
	return r.table.Column(name)
}

// Bytes gives the first value as it is stored.
func (r Row) Bytes(name string) ([]byte, bool) { return r.first(r.column(name)) }

// first gives the first value of a column, none for a nil column.
func (r *Row) first(c *Column) ([]byte, bool) {
	if c == nil {
		return nil, false
	}
	if c.ID < firstTagged {
		return r.simple(c)
	}
	found, err := r.taggedValues(c)
	if err != nil || len(found) == 0 {
		return nil, false
	}
	b, err := r.expand(found[0])
	return b, err == nil
}

// Text gives the first value of a text column, without trailing NULs.
func (r Row) Text(name string) (string, bool) {
	c := r.column(name)
	if c == nil || c.Type != Text && c.Type != LongText {
		return "", false
	}
	b, ok := r.first(c)
	if !ok {
		return "", false
	}
	return c.Decode(b), true
}

// Decode turns a value of a text column into a string, up to trailing NULs.
func (c *Column) Decode(b []byte) string {
	if c.Codepage == 1200 {
		for len(b) >= 2 && len(b)%2 == 0 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
			b = b[:len(b)-2]
		}
		return winbin.UTF16(b)
	}
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	for _, v := range b {
		if v >= 0x80 {
			s, _ := charmap.Windows1252.NewDecoder().Bytes(b) // decodes every byte
			return string(s)
		}
	}
	return string(b)
}

// Int gives a bit (0 or 1), an integer or a currency (ten-thousandths). An UnsignedQuad above MaxInt64 comes out
// negative.
func (r Row) Int(name string) (int64, bool) {
	c := r.column(name)
	b, ok := r.first(c)
	if !ok {
		return 0, false
	}
	return c.integer(b)
}

func (c *Column) integer(b []byte) (int64, bool) {
	if len(b) < c.Type.size() {
		return 0, false
	}
	switch c.Type {
	case Bit:
		if b[0] != 0 {
			return 1, true
		}
		return 0, true
	case UnsignedByte:
		return int64(b[0]), true
	case Short:
		return int64(int16(binary.LittleEndian.Uint16(b))), true
	case UnsignedShort:
		return int64(binary.LittleEndian.Uint16(b)), true
	case Long:
		return int64(int32(binary.LittleEndian.Uint32(b))), true
	case UnsignedLong:
		return int64(binary.LittleEndian.Uint32(b)), true
	case Currency, LongLong, UnsignedQuad:
		return int64(binary.LittleEndian.Uint64(b)), true
	default:
		return 0, false
	}
}

// Float gives a Single, a Double, or a DateTime as days since 1899-12-30.
func (r Row) Float(name string) (float64, bool) {
	c := r.column(name)
	b, ok := r.first(c)
	switch {
	case !ok:
		return 0, false
	case c.Type == Single && len(b) >= 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), true
	case (c.Type == Double || c.Type == DateTime) && len(b) >= 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), true
	default:
		return 0, false
	}
}

// Time gives a DateTime (OLE date), or a FILETIME kept in 8 bytes of any other type, in UTC. Zero and times out of
// range are false.
func (r Row) Time(name string) (time.Time, bool) {
	c := r.column(name)
	b, ok := r.first(c)
	if !ok || len(b) != 8 {
		return time.Time{}, false
	}
	bits := binary.LittleEndian.Uint64(b)
	t := winbin.Filetime(bits)
	if c.Type == DateTime {
		t = winbin.OLEDate(math.Float64frombits(bits))
	}
	return t, !t.IsZero()
}

// Value gives the first value of one of the table's columns: a string of a text column, an int64 of what Int takes,
// else the bytes; nil for a null. It spares the look-up by name where whole tables are read.
func (r Row) Value(c *Column) (any, error) {
	b, err := []byte(nil), error(nil)
	if c.ID < firstTagged {
		b, _ = r.simple(c)
	} else if found, errFound := r.taggedValues(c); errFound != nil {
		return nil, errFound
	} else if len(found) > 0 {
		b, err = r.expand(found[0])
	}
	if b == nil || err != nil {
		return nil, err
	}
	if c.Type == Text || c.Type == LongText {
		return c.Decode(b), nil
	}
	if n, ok := c.integer(b); ok {
		return n, nil
	}
	return b, nil
}

// GUID gives a 16-byte value of any type as a GUID.
func (r Row) GUID(name string) (guid.GUID, bool) {
	b, ok := r.Bytes(name)
	if !ok || len(b) != 16 {
		return guid.GUID{}, false
	}
	return guid.FromLE(b), true
}
