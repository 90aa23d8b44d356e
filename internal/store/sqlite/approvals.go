package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/maintenance"
)

// Approvals implements store.Approvals.
func (s *Store) Approvals(ctx context.Context) ([]deploy.Approval, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (deploy.Approval, error) {
		var a deploy.Approval
		var g []byte
		var window string
		var deadline, changed int64
		err := rows.Scan(&a.ID, &g, &a.Group, &a.Choice, &deadline, &window, &changed)
		if err != nil {
			return a, err
		}
		if deadline != 0 {
			t := instant(deadline)
			a.Deadline = &t
		}
		a.Changed = instant(changed)
		if a.Window, err = maintenance.Parse(window); err != nil {
			return a, fmt.Errorf("window of approval %d: %w", a.ID, err)
		}
		a.Update, err = asGUID(g)
		return a, err
	}, "SELECT id, guid, target, choice, deadline, maintenance, changed FROM approvals ORDER BY id")
}

// Approve implements store.Approvals.
func (s *Store) Approve(ctx context.Context, a deploy.Approval) (deploy.Approval, error) {
	if !a.Choice.Valid() {
		return a, fmt.Errorf("no such choice: %q", a.Choice)
	}
	var deadline int64
	if a.Deadline != nil {
		deadline = millis(*a.Deadline)
	}
	err := s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := count(ctx, tx, "SELECT count(*) FROM groups WHERE id = ?", a.Group)
		if err == nil && n == 0 {
			err = missing(sql.ErrNoRows, fmt.Sprintf("group %d", a.Group))
		}
		if err != nil {
			return err
		}
		if a.Changed, err = tick(ctx, tx); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO approvals (guid, target, choice, deadline, maintenance, changed) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (guid, target) DO UPDATE SET choice = excluded.choice, deadline = excluded.deadline,
			maintenance = excluded.maintenance, changed = excluded.changed`,
			a.Update[:], a.Group, a.Choice, deadline, a.Window.String(), millis(a.Changed))
		if err != nil {
			return err
		}
		if a.Choice != deploy.NotApproved {
			if _, err := tx.ExecContext(ctx, "DELETE FROM declined WHERE guid = ?", a.Update[:]); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, "SELECT id FROM approvals WHERE guid = ? AND target = ?", a.Update[:], a.Group).Scan(&a.ID)
	})
	return a, err
}

// Declined implements store.Approvals.
func (s *Store) Declined(ctx context.Context) (map[guid.GUID]time.Time, error) {
	all := map[guid.GUID]time.Time{}
	_, err := list(ctx, s.read, func(rows *sql.Rows) (struct{}, error) {
		var b []byte
		var at int64
		if err := rows.Scan(&b, &at); err != nil {
			return struct{}{}, err
		}
		g, err := asGUID(b)
		all[g] = instant(at)
		return struct{}{}, err
	}, "SELECT guid, changed FROM declined")
	return all, err
}

// Decline implements store.Approvals.
func (s *Store) Decline(ctx context.Context, update guid.GUID) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		at, err := tick(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO declined (guid, changed) VALUES (?, ?)", update[:], millis(at)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE approvals SET choice = ?, deadline = 0, maintenance = '', changed = ? WHERE guid = ?", deploy.NotApproved, millis(at), update[:])
		return err
	})
}
