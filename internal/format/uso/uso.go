// Package uso reads store.db, the SQLite database in which the Update Session Orchestrator (UsoSvc, Windows 10 1709
// and later) keeps the updates it completed: %ProgramData%\USOPrivate\UpdateStore\store.db.
//
// No real store.db was at hand: table and column names are as published by others, columns are taken as they are
// found, and a missing one leaves its field empty.
package uso

import (
	"context"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/sqlitefile"
)

// Bounds for a hostile database; a real one has some hundred rows.
const (
	maxRows  = 100_000
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
	db, err := sqlitefile.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	have, err := db.Columns(ctx, "COMPLETEDUPDATES")
	if err != nil {
		return nil, err
	}
	return rows(ctx, db, have)
}

func rows(ctx context.Context, db *sqlitefile.Reader, have map[string]bool) ([]Update, error) {
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
	ask, to := sqlitefile.RowID(have), []any{&u.Row}
	for _, f := range fields {
		ask, to = ask+", "+sqlitefile.Column(f.name, f.to, have[f.name]), append(to, f.to)
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

// unix takes seconds since 1970; what lies beyond the year 9999 is no such time.
func unix(at int64) time.Time {
	if at <= 0 || at > 253402300799 {
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}
