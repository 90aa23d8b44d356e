package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/store"
)

// AddEvents implements store.Reports.
func (s *Store) AddEvents(ctx context.Context, computer string, events []store.Event) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "UPDATE computers SET last_report = ? WHERE id = ?", time.Now().UnixMilli(), computer)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return missing(sql.ErrNoRows, "computer "+computer)
		}
		for i := range events {
			if err := addEvent(ctx, tx, computer, &events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func addEvent(ctx context.Context, tx *sql.Tx, computer string, e *store.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	r, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO events (computer, instance, time, body) VALUES (?, ?, ?, ?)",
		computer, e.Instance[:], millis(e.Time), string(body))
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err // sent before
	}
	for _, st := range e.States(computer) {
		if err := addState(ctx, tx, st); err != nil {
			return err
		}
	}
	return nil
}

// addState keeps the latest that a computer said of an update. A status event tells what is needed without a code, and
// does not wipe out the code of the failure that it follows.
func addState(ctx context.Context, tx *sql.Tx, st store.State) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO states (computer, guid, standing, code, time) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (computer, guid) DO UPDATE SET standing = excluded.standing, time = excluded.time,
			code = iif(excluded.code = 0 AND excluded.standing = 'failed', code, excluded.code)
		WHERE excluded.time >= time`,
		st.Computer, st.Update[:], st.Standing, int64(st.Code), millis(st.Time))
	return err
}

// Events implements store.Reports.
func (s *Store) Events(ctx context.Context, computer string, limit int) ([]store.Event, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (store.Event, error) {
		var body []byte
		var e store.Event
		if err := rows.Scan(&body); err != nil {
			return e, err
		}
		return e, json.Unmarshal(body, &e)
	}, "SELECT body FROM events WHERE computer = ? ORDER BY time DESC, instance LIMIT ?", computer, limit)
}

// States implements store.Reports.
func (s *Store) States(ctx context.Context, computer string) ([]store.State, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (store.State, error) {
		var st store.State
		var g []byte
		var code, at int64
		if err := rows.Scan(&st.Computer, &g, &st.Standing, &code, &at); err != nil {
			return st, err
		}
		var err error
		st.Code, st.Time = hresult.Code(code), instant(at)
		st.Update, err = asGUID(g)
		return st, err
	}, "SELECT computer, guid, standing, code, time FROM states WHERE ?1 = '' OR computer = ?1 ORDER BY computer, guid", computer)
}

// keptFindings is how many findings of a computer stay.
const keptFindings = 20

// AddFinding implements store.Reports.
func (s *Store) AddFinding(ctx context.Context, f store.Finding) error {
	return s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := count(ctx, tx, "SELECT count(*) FROM computers WHERE id = ?", f.Computer)
		if err == nil && n == 0 {
			err = missing(sql.ErrNoRows, "computer "+f.Computer)
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO findings (computer, time, json) VALUES (?, ?, ?)", f.Computer, millis(f.Time), f.JSON); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM findings WHERE computer = ? AND id NOT IN
			(SELECT id FROM findings WHERE computer = ? ORDER BY id DESC LIMIT ?)`, f.Computer, f.Computer, keptFindings)
		return err
	})
}

// Findings implements store.Reports.
func (s *Store) Findings(ctx context.Context, computer string) ([]store.Finding, error) {
	all, err := list(ctx, s.read, func(rows *sql.Rows) (store.Finding, error) {
		f := store.Finding{Computer: computer}
		var at int64
		err := rows.Scan(&at, &f.JSON)
		f.Time = instant(at)
		return f, err
	}, "SELECT time, json FROM findings WHERE computer = ? ORDER BY id DESC", computer)
	if err != nil {
		return nil, fmt.Errorf("findings of %s: %w", computer, err)
	}
	return all, nil
}
