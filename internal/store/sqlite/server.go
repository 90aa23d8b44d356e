package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
)

// The settings that the store itself keeps.
const (
	serverKey = "store.server"
	epochKey  = "store.epoch"
	clockKey  = "store.clock"
	configKey = "store.config-changed"
	secretKey = "secret."
)

// epochGap is how far the numbers jump at a restore: more than a server gives between two backups.
const epochGap = 1 << 20

// maxNumber keeps RevisionIDs below the numbers of implicit deployments.
const maxNumber = 1 << 30

// begin gives a new store its identity.
func (s *Store) begin(ctx context.Context) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := setting(ctx, tx, serverKey); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		var g guid.GUID
		if _, err := rand.Read(g[:]); err != nil {
			return err
		}
		at, err := tick(ctx, tx)
		if err != nil {
			return err
		}
		for name, value := range map[string]string{
			serverKey: g.String(), epochKey: "1", configKey: strconv.FormatInt(at.UnixMilli(), 10),
		} {
			if err := set(ctx, tx, name, []byte(value)); err != nil {
				return err
			}
		}
		return nil
	})
}

// tick gives a time for a change: now, or just after the last change when the clock was set back. It is the store's
// version as well.
func tick(ctx context.Context, tx *sql.Tx) (time.Time, error) {
	last, err := number(ctx, tx, clockKey)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return time.Time{}, err
	}
	now := max(time.Now().UnixMilli(), last+1)
	return instant(now), set(ctx, tx, clockKey, []byte(strconv.FormatInt(now, 10)))
}

// rowQuerier is a database or a transaction.
type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func setting(ctx context.Context, q rowQuerier, name string) ([]byte, error) {
	var value []byte
	err := q.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = ?", name).Scan(&value)
	return value, missing(err, "setting "+name)
}

// missing makes the database's word for nothing the store's.
func missing(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, store.ErrNotFound)
	}
	return err
}

func number(ctx context.Context, q rowQuerier, name string) (int64, error) {
	b, err := setting(ctx, q, name)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(b), 10, 64)
}

func set(ctx context.Context, tx *sql.Tx, name string, value []byte) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

// Identity implements store.Server.
func (s *Store) Identity(ctx context.Context) (store.Identity, error) { return identity(ctx, s.read) }

func identity(ctx context.Context, q rowQuerier) (store.Identity, error) {
	var id store.Identity
	name, err := setting(ctx, q, serverKey)
	if err != nil {
		return id, err
	}
	if id.Server, err = guid.Parse(string(name)); err != nil {
		return id, err
	}
	if id.Epoch, err = number(ctx, q, epochKey); err != nil {
		return id, err
	}
	changed, err := number(ctx, q, configKey)
	id.ConfigChanged = instant(changed)
	return id, err
}

// NewEpoch implements store.Server.
func (s *Store) NewEpoch(ctx context.Context) (store.Identity, error) {
	var id store.Identity
	err := s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		epoch, err := number(ctx, tx, epochKey)
		if err != nil {
			return err
		}
		if err := jump(ctx, tx); err != nil {
			return err
		}
		if err := set(ctx, tx, epochKey, []byte(strconv.FormatInt(epoch+1, 10))); err != nil {
			return err
		}
		if err := configChanged(ctx, tx); err != nil {
			return err
		}
		id, err = identity(ctx, tx)
		return err
	})
	return id, err
}

func jump(ctx context.Context, tx *sql.Tx) error {
	for _, table := range []string{"revisions", "approvals"} {
		var last int64
		err := tx.QueryRowContext(ctx, "SELECT seq FROM sqlite_sequence WHERE name = ?", table).Scan(&last)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if last+2*epochGap > maxNumber {
			return fmt.Errorf("the numbers of %s are used up after so many restores", table)
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM sqlite_sequence WHERE name = ?", table); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, last+epochGap); err != nil {
			return err
		}
	}
	return nil
}

func configChanged(ctx context.Context, tx *sql.Tx) error {
	at, err := tick(ctx, tx)
	if err != nil {
		return err
	}
	return set(ctx, tx, configKey, []byte(strconv.FormatInt(at.UnixMilli(), 10)))
}

// Secret implements store.Server.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	if b, err := setting(ctx, s.read, secretKey+name); !errors.Is(err, store.ErrNotFound) {
		return b, err
	}
	var secret []byte
	err := s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if secret, err = setting(ctx, tx, secretKey+name); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		secret = make([]byte, 32)
		if _, err := rand.Read(secret); err != nil {
			return err
		}
		return set(ctx, tx, secretKey+name, secret)
	})
	return secret, err
}

// Setting implements store.Server.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	b, err := setting(ctx, s.read, "user."+name)
	return string(b), err
}

// SetSetting implements store.Server.
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		old, err := setting(ctx, tx, "user."+name)
		if err == nil && string(old) == value {
			return nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if strings.HasPrefix(name, "config.") {
			if err := configChanged(ctx, tx); err != nil {
				return err
			}
		}
		return set(ctx, tx, "user."+name, []byte(value))
	})
}

// Version implements store.Server.
func (s *Store) Version(ctx context.Context) (int64, error) { return number(ctx, s.read, clockKey) }
