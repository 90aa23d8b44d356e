package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
)

const totalsQuery = `SELECT (SELECT count(*) FROM computers), (SELECT count(*) FROM computers WHERE last_seen < ?),
	(SELECT count(DISTINCT n.computer) FROM names n JOIN computers c ON c.id = n.computer WHERE n.returned > 0 AND n.name <> c.name),
	count(*), coalesce(sum(failed > 0), 0), coalesce(sum(failed = 0 AND needed > 0), 0),
	coalesce(sum(failed = 0 AND needed = 0 AND restart > 0), 0),
	coalesce(sum(failed), 0), coalesce(sum(needed), 0), coalesce(sum(restart), 0), coalesce(sum(installed), 0) FROM tallies`

// Totals implements store.Fleet.
func (s *Store) Totals(ctx context.Context, silent time.Time) (store.Totals, error) {
	var t store.Totals
	var quiet, shared, reported, failing, needing, restarting int
	err := s.read.QueryRowContext(ctx, totalsQuery, millis(silent)).Scan(&t.Computers, &quiet, &shared, &reported, &failing, &needing, &restarting,
		&t.Updates.Failed, &t.Updates.Needed, &t.Updates.Restart, &t.Updates.Installed)
	if err != nil {
		return t, fmt.Errorf("count computers: %w", err)
	}
	t.By = map[store.ComputerCondition]int{
		store.Failing: failing, store.Needing: needing, store.Restarting: restarting, store.Silent: quiet, store.Shared: shared,
		store.UpToDate: reported - failing - needing - restarting, store.Unreported: t.Computers - reported,
	}
	return t, nil
}

// The conditions of a ComputerQuery; its columns come from the index until a row is shown. The parameters:
// 1 pattern of the name, 2 id, 3 condition, 4 seen since, 5 cause, 6 update, 7 standing.
const computersWhere = ` FROM computers c LEFT JOIN tallies t ON t.computer = c.id
	WHERE (?1 = '' OR c.name LIKE ?1 ESCAPE '\' OR c.id = ?2)
	AND (?3 = '' OR ?3 = CASE WHEN ?3 = 'silent' THEN iif(c.last_seen < ?4, 'silent', '')
		WHEN ?3 = 'shared' THEN (SELECT 'shared' FROM names n WHERE n.computer = c.id AND n.returned > 0 AND n.name <> c.name)
		WHEN t.computer IS NULL THEN 'unknown'
		WHEN t.failed > 0 THEN 'failed' WHEN t.needed > 0 THEN 'needed' WHEN t.restart > 0 THEN 'restart-due' ELSE 'up-to-date' END)
	AND (?5 = '' OR EXISTS (SELECT 1 FROM causes x WHERE x.computer = c.id AND x.cause = ?5))
	AND (?7 = '' OR EXISTS (SELECT 1 FROM states s WHERE s.computer = c.id AND s.guid = ?6 AND s.standing = ?7))`

const (
	computersCount = "SELECT count(*)" + computersWhere
	computersPage  = `SELECT c.id, c.name, c.address, c.last_seen, c.last_report, t.computer IS NOT NULL,
	coalesce(t.failed, 0), coalesce(t.needed, 0), coalesce(t.restart, 0), coalesce(t.installed, 0)` + computersWhere + `
	ORDER BY c.name, c.id LIMIT ?8 OFFSET ?9`
)

// ComputerRows implements store.Fleet.
func (s *Store) ComputerRows(ctx context.Context, q store.ComputerQuery) ([]store.ComputerRow, int, error) {
	args := []any{pattern(q.Search), q.Search, q.Condition, millis(q.SeenSince), q.Cause, q.Update[:], q.Standing}
	var n int
	if err := s.read.QueryRowContext(ctx, computersCount, args...).Scan(&n); err != nil {
		return nil, 0, fmt.Errorf("count computers: %w", err)
	}
	rows, err := list(ctx, s.read, scanComputerRow, computersPage, append(args, q.Limit, q.Offset)...)
	return rows, n, err
}

// pattern finds a word anywhere; what LIKE takes for jokers is meant as it stands.
func pattern(word string) string {
	if word == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(word) + "%"
}

func scanComputerRow(rows *sql.Rows) (store.ComputerRow, error) {
	var c store.ComputerRow
	var seen, report int64
	var reported bool
	err := rows.Scan(&c.ID, &c.Name, &c.Address, &seen, &report, &reported, &c.Tally.Failed, &c.Tally.Needed, &c.Tally.Restart, &c.Tally.Installed)
	c.LastSeen, c.LastReport, c.Condition = instant(seen), instant(report), c.Tally.Condition(reported)
	return c, err
}

// Standings implements store.Fleet.
func (s *Store) Standings(ctx context.Context, updates []guid.GUID) (map[guid.GUID]map[store.Standing]int, error) {
	all := map[guid.GUID]map[store.Standing]int{}
	for _, g := range updates {
		counts := map[store.Standing]int{}
		_, err := list(ctx, s.read, func(rows *sql.Rows) (struct{}, error) {
			var st store.Standing
			var n int
			err := rows.Scan(&st, &n)
			counts[st] = n
			return struct{}{}, err
		}, "SELECT standing, n FROM standings WHERE guid = ? AND n > 0", g[:])
		if err != nil {
			return nil, err
		}
		all[g] = counts
	}
	return all, nil
}

// Standing implements store.Fleet.
func (s *Store) Standing(ctx context.Context, st store.Standing, limit int) ([]guid.GUID, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (guid.GUID, error) {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return guid.GUID{}, err
		}
		return asGUID(b)
	}, standingQuery, st, limit)
}

const standingQuery = "SELECT guid FROM standings WHERE standing = ? AND n > 0 ORDER BY n DESC LIMIT ?"
