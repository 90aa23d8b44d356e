package ese

import (
	"encoding/binary"
	"fmt"
)

const (
	recordHeader = 4
	variableNull = 0x8000
)

// record encodes a row: fixed columns and their null bits, variable columns, tagged columns.
func (t *Table) record(row Row) ([]byte, error) {
	if err := t.known(row); err != nil {
		return nil, err
	}
	rec := []byte{0, 127, 0, 0}
	rec, err := t.fixed(rec, row)
	if err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint16(rec[2:], uint16(len(rec)))
	if rec, err = t.variable(rec, row); err != nil {
		return nil, err
	}
	return t.taggedColumns(rec, row)
}

func (t *Table) known(row Row) error {
	seen := 0
	for i := range t.columns {
		if _, ok := row[t.columns[i].Name]; ok {
			seen++
		}
	}
	if seen == len(row) {
		return nil
	}
	for name := range row {
		if t.column(name) == nil {
			return fmt.Errorf("no column %q", name)
		}
	}
	return nil
}

func (t *Table) column(name string) *column {
	for i := range t.columns {
		if t.columns[i].Name == name {
			return &t.columns[i]
		}
	}
	return nil
}

// last is the highest id of a kind that the row sets, or below.
func (t *Table) last(row Row, kind func(*Column) bool, below uint16) uint16 {
	for i := range t.columns {
		if c := &t.columns[i]; kind(&c.Column) && row[c.Name] != nil {
			below = max(below, c.ID)
		}
	}
	return below
}

func (t *Table) fixed(rec []byte, row Row) ([]byte, error) {
	last := t.last(row, (*Column).fixed, 0)
	rec[0] = byte(last)
	nulls := make([]byte, (last+7)/8)
	for i := range nulls {
		nulls[i] = 0xff // bits of columns that do not exist are set in real records
	}
	for i := range t.columns {
		c := &t.columns[i]
		if c.ID > last {
			break
		}
		v := row[c.Name]
		if _, null := v.(Null); v == nil || null {
			rec = append(rec, make([]byte, c.size)...)
			continue
		}
		b, err := c.bytes(v)
		if err != nil {
			return nil, err
		}
		if len(b) > c.size {
			return nil, fmt.Errorf("column %s: %d bytes, at most %d", c.Name, len(b), c.size)
		}
		rec = append(append(rec, b...), make([]byte, c.size-len(b))...)
		nulls[(c.ID-1)/8] &^= 1 << ((c.ID - 1) % 8)
	}
	return append(rec, nulls...), nil
}

func (t *Table) variable(rec []byte, row Row) ([]byte, error) {
	last := t.last(row, (*Column).variable, 127)
	rec[1] = byte(last)
	var ends, data []byte
	for i := range t.columns {
		c := &t.columns[i]
		if !c.variable() || c.ID > last {
			continue
		}
		v := row[c.Name]
		if _, null := v.(Null); v == nil || null {
			ends = binary.LittleEndian.AppendUint16(ends, uint16(len(data))|variableNull)
			continue
		}
		b, err := c.bytes(v)
		if err != nil {
			return nil, err
		}
		data = append(data, b...)
		ends = binary.LittleEndian.AppendUint16(ends, uint16(len(data)))
	}
	return append(append(rec, ends...), data...), nil
}
