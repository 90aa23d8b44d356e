package ese

import (
	"fmt"
	"sort"

	"github.com/redx-update/redx/internal/format"
)

// Flags of a tagged value's head byte.
const (
	valueCompressed = 0x02
	valueSeparated  = 0x04
	valueMulti      = 0x08
	valueTwo        = 0x10
	valueNull       = 0x20
	valueEncrypted  = 0x40
)

// taggedValues finds a tagged column: an array of (id, offset), then the values. In small pages the upper 3 bits of
// the offset say derived, has a head byte, is null; in large ones only derived, and the head byte is always there.
func (r *Row) taggedValues(c *Column) ([]instance, error) {
	b := r.data[r.tagged:]
	if len(b) < 4 {
		return defaultOf(c), nil
	}
	mask := 0x1fff
	if r.large {
		mask = 0x7fff
	}
	n := (u16(b, 2) & mask) / 4
	if n == 0 || 4*n > len(b) {
		return nil, r.damage(c, "the array of tagged columns does not fit")
	}
	want := c.order()
	i := sort.Search(n, func(i int) bool { return tagOrder(b[4*i:]) >= want })
	if i == n || tagOrder(b[4*i:]) != want {
		return defaultOf(c), nil
	}
	word, end := u16(b, 4*i+2), len(b)
	from := word & mask
	if i+1 < n {
		end = u16(b, 4*i+6) & mask
	}
	if from < 4*n || end < from || end > len(b) {
		return nil, r.damage(c, "value does not fit in the record")
	}
	if r.large {
		return r.headed(c, b[from:end:end])
	}
	return r.small(c, b[from:end:end], word)
}

// tagOrder is what the array of tagged columns is sorted by: derived columns first, then the id.
func tagOrder(b []byte) int {
	return u16(b, 0) | ^u16(b, 2)&0x8000<<1
}

func (c *Column) order() int {
	if c.derived {
		return int(c.ID)
	}
	return int(c.ID) | 1<<16
}

func defaultOf(c *Column) []instance {
	if c.def == nil {
		return nil
	}
	return []instance{{data: c.def}}
}

func (r *Row) small(c *Column, b []byte, word int) ([]instance, error) {
	switch {
	case word&0x2000 != 0:
		return nil, nil
	case word&0x4000 != 0:
		return r.headed(c, b)
	default:
		return []instance{{data: b}}, nil
	}
}

// headed takes apart a value that begins with its head byte.
func (r *Row) headed(c *Column, b []byte) ([]instance, error) {
	if len(b) == 0 {
		return []instance{{data: b}}, nil
	}
	head, b := b[0], b[1:]
	compressed := head&valueCompressed != 0
	switch {
	case head&valueNull != 0:
		return nil, nil
	case head&valueEncrypted != 0:
		return nil, r.damage(c, "value is encrypted")
	case head&valueTwo != 0:
		if len(b) == 0 || int(b[0]) > len(b)-1 {
			return nil, r.damage(c, "two values do not fit")
		}
		k := 1 + int(b[0])
		return []instance{{data: b[1:k:k], compressed: compressed}, {data: b[k:]}}, nil
	case head&valueMulti != 0:
		return r.multi(c, b, compressed)
	default:
		return []instance{{data: b, separated: head&valueSeparated != 0, compressed: compressed}}, nil
	}
}

// multi takes several values apart: their offsets, whose upper bit says separated, then the values. When the head
// says compressed, that is true of the first value only.
func (r *Row) multi(c *Column, b []byte, compressed bool) ([]instance, error) {
	if len(b) < 2 {
		return nil, r.damage(c, "multi-value is empty")
	}
	n := (u16(b, 0) & 0x7fff) / 2
	if n == 0 || 2*n > len(b) {
		return nil, r.damage(c, "%d values do not fit", n)
	}
	out := make([]instance, 0, n)
	for i := range n {
		word, end := u16(b, 2*i), len(b)
		if i+1 < n {
			end = u16(b, 2*i+2) & 0x7fff
		}
		from := word & 0x7fff
		if from < 2*n || end < from || end > len(b) {
			return out, r.damage(c, "value %d does not fit", i+1)
		}
		out = append(out, instance{
			data: b[from:end:end], separated: word&0x8000 != 0, compressed: compressed && i == 0,
		})
	}
	return out, nil
}

func (r *Row) damage(c *Column, what string, args ...any) error {
	return format.At(r.Offset(), "table %s, record %d, column %s: %s",
		r.table.Name, r.Number, c.Name, fmt.Sprintf(what, args...))
}
