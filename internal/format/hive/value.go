package hive

import (
	"encoding/binary"
	"fmt"
	"iter"
	"strings"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/registry"
)

const (
	valueHeader  = 20
	maxValueName = 2 * 16384 // Windows allows 16383 characters

	valueCompressed = 1       // name in Latin-1
	dataInline      = 1 << 31 // in the length: up to four bytes stand where the offset would

	segmentData = 16344 // bytes in each segment but the last
	segmented   = 4     // first minor version that has segments
)

// value is a value whose data is not read yet.
type value struct {
	at     int64
	name   string
	typ    registry.Type
	length uint32 // with dataInline
	data   [4]byte
}

func (k *key) Value(name string) (registry.Value, error) {
	var damage error
	for v, err := range k.heads() {
		if err != nil {
			damage = err
			continue
		}
		if strings.EqualFold(v.name, name) {
			return k.h.load(v)
		}
	}
	if damage != nil {
		return registry.Value{Name: name}, fmt.Errorf("read value %s: %w", name, damage)
	}
	return registry.Value{Name: name}, registry.NotExist("read value", name)
}

// Values ends with an error when the values have more data than the hive: they can only share it.
func (k *key) Values() iter.Seq2[registry.Value, error] {
	return func(yield func(registry.Value, error) bool) {
		left := k.h.img.stored()
		for head, err := range k.heads() {
			v := registry.Value{Name: head.name}
			if err == nil {
				v, err = k.h.load(head)
			}
			if left -= int64(len(v.Data)); left < 0 {
				yield(registry.Value{}, format.At(head.at, "values of key %s: more data than the hive has", k.name))
				return
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// heads lists the values without their data.
func (k *key) heads() iter.Seq2[value, error] {
	return func(yield func(value, error) bool) {
		if k.values == 0 || k.valuesList == none {
			return
		}
		b, _, err := k.h.img.cell(k.valuesList, int(min(int64(k.values)*4, maxList)), "list of values")
		if err != nil {
			yield(value{}, err)
			return
		}
		seen := make(map[uint32]bool, len(b)/4)
		for i := 0; i+4 <= len(b); i += 4 {
			offset := binary.LittleEndian.Uint32(b[i:])
			v, err := k.h.readValue(offset)
			if seen[offset] {
				err = format.At(binsStart+int64(offset), "value: is listed twice")
			}
			seen[offset] = true
			if !yield(v, err) {
				return
			}
		}
		if n := uint32(len(b) / 4); n < k.values {
			yield(value{}, format.At(binsStart+int64(k.valuesList), "key %s: %d values are announced, %d listed",
				k.name, k.values, n))
		}
	}
}

func (h *Hive) readValue(offset uint32) (value, error) {
	at := binsStart + int64(offset)
	b, _, err := h.img.cell(offset, valueHeader+maxValueName, "value")
	if err != nil {
		return value{at: at}, err
	}
	if len(b) < valueHeader || string(b[:2]) != "vk" {
		return value{at: at}, format.At(at, "value: no vk signature")
	}
	le := binary.LittleEndian
	n := int(le.Uint16(b[2:]))
	if n > len(b)-valueHeader {
		return value{at: at}, format.At(at, "value: a name of %d bytes in a cell of %d", n, len(b))
	}
	return value{
		at: at, name: decodeName(b[valueHeader:valueHeader+n], le.Uint16(b[16:])&valueCompressed != 0),
		typ: registry.Type(le.Uint32(b[12:])), length: le.Uint32(b[4:]), data: [4]byte(b[8:12]),
	}, nil
}

// load reads a value's data.
func (h *Hive) load(v value) (registry.Value, error) {
	out := registry.Value{Name: v.name, Type: v.typ}
	n := int64(v.length &^ dataInline)
	switch {
	case v.length&dataInline != 0 && n > 4:
		return out, format.At(v.at, "value %s: %d bytes in place of an offset", v.name, n)
	case v.length&dataInline != 0:
		out.Data = append([]byte{}, v.data[:n]...)
		return out, nil
	case n == 0:
		out.Data = []byte{}
		return out, nil
	case n > h.img.stored():
		return out, format.At(v.at, "value %s: %d bytes, the hive has %d", v.name, n, h.img.stored())
	}
	offset := binary.LittleEndian.Uint32(v.data[:])
	what := "data of value " + v.name
	var err error
	if n > segmentData && h.base.minor >= segmented {
		out.Data, err = h.segments(offset, int(n), what)
		return out, err
	}
	b, length, err := h.img.cell(offset, int(n), what)
	if err == nil && int64(length) < n {
		err = format.At(binsStart+int64(offset), "%s: %d bytes in a cell of %d", what, n, length)
	}
	out.Data = b
	return out, err
}

// segments joins data of n bytes that stands in several cells.
func (h *Hive) segments(offset uint32, n int, what string) ([]byte, error) {
	at := binsStart + int64(offset)
	b, _, err := h.img.cell(offset, 8, what)
	if err != nil {
		return nil, err
	}
	if len(b) < 8 || string(b[:2]) != "db" {
		return nil, format.At(at, "%s: no db signature", what)
	}
	count := int(binary.LittleEndian.Uint16(b[2:]))
	list, _, err := h.img.cell(binary.LittleEndian.Uint32(b[4:]), 4*count, what)
	if err != nil {
		return nil, err
	}
	if want := (n + segmentData - 1) / segmentData; len(list) < 4*want {
		return nil, format.At(at, "%s: %d segments for %d bytes", what, len(list)/4, n)
	}
	out := make([]byte, 0, n)
	for i := 0; len(out) < n; i += 4 {
		part := min(segmentData, n-len(out))
		seg := binary.LittleEndian.Uint32(list[i:])
		b, _, err := h.img.cell(seg, part, what)
		if err != nil {
			return out, err
		}
		if len(b) < part {
			return out, format.At(binsStart+int64(seg), "%s: a segment of %d bytes, %d wanted", what, len(b), part)
		}
		out = append(out, b...)
	}
	return out, nil
}
