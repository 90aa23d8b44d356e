package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/store"
)

// Groups implements store.Groups.
func (s *Store) Groups(ctx context.Context) ([]deploy.Group, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (deploy.Group, error) {
		var g deploy.Group
		return g, rows.Scan(&g.ID, &g.Name, &g.Parent)
	}, "SELECT id, name, parent FROM groups ORDER BY id")
}

// AddGroup implements store.Groups.
func (s *Store) AddGroup(ctx context.Context, name string, parent deploy.GroupID) (deploy.Group, error) {
	g := deploy.Group{Name: strings.TrimSpace(name), Parent: parent}
	if g.Name == "" || strings.Contains(g.Name, ";") {
		return g, fmt.Errorf("a group needs a name without semicolons, not %q", name)
	}
	err := s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := count(ctx, tx, "SELECT count(*) FROM groups WHERE name = ?", g.Name)
		if err == nil && n > 0 {
			err = fmt.Errorf("group %s: %w", g.Name, store.ErrExists)
		}
		if err != nil {
			return err
		}
		if n, err = count(ctx, tx, "SELECT count(*) FROM groups WHERE id = ?", parent); err == nil && n == 0 {
			err = fmt.Errorf("group %d: %w", parent, store.ErrNotFound)
		}
		if err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, "INSERT INTO groups (name, parent) VALUES (?, ?)", g.Name, parent)
		if err != nil {
			return err
		}
		id, err := r.LastInsertId()
		if err != nil {
			return err
		}
		g.ID = deploy.GroupID(id)
		_, err = tick(ctx, tx)
		return err
	})
	return g, err
}

func count(ctx context.Context, q rowQuerier, query string, args ...any) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// RemoveGroup implements store.Groups.
func (s *Store) RemoveGroup(ctx context.Context, id deploy.GroupID) error {
	if id == deploy.AllComputers || id == deploy.Unassigned {
		return errors.New("it is always there")
	}
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		below, err := count(ctx, tx, "SELECT count(*) FROM groups WHERE parent = ?", id)
		if err == nil && below > 0 {
			err = errors.New("it has groups below it")
		}
		if err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, "DELETE FROM groups WHERE id = ?", id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return missing(sql.ErrNoRows, fmt.Sprintf("group %d", id))
		}
		if _, err := tick(ctx, tx); err != nil {
			return err
		}
		return leave(ctx, tx, id)
	})
}

// leave takes a group out of its computers' lists.
func leave(ctx context.Context, tx *sql.Tx, id deploy.GroupID) error {
	_, err := tx.ExecContext(ctx, `UPDATE computers SET member_of =
		(SELECT json_group_array(value) FROM json_each(member_of) WHERE value <> ?)
		WHERE EXISTS (SELECT 1 FROM json_each(member_of) WHERE value = ?)`, id, id)
	return err
}
