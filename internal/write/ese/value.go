package ese

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
)

// bytes gives the stored form of a value, as it is before compression.
func (c *Column) bytes(v any) ([]byte, error) {
	switch v := v.(type) {
	case bool:
		if c.Type == Bool {
			return []byte{map[bool]byte{true: 0xff}[v]}, nil
		}
	case int:
		return c.integer(int64(v))
	case int32:
		return c.integer(int64(v))
	case uint32:
		return c.integer(int64(v))
	case int64:
		return c.integer(v)
	case float64:
		return c.real(v)
	case time.Time:
		if c.Type == DateTime {
			return c.real(winbin.PutOLEDate(v))
		}
	case guid.GUID:
		if c.Type == GUID || c.Type == Binary || c.Type == LongBinary {
			return v.LE(), nil
		}
	case string:
		return c.characters(v)
	case []byte:
		if c.Type == Binary || c.Type == LongBinary {
			return c.bounded(v)
		}
	}
	return nil, fmt.Errorf("column %s: a %T is no value of type %d", c.Name, v, c.Type)
}

func (c *Column) integer(v int64) ([]byte, error) {
	b := binary.LittleEndian.AppendUint64(nil, uint64(v))
	size := c.Type.size()
	switch c.Type {
	case Byte, Short, Long, Currency, ULong, LongLong, UShort:
	default:
		return nil, fmt.Errorf("column %s: an integer is no value of type %d", c.Name, c.Type)
	}
	// A result code may come as 0x80070002 or as -2147024894: both are the same four bytes.
	if bits := 8 * size; bits < 64 && (v < -(1<<(bits-1)) || v >= 1<<bits) {
		return nil, fmt.Errorf("column %s: %d does not fit %d bytes", c.Name, v, size)
	}
	return b[:size], nil
}

func (c *Column) real(v float64) ([]byte, error) {
	switch c.Type {
	case Single:
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v))), nil
	case Double, DateTime:
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), nil
	}
	return nil, fmt.Errorf("column %s: a float is no value of type %d", c.Name, c.Type)
}

func (c *Column) characters(s string) ([]byte, error) {
	if !c.text() {
		return nil, fmt.Errorf("column %s: a string is no value of type %d", c.Name, c.Type)
	}
	if !c.ASCII {
		return c.bounded(winbin.PutUTF16(s))
	}
	b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(s))
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.Name, err)
	}
	return c.bounded(b)
}

func (c *Column) bounded(b []byte) ([]byte, error) {
	if !c.long() && len(b) > 255 {
		return nil, fmt.Errorf("column %s: %d bytes, at most 255", c.Name, len(b))
	}
	return b, nil
}
