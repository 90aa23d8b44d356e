package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/store"
)

const computerColumns = "id, name, address, asks_for, member_of, first_seen, last_seen, last_sync, last_report, details, installed"

// Enroll implements store.Computers.
func (s *Store) Enroll(ctx context.Context, seen store.Sighting) (store.Computer, error) {
	var c store.Computer
	err := s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := sight(ctx, tx, seen)
		if err != nil {
			return err
		}
		c, err = computer(ctx, tx, "id = ?", seen.ID)
		return err
	})
	return c, err
}

func sight(ctx context.Context, tx *sql.Tx, seen store.Sighting) error {
	now := millis(seen.Time)
	groups, err := askedGroups(ctx, tx, seen.Group)
	if err != nil {
		return err
	}
	var before, asked string
	err = tx.QueryRowContext(ctx, "SELECT name, asks_for FROM computers WHERE id = ?", seen.ID).Scan(&before, &asked)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, err = tx.ExecContext(ctx, "INSERT INTO computers (id, name, address, asks_for, member_of, first_seen, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?)",
			seen.ID, seen.Name, seen.Address, seen.Group, groups, now, now)
	case err != nil:
	case asked != seen.Group && groups != "[]":
		_, err = tx.ExecContext(ctx, "UPDATE computers SET name = ?, address = ?, asks_for = ?, member_of = ?, last_seen = ? WHERE id = ?",
			seen.Name, seen.Address, seen.Group, groups, now, seen.ID)
	default:
		_, err = tx.ExecContext(ctx, "UPDATE computers SET name = ?, address = ?, asks_for = ?, last_seen = ? WHERE id = ?",
			seen.Name, seen.Address, seen.Group, now, seen.ID)
	}
	if err != nil {
		return err
	}
	return rename(ctx, tx, seen, before)
}

