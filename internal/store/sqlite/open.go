// Package sqlite is the store in one SQLite file. It is not made for several servers at once, but commands may change
// the file while the server runs. Its invariant: every write is committed with synchronous=FULL before it is
// acknowledged.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/redx-update/redx/internal/store"
)

//go:embed migration/*.sql
var migrations embed.FS

// readers is how many connections read at once; readers do not wait for the writer.
const readers = 4

// cacheKB is what connections of one kind keep of the file, together; the system keeps it as well.
const cacheKB = 16_000

// Store implements store.Store.
type Store struct {
	read, write *sql.DB
	queue       *queue
}

var _ store.Store = (*Store)(nil)

// Open opens the file or makes it, and brings an older one up to date.
func Open(ctx context.Context, path string) (*Store, error) {
	write, err := connect(path, 1)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, write); err != nil {
		return nil, closing(write, fmt.Errorf("migrate %s: %w", path, err))
	}
	read, err := connect(path, readers)
	if err != nil {
		return nil, closing(write, err)
	}
	s := &Store{read: read, write: write, queue: newQueue(write)}
	if err := s.begin(ctx); err != nil {
		_ = s.Close() // the first error says more
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

func closing(db *sql.DB, err error) error {
	_ = db.Close() // the first error says more
	return err
}

func connect(path string, connections int) (*sql.DB, error) {
	pragmas := []string{"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", fmt.Sprintf("cache_size(-%d)", cacheKB/connections)}
	query := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	// A path may hold ? or #, which would end it; % begins an escape.
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	db, err := sql.Open("sqlite", "file:"+escaped+"?"+query.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// migrate runs the migrations that the file has not had, each in a transaction of its own.
func migrate(ctx context.Context, db *sql.DB) error {
	names, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return err
	}
	for n, name := range names {
		script, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if err := step(ctx, db, n+1, string(script)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return newer(ctx, db, len(names))
}

func step(ctx context.Context, db *sql.DB, version int, script string) error {
	return inTx(ctx, db, func(tx *sql.Tx) error {
		var have int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil || have >= version {
			return err
		}
		if _, err := tx.ExecContext(ctx, script); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
}

// newer refuses a file that a later redx made.
func newer(ctx context.Context, db *sql.DB, known int) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have > known {
		return fmt.Errorf("version %d is of a newer redx; this one knows %d", have, known)
	}
	return nil
}

func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the first error says more
		return err
	}
	return tx.Commit()
}

// Close waits for what is being written and closes the file.
func (s *Store) Close() error {
	s.queue.close()
	err := s.read.Close()
	if e := s.write.Close(); err == nil {
		err = e
	}
	return err
}
