package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"

	"github.com/redx-update/redx/internal/store"
)

// FileStates implements store.Files.
func (s *Store) FileStates(ctx context.Context) (map[[20]byte]store.FileState, error) {
	all := map[[20]byte]store.FileState{}
	_, err := list(ctx, s.read, func(rows *sql.Rows) (struct{}, error) {
		var f store.FileState
		var sha1, sha256 []byte
		var since, checked int64
		err := rows.Scan(&sha1, &sha256, &f.File.Name, &f.File.Size, &f.Condition, &f.Problem, &since, &checked, &f.Stamp)
		copy(f.File.SHA1[:], sha1)
		copy(f.File.SHA256[:], sha256)
		f.Since, f.Checked = instant(since), instant(checked)
		all[f.File.SHA1] = f
		return struct{}{}, err
	}, "SELECT sha1, sha256, name, size, condition, problem, since, checked, stamp FROM files")
	return all, err
}

// SetFileState implements store.Files.
func (s *Store) SetFileState(ctx context.Context, sha1 [20]byte, f store.FileState) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var before store.Condition
		var since int64
		err := tx.QueryRowContext(ctx, "SELECT condition, since FROM files WHERE sha1 = ?", sha1[:]).Scan(&before, &since)
		if err != nil {
			return missing(err, "file "+hex.EncodeToString(sha1[:]))
		}
		if before != f.Condition {
			at, err := tick(ctx, tx)
			if err != nil {
				return err
			}
			since = millis(at)
		}
		_, err = tx.ExecContext(ctx, "UPDATE files SET condition = ?, problem = ?, since = ?, checked = ?, stamp = ? WHERE sha1 = ?",
			f.Condition, f.Problem, since, millis(f.Checked), f.Stamp, sha1[:])
		return err
	})
}