// rename notes the name, and whether the id comes back to it from another.
func rename(ctx context.Context, tx *sql.Tx, seen store.Sighting, before string) error {
	returned := 0
	if before != "" && !strings.EqualFold(before, seen.Name) {
		returned = 1
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO names (computer, name, last, returned) VALUES (?, ?, ?, 0)
		ON CONFLICT (computer, name) DO UPDATE SET last = excluded.last, returned = returned + ?`,
		seen.ID, seen.Name, millis(seen.Time), returned)
	if err != nil {
		return err
	}
	// The name is the client's word: it cannot have as many as it likes.
	_, err = tx.ExecContext(ctx, `DELETE FROM names WHERE computer = ? AND name NOT IN
		(SELECT name FROM names WHERE computer = ? ORDER BY last DESC LIMIT 10)`, seen.ID, seen.ID)
	return err
}

// askedGroups finds the groups that a client asks for, separated by semicolons; unless the server alone decides.
func askedGroups(ctx context.Context, tx *sql.Tx, asked string) (string, error) {
	mode, err := setting(ctx, tx, "user."+store.TargetingSetting)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	groups := []deploy.GroupID{}
	if string(mode) == store.ServerSide {
		return "[]", nil
	}
	for word := range strings.SplitSeq(asked, ";") {
		var id deploy.GroupID
		err := tx.QueryRowContext(ctx, "SELECT id FROM groups WHERE name = ? AND id > 2", strings.TrimSpace(word)).Scan(&id)
		if err == nil {
			groups = append(groups, id)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return "", err
		}
	}
	b, err := json.Marshal(groups)
	return string(b), err
}

// Register implements store.Computers.
func (s *Store) Register(ctx context.Context, id string, d store.Details) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return s.change(ctx, "computer "+id, "UPDATE computers SET details = ? WHERE id = ?", string(b), id)
}

// change runs a statement that must meet a row.
func (s *Store) change(ctx context.Context, what, query string, args ...any) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fmt.Errorf("%s: %w", what, store.ErrNotFound)
	})
}

// Synced implements store.Computers.
func (s *Store) Synced(ctx context.Context, all []store.Synced) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, sync := range all {
			_, err := tx.ExecContext(ctx, "UPDATE computers SET last_sync = ?, last_seen = max(last_seen, ?), installed = coalesce(?, installed) WHERE id = ?",
				millis(sync.Time), millis(sync.Time), packIDs(sync.Installed), sync.Computer)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Computer implements store.Computers.
func (s *Store) Computer(ctx context.Context, idOrName string) (store.Computer, error) {
	c, err := computer(ctx, s.read, "id = ?", idOrName)
	if !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	named, err := list(ctx, s.read, func(rows *sql.Rows) (id string, err error) {
		err = rows.Scan(&id)
		return id, err
	}, "SELECT id FROM computers WHERE name = ? LIMIT 2", idOrName)
	switch {
	case err != nil:
		return store.Computer{}, err
	case len(named) > 1:
		return store.Computer{}, fmt.Errorf("computer %s: several have this name, so name one by its id: %w", idOrName, store.ErrNotFound)
	}
	return computer(ctx, s.read, "name = ?", idOrName)
}

func computer(ctx context.Context, q querier, where, arg string) (store.Computer, error) {
	all, err := list(ctx, q, scanComputer, "SELECT "+computerColumns+" FROM computers WHERE "+where, arg)
	if err != nil {
		return store.Computer{}, err
	}
	if len(all) == 0 {
		return store.Computer{}, fmt.Errorf("computer %s: %w", arg, store.ErrNotFound)
	}
	names, err := list(ctx, q, func(rows *sql.Rows) (store.Name, error) {
		return scanName(rows)
	}, "SELECT name, last, returned FROM names WHERE computer = ? ORDER BY last DESC", all[0].ID)
	for _, n := range names {
		addName(&all[0], n)
	}
	return all[0], err
}

func addName(c *store.Computer, n store.Name) {
	if strings.EqualFold(n.Name, c.Name) {
		c.Returned = n.Returned
		return
	}
	c.AlsoKnownAs = append(c.AlsoKnownAs, n)
}

func scanName(rows *sql.Rows, more ...any) (store.Name, error) {
	var n store.Name
	var last int64
	err := rows.Scan(append([]any{&n.Name, &last, &n.Returned}, more...)...)
	n.Last = instant(last)
	return n, err
}

func scanComputer(rows *sql.Rows) (store.Computer, error) {
	var c store.Computer
	var groups, details string
	var first, last, sync, report int64
	var installed []byte
	err := rows.Scan(&c.ID, &c.Name, &c.Address, &c.AsksFor, &groups, &first, &last, &sync, &report, &details, &installed)
	if err != nil {
		return c, err
	}
	c.FirstSeen, c.LastSeen, c.LastSync, c.LastReport = instant(first), instant(last), instant(sync), instant(report)
	c.Installed = unpackIDs(installed)
	c.Registered = details != ""
	if c.Registered {
		if err := json.Unmarshal([]byte(details), &c.Details); err != nil {
			return c, err
		}
	}
	return c, json.Unmarshal([]byte(groups), &c.Groups)
}

// Computers implements store.Computers.
func (s *Store) Computers(ctx context.Context) ([]store.Computer, error) {
	all, err := list(ctx, s.read, scanComputer, "SELECT "+computerColumns+" FROM computers ORDER BY name, id")
	if err != nil {
		return nil, err
	}
	place := map[string]int{}
	for i := range all {
		place[all[i].ID] = i
	}
	_, err = list(ctx, s.read, func(rows *sql.Rows) (struct{}, error) {
		var id string
		n, err := scanName(rows, &id)
		if i, ok := place[id]; ok {
			addName(&all[i], n)
		}
		return struct{}{}, err
	}, "SELECT name, last, returned, computer FROM names ORDER BY last DESC")
	return all, err
}

// SetGroups implements store.Computers.
func (s *Store) SetGroups(ctx context.Context, id string, groups []deploy.GroupID) error {
	if groups == nil {
		groups = []deploy.GroupID{}
	}
	b, err := json.Marshal(groups)
	if err != nil {
		return err
	}
	return s.change(ctx, "computer "+id, "UPDATE computers SET member_of = ? WHERE id = ?", string(b), id)
}

// RemoveComputer implements store.Computers.
func (s *Store) RemoveComputer(ctx context.Context, id string) error {
	return s.change(ctx, "computer "+id, "DELETE FROM computers WHERE id = ?", id)
}
