// Package sqlitefile opens SQLite databases that others have written, for reading. It knows no schema.
//
// It never writes beside the database it is given. A file that is whole is opened read-only and immutable; one with a
// log of changes beside it (-wal, or -journal after a crash) is copied with it into a temporary folder and read there, so
// that what is in the log is seen, and what was torn is taken back, in the copy alone.
//
// Invariant: nothing that the database itself defines is executed: views, virtual tables and generated columns are
// not read.
package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/redx-update/redx/internal/format"
)

// Reader is an open database.
type Reader struct {
	*sql.DB
	from source
}

// Open opens the database of that path. A file that is no SQLite database wraps format.ErrNotThis.
func Open(ctx context.Context, path string) (*Reader, error) {
	src, err := locate(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", src.dsn)
	if err != nil {
		src.remove()
		return nil, err
	}
	r := &Reader{db, src}
	db.SetMaxOpenConns(1) // the pragmas hold for one connection
	for _, p := range []string{"trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"} {
		if _, err := db.ExecContext(ctx, "PRAGMA "+p); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// Close ends the reading and removes the copy, if there was one.
func (r *Reader) Close() error {
	defer r.from.remove()
	return r.DB.Close()
}

// Columns gives the stored columns of a table, in upper case. Without such a table the error wraps format.ErrNotThis.
func (r *Reader) Columns(ctx context.Context, table string) (map[string]bool, error) {
	var n int
	// A view or a virtual table has root page 0.
	const is = `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND upper(name) = upper(?) AND rootpage > 0`
	if err := r.QueryRowContext(ctx, is, table).Scan(&n); err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fmt.Errorf("no table %s: %w", table, format.ErrNotThis)
	}
	q, err := r.QueryContext(ctx, `SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0`, table)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	have := map[string]bool{}
	for q.Next() {
		var name string
		if err := q.Scan(&name); err != nil {
			return nil, err
		}
		have[strings.ToUpper(name)] = true
	}
	return have, q.Err()
}

// Damaged reports an error that says the file is no database, or a damaged one; not one of the disk or of access.
func Damaged(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	primary := e.Code() & 0xFF
	return primary == sqlite3.SQLITE_CORRUPT || primary == sqlite3.SQLITE_NOTADB
}
