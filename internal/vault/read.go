package vault

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/sqlitefile"
	"github.com/redx-update/redx/internal/update"
)

// Bounds of reading a vault that may be hostile.
const (
	maxRows = 1_000_000
	maxTime = 60 * time.Second
)

// Events gives the accounts of a vault as attempts, those that were kept last first; each knows the place that it was
// kept from (evidence.Event.Origin), and the caller puts the vault's own path into its Source. The file is not changed,
// nor is anything made beside it. A vault of a newer redx is read as far as this one knows it.
//
// After an error nothing more comes. Another file than a vault wraps format.ErrNotThis.
func Events(ctx context.Context, path string) iter.Seq2[evidence.Event, error] {
	return func(yield func(evidence.Event, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, maxTime)
		defer cancel()
		if err := read(ctx, path, yield); err != nil {
			yield(evidence.Event{}, fmt.Errorf("read the vault: %w", err))
		}
	}
}

func read(ctx context.Context, path string, yield func(evidence.Event, error) bool) (err error) {
	db, err := sqlitefile.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var app int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return err
	}
	if app != application {
		return fmt.Errorf("another program's database: %w", format.ErrNotThis)
	}
	have, err := db.Columns(ctx, "account")
	if err != nil {
		return err
	}
	r := record{}
	q, err := db.QueryContext(ctx, r.query(have))
	if err != nil {
		return err
	}
	defer q.Close()
	for q.Next() {
		if err := q.Scan(r.to...); err != nil {
			return err
		}
		if !yield(r.event(), nil) {
			return nil
		}
	}
	return q.Err()
}

// record is a row of the table account, and where its columns are read to.
type record struct {
	id, nth, line, record, revision, code          int64
	path, at, guid, kb, title, op, phase, res, txt string
	to                                             []any
}

func (r *record) query(have map[string]bool) string {
	id := sqlitefile.RowID(have)
	ask := []string{id}
	r.to = []any{&r.id}
	for _, c := range []struct {
		name string
		to   any
	}{
		{"NTH", &r.nth},
		{"PATH", &r.path},
		{"LINE", &r.line},
		{"RECORD", &r.record},
		{"TIME", &r.at},
		{"UPDATE_ID", &r.guid},
		{"REVISION", &r.revision},
		{"KB", &r.kb},
		{"TITLE", &r.title},
		{"OPERATION", &r.op},
		{"PHASE", &r.phase},
		{"RESULT", &r.res},
		{"CODE", &r.code},
		{"TEXT", &r.txt},
	} {
		ask, r.to = append(ask, sqlitefile.Column(c.name, c.to, have[c.name])), append(r.to, c.to)
	}
	return fmt.Sprintf("SELECT %s FROM account ORDER BY %s DESC LIMIT %d", strings.Join(ask, ", "), id, maxRows)
}

func (r *record) event() evidence.Event {
	origin := evidence.Source{Path: r.path, Line: int(max(r.line, 0)), Record: uint64(r.record)}
	e := evidence.Event{
		Kind: evidence.Attempt, Source: evidence.Source{Record: uint64(r.id)}, Code: hresult.Code(uint32(r.code)),
		Update: update.Ref{KB: update.KB(r.kb), Title: r.title}, Text: r.txt,
		Fields: evidence.KeptFields(origin, int(max(r.nth, 1))),
	}
	if id, err := guid.Parse(r.guid); err == nil {
		e.Update.ID = update.ID{GUID: id, Revision: uint32(r.revision)}
	}
	// A time that is none leaves the account without one: it is shown, and merged with nothing.
	if t, local, err := evidence.ParseTime(r.at); err == nil {
		e.Time, e.Local = t, local
	}
	for field, value := range map[string]string{
		evidence.Operation: r.op, evidence.Phase: r.phase, evidence.Result: r.res,
	} {
		if value != "" {
			e.Fields[field] = value
		}
	}
	return e
}
