package datastore

import (
	"encoding/binary"
	"iter"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// live gives a table's rows, none when there is no such table.
func (s *Store) live(table string) iter.Seq2[ese.Row, error] {
	t, err := s.db.Table(table)
	if err != nil {
		return func(func(ese.Row, error) bool) {}
	}
	return t.Rows()
}

func (s *Store) deleted(table string) iter.Seq2[ese.Row, error] {
	t, err := s.db.Table(table)
	if err != nil {
		return func(func(ese.Row, error) bool) {}
	}
	return t.Deleted()
}

// rows turns rows into records. An error from read comes with what it could read.
func rows[T any](in iter.Seq2[ese.Row, error], read func(ese.Row) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range in {
			var v T
			if err == nil {
				v, err = read(row)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

func num(r ese.Row, column string) int64 {
	v, _ := r.Int(column)
	return v
}

func text(r ese.Row, column string) string {
	v, _ := r.Text(column)
	return v
}

// updateID reads an update's identity: a GUID, and the revision where 4 more bytes follow.
func updateID(r ese.Row, column string) (update.ID, error) {
	b, ok := r.Bytes(column)
	switch {
	case !ok || len(b) == 0:
		return update.ID{}, nil
	case len(b) == 16:
		return update.ID{GUID: guid.FromLE(b)}, nil
	case len(b) == 20:
		return update.ID{GUID: guid.FromLE(b), Revision: binary.LittleEndian.Uint32(b[16:])}, nil
	default:
		return update.ID{}, format.At(r.Offset(), "table %s, record %d: %s has %d bytes, not 16 or 20",
			r.Table().Name, r.Number, column, len(b))
	}
}
