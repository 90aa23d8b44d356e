package ese

import (
	"iter"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/format"
)

// Table is one table of a database.
type Table struct {
	Name string

	db         *DB
	root       uint32    // first page of the table's tree
	longValues uint32    // first page of the tree of its long values, 0 when it has none
	derived    []*Column // those of the table's template, shared with others
	columns    []*Column // its own
	byName     map[string]*Column
}

func newTable(db *DB, name string, root, longValues uint32, cols []*Column) *Table {
	return &Table{Name: name, db: db, root: root, longValues: longValues, columns: cols}
}

func (t *Table) all() []*Column { return slices.Concat(t.derived, t.columns) }

// index is made when a column is first asked for by name.
func (t *Table) index() map[string]*Column {
	if t.byName != nil {
		return t.byName
	}
	t.byName = make(map[string]*Column)
	for _, c := range t.all() {
		if key := strings.ToLower(c.Name); c.Type != nilType && t.byName[key] == nil {
			t.byName[key] = c
			if t.byName[c.Name] == nil {
				t.byName[c.Name] = c // spares the usual look-up the lower-casing
			}
		}
	}
	return t.byName
}

// Columns gives the table's columns in the order of their ids, without deleted ones.
func (t *Table) Columns() []*Column {
	return slices.DeleteFunc(t.all(), func(c *Column) bool { return c.Type == nilType })
}

// Column finds a column by name, nil when there is none; case does not matter.
func (t *Table) Column(name string) *Column {
	if c := t.index()[name]; c != nil {
		return c
	}
	return t.byName[strings.ToLower(name)]
}

// Rows gives the live rows in the order of the primary key. An error is damage at one place; the row beside it has
// no values, and iteration goes on.
func (t *Table) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		number := 0
		t.db.walk(t.root, func(n node, err error) bool {
			if err == nil && n.deleted {
				return true
			}
			return t.yieldRow(n, err, &number, yield)
		})
	}
}

// Deleted carves: it gives the rows whose nodes are marked deleted but not yet cleaned up, and all rows in leaf pages
// that still carry the table's number and are no longer linked. The latter can be old copies of live rows. It reads
// every page of the file. Damage in unlinked pages is not reported.
func (t *Table) Deleted() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		number := 0
		w := walker{db: t.db, read: t.db.readPage, seen: make(map[uint32]struct{})}
		w.yield = func(n node, err error) bool {
			return err == nil && !n.deleted || t.yieldRow(n, err, &number, yield)
		}
		if !w.visit(t.root, 0) || w.objid == 0 {
			return
		}
		w.yield = func(n node, err error) bool { return err != nil || t.yieldRow(n, nil, &number, yield) }
		for no := uint32(1); no <= t.db.pages; no++ {
			if _, linked := w.seen[no]; linked {
				continue
			}
			p, _ := t.db.readPage(no)
			if p == nil || p.objid != w.objid || p.flags&(treeKinds|flagLeaf) != w.kind|flagLeaf {
				continue
			}
			if !w.leaf(p) {
				return
			}
		}
	}
}

// yieldRow checks the head of a record before it gives it away.
func (t *Table) yieldRow(n node, err error, number *int, yield func(Row, error) bool) bool {
	if err != nil {
		row := Row{}
		if n.page != nil {
			row.Page = n.page.no
		}
		return yield(row, err)
	}
	*number++
	row := Row{Page: n.page.no, Number: *number, table: t, large: n.page.large}
	if !row.parse(n.data) {
		return yield(Row{Page: row.Page, Number: row.Number},
			format.At(n.page.offset, "table %s: record %d in page %d is malformed", t.Name, row.Number, row.Page))
	}
	return yield(row, nil)
}

// Column describes a column, as the catalog does.
type Column struct {
	// What is asked of every column of every row comes first, so that it lies together.
	ID      uint32 // below 128 fixed, below 256 variable, else tagged
	Type    ColumnType
	derived bool // from the template table
	offset  int  // of fixed columns: in the record
	size    int  // of fixed columns
	def     []byte

	Name     string
	Codepage int // of text columns: 1200 is UTF-16LE, else one byte a character
	flags    uint32
}

const (
	firstVariable     = 128
	firstTagged       = 256
	columnUserDefault = 0x80 // the default value is a function of the program's
)

// ColumnType is the type of a column's values (JET_coltyp).
type ColumnType uint16

// The column types.
const (
	nilType       ColumnType = 0 // a deleted column
	Bit           ColumnType = 1
	UnsignedByte  ColumnType = 2
	Short         ColumnType = 3
	Long          ColumnType = 4
	Currency      ColumnType = 5
	Single        ColumnType = 6
	Double        ColumnType = 7
	DateTime      ColumnType = 8
	Binary        ColumnType = 9
	Text          ColumnType = 10
	LongBinary    ColumnType = 11
	LongText      ColumnType = 12
	UnsignedLong  ColumnType = 14
	LongLong      ColumnType = 15
	GUID          ColumnType = 16
	UnsignedShort ColumnType = 17
	UnsignedQuad  ColumnType = 18
)

// size gives the bytes of a value, 0 when they vary.
func (t ColumnType) size() int {
	switch t {
	case Bit, UnsignedByte:
		return 1
	case Short, UnsignedShort:
		return 2
	case Long, UnsignedLong, Single:
		return 4
	case Currency, Double, DateTime, LongLong, UnsignedQuad:
		return 8
	case GUID:
		return 16
	default:
		return 0
	}
}
