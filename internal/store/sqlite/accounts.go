package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/store"
)

func scanAccount(rows *sql.Rows) (store.Account, error) {
	var a store.Account
	var created int64
	err := rows.Scan(&a.Name, &a.Password, &created)
	a.Created = instant(created)
	return a, err
}

// Accounts implements store.Accounts.
func (s *Store) Accounts(ctx context.Context) ([]store.Account, error) {
	return list(ctx, s.read, scanAccount, "SELECT name, password, created FROM accounts ORDER BY name")
}

// Account implements store.Accounts.
func (s *Store) Account(ctx context.Context, name string) (store.Account, error) {
	all, err := list(ctx, s.read, scanAccount, "SELECT name, password, created FROM accounts WHERE name = ?", name)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("user %s: %w", name, store.ErrNotFound)
	}
	if err != nil {
		return store.Account{}, err
	}
	return all[0], nil
}

// AddAccount implements store.Accounts.
func (s *Store) AddAccount(ctx context.Context, a store.Account) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "INSERT INTO accounts (name, password, created) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
			a.Name, a.Password, millis(a.Created))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fmt.Errorf("user %s: %w", a.Name, store.ErrExists)
	})
}

// SetPassword implements store.Accounts.
func (s *Store) SetPassword(ctx context.Context, name, password string) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "UPDATE accounts SET password = ? WHERE name = ?", password, name)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("user %s: %w", name, store.ErrNotFound))
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM sessions WHERE account = ?", name)
		return err
	})
}

// RemoveAccount implements store.Accounts.
func (s *Store) RemoveAccount(ctx context.Context, name string) error {
	return s.change(ctx, "user "+name, "DELETE FROM accounts WHERE name = ?", name)
}

// AddToken implements store.Accounts.
func (s *Store) AddToken(ctx context.Context, t store.Token, only bool) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM tokens WHERE ? AND purpose = ? OR expires < ?", only, t.Purpose, time.Now().UnixMilli())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO tokens (digest, purpose, expires) VALUES (?, ?, ?)", t.Digest[:], t.Purpose, millis(t.Expires))
		return err
	})
}

// TakeToken implements store.Accounts.
func (s *Store) TakeToken(ctx context.Context, digest [32]byte, purpose string, now time.Time) error {
	return s.change(ctx, "token", "DELETE FROM tokens WHERE digest = ? AND purpose = ? AND expires >= ?", digest[:], purpose, millis(now))
}

// AddSession implements store.Accounts.
func (s *Store) AddSession(ctx context.Context, v store.Session, forget time.Time) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE began < ?", millis(forget)); err != nil {
			return err
		}
		account := sql.NullString{String: v.Account, Valid: v.Account != ""}
		_, err := tx.ExecContext(ctx, "INSERT INTO sessions (digest, account, began, used) VALUES (?, ?, ?, ?)",
			v.Digest[:], account, millis(v.Began), millis(v.Used))
		return err
	})
}

// Session implements store.Accounts.
func (s *Store) Session(ctx context.Context, digest [32]byte) (store.Session, error) {
	v := store.Session{Digest: digest}
	var began, used int64
	err := s.read.QueryRowContext(ctx, "SELECT coalesce(account, ''), began, used FROM sessions WHERE digest = ?", digest[:]).Scan(&v.Account, &began, &used)
	v.Began, v.Used = instant(began), instant(used)
	return v, missing(err, "session")
}

// TouchSession implements store.Accounts.
func (s *Store) TouchSession(ctx context.Context, digest [32]byte, at time.Time) error {
	return s.change(ctx, "session", "UPDATE sessions SET used = ? WHERE digest = ?", millis(at), digest[:])
}

// EndSession implements store.Accounts.
func (s *Store) EndSession(ctx context.Context, digest [32]byte) error {
	err := s.change(ctx, "session", "DELETE FROM sessions WHERE digest = ?", digest[:])
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
