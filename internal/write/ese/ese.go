// Package ese writes ESE databases (the format of DataStore.edb and qmgr.db) for lab images and fixtures.
//
// It is not for a real PC's files, ever: it writes no space trees, no index definitions and no log signatures, so
// Windows itself would not attach what comes out. Readers of the format do: esedbexport, go-ese, and redx's own. The
// constants below were read off real databases (basic.edb, text.edb, large.edb, qmgr.db) and verified against them.
//
// Invariant: the same calls give the same bytes. Rows stream out as pages fill; what stays in memory is one page per
// table and the first key of each page written.
package ese

import (
	"errors"
	"fmt"
	"io"
)

// Revisions of the format that differ in what a reader must do.
const (
	Revision7    = 0x11  // Windows 7
	Revision10   = 0x14  // early Windows 10
	Revision11   = 0xc8  // Windows 11
	RevisionTags = 0x12c // Windows 11 24H2: pages count reserved tags in the upper 4 bits of the tag count
)

// Options choose the shape of a database. The zero value is a clean 32 KB database of revision 0x14 with ECC checksums.
type Options struct {
	PageSize int    // 4096, 8192, 16384 or 32768
	Revision uint32 // one of the constants above

	Dirty        bool // state "dirty shutdown" instead of "clean shutdown"
	XORChecksum  bool // the checksum from before Windows Vista, instead of XOR and ECC
	CompressKeys bool // nodes share a key prefix with their page, as Windows writes them
	// BadChecksum is the number of one page whose checksum is written wrong; 0 is none.
	BadChecksum uint32
}

// Fixed places of a database: the root, the catalog and its shadow. Everything else begins at firstFree.
const (
	pageDBRoot  = 1
	pageCatalog = 4
	pageShadow  = 24
	firstFree   = 32

	objDBRoot  = 1
	objCatalog = 2
	objShadow  = 3
	firstObj   = 8
)

// DB is a database being written. It is not safe for concurrent use.
type DB struct {
	w       io.WriterAt
	opt     Options
	next    uint32 // first page not yet given away
	nextObj uint32
	tables  []*Table
	err     error // the first failure; everything later is refused with it
	closed  bool
}

// Create begins a database on w, which must be empty. Nothing is readable before Close.
func Create(w io.WriterAt, opt Options) (*DB, error) {
	if opt.PageSize == 0 {
		opt.PageSize = 32768
	}
	if opt.Revision == 0 {
		opt.Revision = Revision10
	}
	switch opt.PageSize {
	case 4096, 8192, 16384, 32768:
	default:
		return nil, fmt.Errorf("page size %d is none of ESE's", opt.PageSize)
	}
	return &DB{w: w, opt: opt, next: firstFree, nextObj: firstObj}, nil
}

// Table adds a table. Column ids that are 0 are given in order; the others are kept (see Column).
func (db *DB) Table(name string, columns []Column) (*Table, error) {
	for _, t := range db.tables {
		if t.name == name {
			return nil, fmt.Errorf("table %s is there already", name)
		}
	}
	cols, err := layout(columns)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", name, err)
	}
	t := &Table{db: db, name: name, columns: cols, obj: db.object()}
	t.rows = newTree(db, t.obj, db.page(), 0)
	db.tables = append(db.tables, t)
	return t, nil
}

// Close writes what is pending, the catalog and the header. It does not close the writer.
func (db *DB) Close() error {
	if db.closed {
		return errors.New("database is closed already")
	}
	db.closed = true
	for _, t := range db.tables {
		db.keep(t.rows.close())
		if t.long != nil {
			db.keep(t.long.close())
		}
	}
	db.keep(newTree(db, objDBRoot, pageDBRoot, 0).close())
	db.keep(db.catalog(objCatalog, pageCatalog))
	db.keep(db.catalog(objShadow, pageShadow))
	db.keep(db.writeHeader())
	return db.err
}

func (db *DB) page() uint32 {
	db.next++
	return db.next - 1
}

func (db *DB) object() uint32 {
	db.nextObj++
	return db.nextObj - 1
}

func (db *DB) keep(err error) {
	if db.err == nil {
		db.err = err
	}
}

// large tells the layout of pages of 16 KB and more: longer header, flags inside the node, 15-bit sizes.
func (db *DB) large() bool { return db.opt.PageSize >= 16384 }
