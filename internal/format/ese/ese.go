// Package ese reads databases of the Extensible Storage Engine (JET Blue): Windows Update's DataStore.edb, BITS'
// qmgr.db and their like.
//
// It reads the pages as they stand in the file. It replays no logs: a database in dirty shutdown is read without what
// its logs still hold, and Info says so. It uses no index and no space tree but the table's own B-tree, it never
// writes, and it is not safe for concurrent use.
//
// Invariant: a row is given at most once, in the order of the table's primary key, and never when its node is marked
// deleted. Rows of one table cost that table's pages alone, and memory does not grow with the table.
package ese

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/redx-update/redx/internal/format"
)

// DB is an open database.
type DB struct {
	r      io.ReaderAt
	size   int64
	info   Info
	pages  uint32 // pages that the file has room for
	cache  pageCache
	left   int64 // that long values may still cost
	tables []*Table
	byName map[string]*Table
}

// Info is what a database says of itself.
type Info struct {
	PageSize int    // bytes: 2048, 4096, 8192, 16384 or 32768
	Version  uint32 // format version: 0x620 in all known files
	Revision uint32 // format revision: 0x14 to 0x12c seen
	State    State
	// Damage is what was wrong with the header and the catalog while the database could still be opened.
	Damage []error
}

// State is how a database was left.
type State uint32

// States of a database (JET_dbstate).
const (
	JustCreated  State = 1
	Dirty        State = 2 // in use, or never shut down: the logs hold more than the file
	Clean        State = 3
	Converting   State = 4
	ForcedDetach State = 5
)

func (s State) String() string {
	switch s {
	case JustCreated:
		return "just created"
	case Dirty:
		return "dirty shutdown"
	case Clean:
		return "clean shutdown"
	case Converting:
		return "being converted"
	case ForcedDetach:
		return "forced detach"
	default:
		return fmt.Sprintf("state %d", uint32(s))
	}
}

const (
	signature    = 0x89abcdef
	minPageSize  = 2048
	maxPageSize  = 32768
	largePage    = 16384 // from this size on, pages and records have their newer layout
	headerLength = 0x100 // the part of the header that is read
)

// Open reads header and catalog. A file that has no header of a database gives format.ErrNotThis. Damage that leaves
// something to read is no error; Info().Damage lists it.
func Open(r io.ReaderAt, size int64) (*DB, error) {
	db := &DB{r: r, size: size, left: costPerByte*size + freeCost}
	if err := db.readHeader(); err != nil {
		return nil, err
	}
	db.pages = uint32(min(max(size/int64(db.info.PageSize)-2, 0), 1<<32-2))
	if err := db.readCatalog(); err != nil {
		return nil, err
	}
	return db, nil
}

// Info gives what the header says, and the damage found while opening.
func (db *DB) Info() Info { return db.info }

// readHeader takes the header from page 0, or its copy from page 1 when the first is damaged.
func (db *DB) readHeader() error {
	first, err := db.headerAt(0)
	if err == nil {
		db.info = first
		return nil
	}
	for size := int64(minPageSize); size <= maxPageSize; size *= 2 {
		shadow, errShadow := db.headerAt(size)
		if errShadow == nil && int64(shadow.PageSize) == size {
			shadow.Damage = append(shadow.Damage, err)
			db.info = shadow
			return nil
		}
	}
	if first.PageSize == 0 {
		return err
	}
	first.Damage = append(first.Damage, err)
	db.info = first
	return nil
}

// headerAt gives an Info with a page size whenever the header can serve, and an error when anything is wrong with it.
func (db *DB) headerAt(off int64) (Info, error) {
	b, err := format.ReadAt(db.r, off, headerLength, headerLength, "database header")
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Info{}, err
	}
	if err != nil || binary.LittleEndian.Uint32(b[4:]) != signature {
		return Info{}, fmt.Errorf("ESE database: %w", format.ErrNotThis)
	}
	info := Info{
		PageSize: int(binary.LittleEndian.Uint32(b[0xec:])),
		Version:  binary.LittleEndian.Uint32(b[8:]),
		Revision: binary.LittleEndian.Uint32(b[0xe8:]),
		State:    State(binary.LittleEndian.Uint32(b[0x34:])),
	}
	if info.PageSize == 0 {
		info.PageSize = 4096 // written before the size became a choice
	}
	if info.PageSize < minPageSize || info.PageSize > maxPageSize || info.PageSize&(info.PageSize-1) != 0 {
		return Info{}, format.At(off+0xec, "database header: page size %d", info.PageSize)
	}
	if typ := binary.LittleEndian.Uint32(b[0x0c:]); typ != 0 {
		return Info{}, fmt.Errorf("ESE database: file type %d (streaming file): %w", typ, format.ErrNotThis)
	}
	page, err := format.ReadAt(db.r, off, info.PageSize, maxPageSize, "database header")
	if err != nil {
		return info, err
	}
	if !headerSumOK(page) {
		return info, format.At(off, "database header: checksum does not match")
	}
	return info, nil
}
