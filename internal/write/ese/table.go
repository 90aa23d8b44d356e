package ese

import (
	"encoding/binary"
	"fmt"
)

// Table is one table of a database being written.
type Table struct {
	db      *DB
	name    string
	columns []column
	obj     uint32
	rows    *tree
	count   uint32

	long    *tree // tree of separated long values; nil until the first
	longObj uint32
	lastLID uint32
}

// Row is one row: column name to value. See Column for the Go types. A missing column or nil is not set: a reader
// gives the column's default if it has one (for fixed and variable columns only behind the last one that is set, as
// in ESE), else null.
type Row map[string]any

// Null sets a column to null although it has a default.
type Null struct{}

// Multi gives the several values of one tagged column.
type Multi []any

// Add appends a row. Rows keep the order of their adding.
func (t *Table) Add(row Row) error { return t.add(row, 0) }

// AddDeleted appends a row whose node is marked deleted but not yet cleaned up: no reader may show it as live.
func (t *Table) AddDeleted(row Row) error { return t.add(row, nodeDeleted) }

// Root is the page number of the table's root, for Options.BadChecksum of a second, equal run.
func (t *Table) Root() uint32 { return t.rows.root }

func (t *Table) add(row Row, flags uint16) error {
	rec, err := t.record(row)
	if err != nil {
		return fmt.Errorf("table %s, row %d: %w", t.name, t.count+1, err)
	}
	t.count++
	key := binary.BigEndian.AppendUint32(nil, t.count)
	if err := t.rows.add(key, rec, flags); err != nil {
		return fmt.Errorf("table %s, row %d: %w", t.name, t.count, err)
	}
	return nil
}

// separate stores a value in the table's tree of long values and gives its id. A compressed value is compressed
// segment by segment; a reader knows it by a segment that is shorter than the distance to the next one.
func (t *Table) separate(value []byte, how Compression) (uint32, error) {
	if t.long == nil {
		t.longObj = t.db.object()
		t.long = newTree(t.db, t.longObj, t.db.page(), pageLongValue)
	}
	t.lastLID++
	key := binary.BigEndian.AppendUint32(nil, t.lastLID)
	root := binary.LittleEndian.AppendUint32(nil, 1)
	root = binary.LittleEndian.AppendUint32(root, uint32(len(value)))
	if err := t.long.add(key, root, 0); err != nil {
		return 0, err
	}
	size := t.db.segment()
	for at := 0; at < len(value); at += size {
		part := value[at:min(at+size, len(value))]
		if packed := how.pack(part); len(packed) < len(part) {
			part = packed
		}
		k := binary.BigEndian.AppendUint32(key[:4:4], uint32(at))
		if err := t.long.add(k, part, 0); err != nil {
			return 0, err
		}
	}
	return t.lastLID, nil
}

// segment is the most bytes of a long value in one node: what fits a page, and at most 8191.
func (db *DB) segment() int { return min(db.opt.PageSize-136, 8191) }
