package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/store"
)

// Of each cause, what one computer says of it: equal keys mean equal texts.
const causesQuery = `SELECT g.cause, g.n, g.since, g.last, x.check_name, x.title, x.kb, coalesce(x.guid, zeroblob(16)), x.missing
	FROM (SELECT cause, count(*) AS n, min(time) AS since, max(time) AS last FROM causes GROUP BY cause ORDER BY n DESC, cause LIMIT ?) g
	JOIN causes x ON x.cause = g.cause AND x.computer = (SELECT computer FROM causes y WHERE y.cause = g.cause LIMIT 1)
	ORDER BY g.n DESC, g.cause`

// Causes implements store.Fleet.
func (s *Store) Causes(ctx context.Context, limit int) ([]store.CauseCount, int, error) {
	all, err := list(ctx, s.read, scanCause, causesQuery, limit)
	if err != nil {
		return nil, 0, err
	}
	var n int
	err = s.read.QueryRowContext(ctx, "SELECT count(DISTINCT computer) FROM causes").Scan(&n)
	return all, n, err
}

func scanCause(rows *sql.Rows) (store.CauseCount, error) {
	var c store.CauseCount
	var since, last int64
	var g []byte
	if err := rows.Scan(&c.Key, &c.Computers, &since, &last, &c.Check, &c.Title, &c.KB, &g, &c.Missing); err != nil {
		return c, err
	}
	c.Since, c.Last = instant(since), instant(last)
	var err error
	c.Update, err = asGUID(g)
	return c, err
}

const dayMillis = 24 * 60 * 60 * 1000

const failuresByDayQuery = "SELECT ended / ? AS day, count(*) FROM events WHERE failed = 1 AND ended >= ? GROUP BY day"

// FailuresByDay implements store.Fleet.
func (s *Store) FailuresByDay(ctx context.Context, since time.Time) (map[time.Time]int, error) {
	days := map[time.Time]int{}
	_, err := list(ctx, s.read, func(rows *sql.Rows) (struct{}, error) {
		var day int64
		var n int
		err := rows.Scan(&day, &n)
		days[time.UnixMilli(day*dayMillis).UTC()] = n
		return struct{}{}, err
	}, failuresByDayQuery, dayMillis, millis(since))
	return days, err
}

const latestFailuresQuery = `SELECT e.computer, c.name, e.guid, e.ended, e.body FROM events e JOIN computers c ON c.id = e.computer
	WHERE e.failed = 1 ORDER BY e.ended DESC LIMIT ?`

// LatestFailures implements store.Fleet.
func (s *Store) LatestFailures(ctx context.Context, limit int) ([]store.Failure, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (store.Failure, error) {
		var f store.Failure
		var g, body []byte
		var at int64
		if err := rows.Scan(&f.Computer, &f.Name, &g, &at, &body); err != nil {
			return f, err
		}
		var e store.Event
		err := json.Unmarshal(body, &e)
		f.Update, f.Code, f.Time = e.Update.GUID, e.Code, instant(at)
		return f, err
	}, latestFailuresQuery, limit)
}

const (
	failedAtQuery = `SELECT s.computer, c.name, s.code, s.time FROM states s JOIN computers c ON c.id = s.computer
	WHERE s.guid = ? AND s.standing = 'failed' ORDER BY s.time DESC LIMIT ?`
	failedCodesQuery = "SELECT code, count(*) FROM states WHERE guid = ? AND standing = 'failed' GROUP BY code"
)

// FailedAt implements store.Fleet.
func (s *Store) FailedAt(ctx context.Context, update guid.GUID, limit int) ([]store.Failure, map[hresult.Code]int, error) {
	all, err := list(ctx, s.read, func(rows *sql.Rows) (store.Failure, error) {
		f := store.Failure{Update: update}
		var code, at int64
		err := rows.Scan(&f.Computer, &f.Name, &code, &at)
		f.Code, f.Time = hresult.Code(code), instant(at)
		return f, err
	}, failedAtQuery, update[:], limit)
	if err != nil {
		return nil, nil, err
	}
	codes := map[hresult.Code]int{}
	_, err = list(ctx, s.read, func(rows *sql.Rows) (struct{}, error) {
		var code int64
		var n int
		err := rows.Scan(&code, &n)
		codes[hresult.Code(code)] = n
		return struct{}{}, err
	}, failedCodesQuery, update[:])
	return all, codes, err
}

const updateEventsQuery = "SELECT body FROM events WHERE computer = ? AND guid IS NOT NULL ORDER BY time DESC, instance LIMIT ?"

// UpdateEvents implements store.Fleet.
func (s *Store) UpdateEvents(ctx context.Context, computer string, limit int) ([]store.Event, error) {
	return list(ctx, s.read, scanEvent, updateEventsQuery, computer, limit)
}

func scanEvent(rows *sql.Rows) (store.Event, error) {
	var body []byte
	var e store.Event
	if err := rows.Scan(&body); err != nil {
		return e, err
	}
	return e, json.Unmarshal(body, &e)
}

const pendingQuery = `SELECT computer, guid, standing, code, time FROM states WHERE computer = ?
	AND standing IN ('failed', 'needed', 'downloaded', 'restart-due') LIMIT ?`

// Pending implements store.Fleet.
func (s *Store) Pending(ctx context.Context, computer string, limit int) ([]store.State, error) {
	return list(ctx, s.read, scanState, pendingQuery, computer, limit)
}

// pruneTogether is of how many computers the events are pruned in one go: what is written meanwhile waits for it.
const pruneTogether = 50

const pruneQuery = `DELETE FROM events WHERE computer = ?1
	AND time < max(?2, coalesce((SELECT time FROM events WHERE computer = ?1 ORDER BY time DESC LIMIT 1 OFFSET ?3), 0))
	AND (ended IS NULL OR EXISTS (SELECT 1 FROM events l WHERE l.computer = ?1 AND l.guid = events.guid AND l.ended > events.ended))`

// Prune implements store.Fleet.
func (s *Store) Prune(ctx context.Context, before time.Time, keep int) (int, error) {
	gone, last := 0, ""
	for {
		ids, err := list(ctx, s.read, func(rows *sql.Rows) (id string, err error) {
			return id, rows.Scan(&id)
		}, "SELECT id FROM computers WHERE id > ? ORDER BY id LIMIT ?", last, pruneTogether)
		if err != nil || len(ids) == 0 {
			return gone, err
		}
		last = ids[len(ids)-1]
		err = s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, id := range ids {
				r, err := tx.ExecContext(ctx, pruneQuery, id, millis(before), keep-1)
				if err != nil {
					return err
				}
				n, err := r.RowsAffected()
				if err != nil {
					return err
				}
				gone += int(n)
			}
			return nil
		})
		if err != nil {
			return gone, err
		}
	}
}
