package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/sqlitefile"
)

// maxFile bounds a vault that is written to; ten thousand attempts take some megabytes.
const maxFile = 1 << 30

// unusableError says why a file cannot be gone on with: it is damaged, or no vault.
type unusableError struct{ err error }

func (e *unusableError) Error() string { return e.err.Error() }
func (e *unusableError) Unwrap() error { return e.err }

func asUnusable(err error, to **unusableError) bool { return errors.As(err, to) }

func unusable(text string, args ...any) error { return &unusableError{fmt.Errorf(text, args...)} }

// sidecars are the files that SQLite may keep beside a database.
var sidecars = []string{"-journal", "-wal", "-shm"}

// checkReal wants a real folder, and regular files or none: SQLite follows links, and in an image of another computer
// a link can lead anywhere.
func checkReal(folder, path string) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no real folder", folder)
	}
	for _, suffix := range append([]string{""}, sidecars...) {
		info, err := os.Lstat(path + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is no regular file", path+suffix)
		case info.Size() > maxFile:
			return fmt.Errorf("%s is larger than %d MB", path+suffix, maxFile>>20)
		}
	}
	return nil
}

// settings are those of every connection. In truncate mode the end of a commit is a sync of the emptied journal, which
// needs no sync of the folder (Windows has none), and the single file is whole whenever nobody writes.
var settings = []string{
	"trusted_schema = OFF", "cell_size_check = ON", "busy_timeout = 5000", "journal_mode = TRUNCATE", "synchronous = FULL",
}

// open opens the vault for writing and makes it when there is none. An unusableError stands for one that is damaged or
// no vault.
func open(ctx context.Context, path string) (*sql.DB, error) {
	if others, err := sqlitefile.NamesOthers(path); err != nil {
		return nil, err
	} else if others {
		return nil, unusable("its journal names other files, which redx never writes")
	}
	db, err := sql.Open("sqlite", sqlitefile.DSN(path, "mode=rwc&_txlock=immediate"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // the settings hold for one connection
	if err := ready(ctx, db); err != nil {
		if sqlitefile.Damaged(err) {
			err = &unusableError{err}
		}
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func ready(ctx context.Context, db *sql.DB) error {
	for _, s := range settings {
		if _, err := db.ExecContext(ctx, "PRAGMA "+s); err != nil {
			return err
		}
	}
	var result string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return unusable("damaged: %s", result)
	}
	return prepare(ctx, db)
}

// prepare looks whose database it is, and makes the table in an empty one.
func prepare(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to take back
	var app, have, objects int
	var sure string
	err = errors.Join(
		tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app),
		tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have),
		tx.QueryRowContext(ctx, "SELECT count(*), coalesce(max(CASE name WHEN 'account' THEN sql END), '') FROM sqlite_schema WHERE sql IS NOT NULL").Scan(&objects, &sure),
	)
	switch {
	case err != nil:
		return err
	case app == 0 && have == 0 && objects == 0:
		return create(ctx, tx)
	case app != application:
		return unusable("it is another program's database: %w", format.ErrNotThis)
	case have > version:
		return fmt.Errorf("version %d, this redx writes version %d: %w", have, version, ErrNewer)
	case have != version || objects != 1 || sure != schema:
		// Also a trigger, which would run when a row is written.
		return unusable("its tables are not those of a vault of version %d", version)
	}
	return nil
}

func create(ctx context.Context, tx *sql.Tx) error {
	for _, s := range []string{
		schema, fmt.Sprintf("PRAGMA application_id = %d", application), fmt.Sprintf("PRAGMA user_version = %d", version),
	} {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// putAside renames the vault to a name that nothing has, what SQLite keeps beside it first: a journal that is left
// behind would be played back into the next vault.
func putAside(path string) (string, error) {
	aside, err := freeName(path)
	if err != nil {
		return "", err
	}
	for _, suffix := range append(sidecars, "") {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

func freeName(path string) (string, error) {
	const most = 1000
	for n := 1; n <= most; n++ {
		name := path + ".aside"
		if n > 1 {
			name = fmt.Sprintf("%s.%d", name, n)
		}
		free := true
		for _, suffix := range append(sidecars, "") {
			if _, err := os.Lstat(name + suffix); !errors.Is(err, fs.ErrNotExist) {
				free = false
			}
		}
		if free {
			return name, nil
		}
	}
	return "", fmt.Errorf("%d files are put aside already: %w", most, fs.ErrExist)
}
