package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
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
	about, ended, failed := ending(e)
	r, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO events (computer, instance, time, body, guid, ended, failed) VALUES (?, ?, ?, ?, ?, ?, ?)",
		computer, e.Instance[:], millis(e.When()), string(body), about, ended, failed)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err // sent before
	}
	if full, err := isFull(ctx, tx, computer); err != nil || full && e.IsStatus() {
		return err
	}
	for _, st := range e.States(computer) {
		if err := addState(ctx, tx, st); err != nil {
			return err
		}
	}
	return nil
}

// maxStates is how many updates a computer can speak of before what it reports of all of them is no longer kept by update:
// more than any server has for one computer.
const maxStates = 20000

func isFull(ctx context.Context, tx *sql.Tx, computer string) (bool, error) {
	n, err := count(ctx, tx, "SELECT coalesce(sum(failed + needed + restart + installed), 0) FROM tallies WHERE computer = ?", computer)
	return n >= maxStates, err
}

// ending says which update an event is about, and when it ended an attempt.
func ending(e *store.Event) (about []byte, ended sql.NullInt64, failed bool) {
	if !e.Update.GUID.IsZero() {
		about = e.Update.GUID[:]
	}
	a, ok := e.Attempt()
	if !ok {
		return about, ended, false
	}
	return about, sql.NullInt64{Int64: millis(e.When()), Valid: true}, a.Result == update.Failed
}

// clockSlack is by how much a computer's clock may be behind, when what it installed is compared with what the server knew.
const clockSlack = 2 * time.Minute

// addState keeps the latest that a computer said of an update. A status event tells what is needed without a code, and
// does not wipe out the code of the failure that it follows.
func addState(ctx context.Context, tx *sql.Tx, st store.State) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO states (computer, guid, standing, code, time) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (computer, guid) DO UPDATE SET standing = excluded.standing, time = excluded.time,
			code = iif(excluded.code = 0 AND excluded.standing = 'failed', code, excluded.code)
		WHERE excluded.time >= time`,
		st.Computer, st.Update[:], st.Standing, int64(st.Code), millis(st.Time))
	if err == nil && st.Standing == store.Installed {
		_, err = tx.ExecContext(ctx, "DELETE FROM causes WHERE computer = ? AND guid = ? AND time <= ?", st.Computer, st.Update[:], millis(st.Time.Add(clockSlack)))
	}
	return err
}

// Events implements store.Reports.
func (s *Store) Events(ctx context.Context, computer string, limit int) ([]store.Event, error) {
	return list(ctx, s.read, scanEvent, "SELECT body FROM events WHERE computer = ? ORDER BY time DESC, instance LIMIT ?", computer, limit)
}

// States implements store.Reports.
func (s *Store) States(ctx context.Context, computer string) ([]store.State, error) {
	return list(ctx, s.read, scanState,
		"SELECT computer, guid, standing, code, time FROM states WHERE ?1 = '' OR computer = ?1 ORDER BY computer, guid", computer)
}

func scanState(rows *sql.Rows) (store.State, error) {
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
		if err != nil {
			return err
		}
		return setCauses(ctx, tx, &f)
	})
}

func setCauses(ctx context.Context, tx *sql.Tx, f *store.Finding) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM causes WHERE computer = ?", f.Computer); err != nil {
		return err
	}
	for i := range f.Causes {
		c := &f.Causes[i]
		var about []byte
		if !c.Update.IsZero() {
			about = c.Update[:]
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO causes (computer, cause, check_name, title, kb, guid, missing, time)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			f.Computer, c.Key, c.Check, c.Title, c.KB, about, c.Missing, millis(f.Time))
		if err != nil {
			return err
		}
	}
	return nil
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
