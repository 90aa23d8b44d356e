package ese

import (
	"encoding/binary"
	"fmt"
)

// Bits of the byte before a tagged value, and of a field's offset in pages below 16 KB.
const (
	extLong       = 0x01
	extCompressed = 0x02
	extSeparated  = 0x04
	extMulti      = 0x08
	extTwo        = 0x10
	extNull       = 0x20

	fieldExt  = 0x4000
	fieldNull = 0x2000

	multiSeparated = 0x8000
)

// field is one tagged column of a record: what stands in the byte before the data, and the data.
type field struct {
	id   uint16
	ext  byte
	data []byte
}

// taggedColumns appends the array of {id, offset} and behind it the values, both in the order of ids.
func (t *Table) taggedColumns(rec []byte, row Row) ([]byte, error) {
	var fields []field
	for i := range t.columns {
		c := &t.columns[i]
		if !c.tagged() || row[c.Name] == nil {
			continue
		}
		f, err := t.field(c, row[c.Name])
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	var heads, data []byte
	for _, f := range fields {
		offset := 4*len(fields) + len(data)
		if offset > 0x1fff && !t.db.large() || offset > 0x7fff {
			return nil, fmt.Errorf("column %d: tagged values begin behind %d bytes; separate them", f.id, offset)
		}
		var ext []byte
		switch {
		case t.db.large():
			ext = []byte{f.ext}
		case f.ext == extNull:
			offset |= fieldNull
		case f.ext != 0:
			ext, offset = []byte{f.ext}, offset|fieldExt
		}
		heads = binary.LittleEndian.AppendUint16(heads, f.id)
		heads = binary.LittleEndian.AppendUint16(heads, uint16(offset))
		data = append(append(data, ext...), f.data...)
	}
	return append(append(rec, heads...), data...), nil
}

func (t *Table) field(c *column, v any) (field, error) {
	switch v := v.(type) {
	case Null:
		return field{id: c.ID, ext: extNull}, nil
	case Multi:
		return t.multi(c, v)
	default:
		return t.single(c, v)
	}
}

func (t *Table) single(c *column, v any) (field, error) {
	f := field{id: c.ID}
	b, err := c.bytes(v)
	if err != nil {
		return f, err
	}
	f.data = b
	if !c.long() {
		return f, nil
	}
	f.ext = extLong
	if c.Separate || len(b) > t.db.opt.PageSize/4 {
		lid, err := t.separate(b, c.packing())
		f.ext |= extSeparated
		f.data = binary.LittleEndian.AppendUint32(nil, lid)
		return f, err
	}
	if packed := c.packing().pack(b); len(packed) < len(b) {
		f.ext |= extCompressed
		f.data = packed
	}
	return f, nil
}

// multi stores several values: a length byte before the first of two short ones, else an array of offsets.
func (t *Table) multi(c *column, values Multi) (field, error) {
	f := field{id: c.ID, ext: extMulti}
	if c.long() {
		f.ext |= extLong
	}
	var parts [][]byte
	var separated []bool
	for _, v := range values {
		b, err := c.bytes(v)
		if err != nil {
			return f, err
		}
		apart := c.long() && (c.Separate || len(b) > t.db.opt.PageSize/4)
		if apart {
			lid, err := t.separate(b, c.packing())
			if err != nil {
				return f, err
			}
			b = binary.LittleEndian.AppendUint32(nil, lid)
		}
		parts, separated = append(parts, b), append(separated, apart)
	}
	if len(parts) == 2 && !c.long() {
		f.ext |= extTwo
		f.data = append(append([]byte{byte(len(parts[0]))}, parts[0]...), parts[1]...)
		return f, nil
	}
	at := 2 * len(parts)
	for i, p := range parts {
		head := uint16(at)
		if separated[i] {
			head |= multiSeparated
		}
		f.data = binary.LittleEndian.AppendUint16(f.data, head)
		at += len(p)
	}
	for _, p := range parts {
		f.data = append(f.data, p...)
	}
	return f, nil
}
