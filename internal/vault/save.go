package vault

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	"github.com/redx-update/redx/internal/evidence"
)

// Saved says what a Save has done.
type Saved struct {
	New   int    // accounts that the vault did not have
	Known int    // accounts that it had
	Aside string // the name under which a damaged or foreign file was put aside; mostly empty
	Why   string // what was wrong with that file
}

// Save adds the attempts of a Set to the vault in a folder, which must be there and real, and makes it if need be. The
// Set should have what the vault has, as gather's does, so that a log that was rolled over is known again. Save returns when the disk has them; a power cut at any moment leaves the vault with all of them or without.
//
// Errors: ErrNewer; what SQLite or the system says, with the path.
func Save(ctx context.Context, folder string, set *evidence.Set) (Saved, error) {
	path := filepath.Join(folder, Name)
	saved, err := save(ctx, folder, path, set)
	if err != nil {
		return saved, fmt.Errorf("keep the history in %s: %w", path, err)
	}
	return saved, nil
}

func save(ctx context.Context, folder, path string, set *evidence.Set) (saved Saved, err error) {
	if err := checkReal(folder, path); err != nil {
		return saved, err
	}
	db, err := open(ctx, path)
	if bad := (*unusableError)(nil); asUnusable(err, &bad) {
		saved.Why = bad.Error()
		if saved.Aside, err = putAside(path); err != nil {
			return saved, fmt.Errorf("%w (put aside for: %s)", err, saved.Why)
		}
		db, err = open(ctx, path)
	}
	if err != nil {
		return saved, err
	}
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	saved.New, saved.Known, err = add(ctx, db, set)
	return saved, err
}

// insert keeps an account, or fills what an account that is kept already lacks. Without either it touches no row.
const insert = `INSERT INTO account (ident, nth, path, line, record, time, update_id, revision, kb, title, operation, phase,
		result, code, text, saved)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (ident, nth) DO UPDATE SET
		revision = CASE revision WHEN 0 THEN excluded.revision ELSE revision END,
		kb       = CASE kb WHEN '' THEN excluded.kb ELSE kb END,
		title    = CASE title WHEN '' THEN excluded.title ELSE title END
	WHERE revision = 0 AND excluded.revision <> 0 OR kb = '' AND excluded.kb <> '' OR title = '' AND excluded.title <> ''`

// add writes all accounts in one transaction.
func add(ctx context.Context, db *sql.DB, set *evidence.Set) (added, known int, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, 0, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to take back
	before, err := count(ctx, tx)
	if err != nil {
		return 0, 0, err
	}
	stmt, err := tx.PrepareContext(ctx, insert)
	if err != nil {
		return 0, 0, err
	}
	accounts := set.Accounts()
	now := evidence.FormatTime(time.Now().UTC().Truncate(time.Second), false)
	for i := range accounts {
		if _, err := stmt.ExecContext(ctx, row(&accounts[i], now)...); err != nil {
			return 0, 0, err
		}
	}
	after, err := count(ctx, tx)
	if err != nil {
		return 0, 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, 0, err
	}
	return after - before, len(accounts) - (after - before), nil
}

func count(ctx context.Context, tx *sql.Tx) (n int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM account`).Scan(&n)
	return n, err
}

// row gives the values of an account in the order of insert.
func row(a *evidence.Account, now string) []any {
	ident := sha256.Sum256([]byte(a.Ident))
	id := ""
	if !a.Update.ID.GUID.IsZero() {
		id = a.Update.ID.GUID.String()
	}
	return []any{
		ident[:], a.Nth, a.Origin.Path, a.Origin.Line, int64(a.Origin.Record), evidence.FormatTime(a.Time, a.Local), id,
		int64(a.Update.ID.Revision), string(a.Update.KB), a.Update.Title, a.Field(evidence.Operation),
		a.Field(evidence.Phase), a.Field(evidence.Result), int64(a.Code), a.Text, now,
	}
}
