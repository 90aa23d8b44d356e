// Package uso reads store.db, the SQLite database in which the Update Session Orchestrator (UsoSvc, Windows 10 1709
// and later) keeps the updates it completed: %ProgramData%\USOPrivate\UpdateStore\store.db.
//
// It never writes beside the database it is given. Without a write-ahead log (store.db-wal) the file is opened
// read-only and immutable; with one, both are copied into a temporary folder and read there, so that rows that are
// in the log alone are seen. No real store.db was at hand: table and column names are as published by others, columns
// are taken as they are found, and a missing one leaves its field empty.
//
// Invariant: nothing that the database itself defines is executed: views, virtual tables and generated columns are
// not read.
package uso

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/redx-update/redx/internal/format"
)

// Bounds for a hostile database; a real one has some hundred rows.
const (
	maxRows  = 100_000
	maxText  = 64 << 10 // bytes of one value
	maxTotal = 64 << 20 // bytes of all values
	maxTime  = 30 * time.Second
)

// Update is a row of COMPLETEDUPDATES.
type Update struct {
	Row         int64 // SQLite's rowid, the place to name as proof
	ProviderID  string
	UpdateID    string    // as it stands there: mostly a GUID, sometimes with a revision behind
	Time        time.Time // UTC; zero when absent
	Title       string
	Description string
	MoreInfoURL string
	Category    string // HISTORYCATEGORY, raw
	Uninstall   bool
	Rebooted    bool // WASREBOOTREQUIRED
	ForOS       bool
	Metadata    string // JSON
}

// Updates gives all completed updates in the order of their rows. The error names the file; what was read before it
// is returned with it. A file that is no SQLite database, or one without the table, wraps format.ErrNotThis.
func Updates(ctx context.Context, path string) ([]Update, error) {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	list, err := read(ctx, path)
	if err != nil {
		return list, fmt.Errorf("read %s: %w", path, err)
	}
	return list, nil
}

func read(ctx context.Context, path string) ([]Update, error) {
	src, err := locate(path)
	if err != nil {
		return nil, err
	}
	defer src.remove()
	db, err := sql.Open("sqlite", src.dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // the pragmas hold for one connection
	for _, p := range []string{"trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"} {
		if _, err := db.ExecContext(ctx, "PRAGMA "+p); err != nil {
			return nil, err
		}
	}
	have, err := columns(ctx, db)
	if err != nil {
		return nil, err
	}
	return rows(ctx, db, have)
}

// columns gives the stored columns of COMPLETEDUPDATES, in upper case.
func columns(ctx context.Context, db *sql.DB) (map[string]bool, error) {
	var n int
	// A view or a virtual table has root page 0.
	const is = `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND upper(name) = 'COMPLETEDUPDATES' AND rootpage > 0`
	if err := db.QueryRowContext(ctx, is).Scan(&n); err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fmt.Errorf("no table COMPLETEDUPDATES: %w", format.ErrNotThis)
	}
	q, err := db.QueryContext(ctx, `SELECT name FROM pragma_table_xinfo('COMPLETEDUPDATES') WHERE hidden = 0`)
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

func rows(ctx context.Context, db *sql.DB, have map[string]bool) ([]Update, error) {
	var list []Update
	total := 0
	var u Update
	var at int64
	fields := []struct {
		name string
		to   any
	}{
		{"PROVIDERID", &u.ProviderID},
		{"UPDATEID", &u.UpdateID},
		{"TITLE", &u.Title},
		{"DESCRIPTION", &u.Description},
		{"MOREINFOURL", &u.MoreInfoURL},
		{"HISTORYCATEGORY", &u.Category},
		{"METADATA", &u.Metadata},
		{"TIME", &at},
		{"UNINSTALL", &u.Uninstall},
		{"WASREBOOTREQUIRED", &u.Rebooted},
		{"FOROS", &u.ForOS},
	}
	ask, to := rowid(have), []any{&u.Row}
	for _, f := range fields {
		ask, to = ask+", "+expression(f.name, f.to, have[f.name]), append(to, f.to)
	}
	q, err := db.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM COMPLETEDUPDATES LIMIT %d", ask, maxRows))
	if err != nil {
		return nil, err
	}
	defer q.Close()
	for q.Next() {
		if err := q.Scan(to...); err != nil {
			return list, err
		}
		u.Time = unix(at)
		list = append(list, u)
		total += len(u.Title) + len(u.Description) + len(u.Metadata) + len(u.UpdateID) + len(u.MoreInfoURL)
		if total > maxTotal {
			return list, fmt.Errorf("more than %d MB of text", maxTotal>>20)
		}
	}
	if err := q.Err(); err != nil {
		return list, err
	}
	if len(list) == maxRows {
		return list, fmt.Errorf("more than %d rows", maxRows-1)
	}
	return list, nil
}

// rowid names the row's number. A table may hide it behind columns of the same names; then it is 0.
func rowid(have map[string]bool) string {
	for _, name := range []string{"ROWID", "_ROWID_", "OID"} {
		if !have[name] {
			return name
		}
	}
	return "0"
}

// expression reads one column as what its field wants, whatever type SQLite has stored.
func expression(name string, to any, have bool) string {
	switch to.(type) {
	case *bool:
		if !have {
			return "0"
		}
		return fmt.Sprintf(`coalesce(CAST(%q AS INTEGER), 0) <> 0`, name)
	case *int64:
		if !have {
			return "0"
		}
		return fmt.Sprintf(`coalesce(CAST(%q AS INTEGER), 0)`, name)
	}
	if !have {
		return "''"
	}
	return fmt.Sprintf(`coalesce(substr(CAST(%q AS TEXT), 1, %d), '')`, name, maxText)
}

// unix takes seconds since 1970; what lies beyond the year 9999 is no such time.
func unix(at int64) time.Time {
	if at <= 0 || at > 253402300799 {
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}
