package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/store"
)

// toldFor is how long it counts that a computer has sent a finding.
const toldFor = 24 * time.Hour

// ToldFindings implements store.Healings.
func (s *Store) ToldFindings(ctx context.Context, computer string, at time.Time, ids []string) (map[string]int, error) {
	counts := map[string]int{}
	err := s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM told WHERE time <= ?", millis(at.Add(-toldFor))); err != nil {
			return err
		}
		for _, id := range ids {
			_, err := tx.ExecContext(ctx, `INSERT INTO told (finding, computer, time) VALUES (?, ?, ?)
				ON CONFLICT DO UPDATE SET time = excluded.time`, id, computer, millis(at))
			if err != nil {
				return err
			}
			n, err := count(ctx, tx, `SELECT count(*) FROM told WHERE finding = ?1 AND time >
				coalesce((SELECT since FROM healing WHERE what = ?1 AND NOT paused), 0)`, id)
			if err != nil {
				return err
			}
			counts[id] = n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count the findings of %s: %w", computer, err)
	}
	return counts, nil
}

// PauseHealing implements store.Healings.
func (s *Store) PauseHealing(ctx context.Context, p store.HealingPause) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO healing (what, paused, since, why) VALUES (?, 1, ?, ?)
			ON CONFLICT (what) DO UPDATE SET paused = 1, since = excluded.since, why = excluded.why WHERE NOT paused`,
			p.What, millis(p.Since), p.Why)
		return err
	})
}

// ResumeHealing implements store.Healings.
func (s *Store) ResumeHealing(ctx context.Context, what string, at time.Time) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "UPDATE healing SET paused = 0, since = ?, why = '' WHERE what = ? AND paused", millis(at), what)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return missing(sql.ErrNoRows, "pause of "+what)
		}
		return nil
	})
}

// HealingPauses implements store.Healings.
func (s *Store) HealingPauses(ctx context.Context) ([]store.HealingPause, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (store.HealingPause, error) {
		var p store.HealingPause
		var at int64
		err := rows.Scan(&p.What, &at, &p.Why)
		p.Since = instant(at)
		return p, err
	}, "SELECT what, since, why FROM healing WHERE paused ORDER BY what")
}
