package sqlite

import (
	"bytes"
	"compress/flate"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
)

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func asGUID(b []byte) (guid.GUID, error) {
	var g guid.GUID
	if len(b) != len(g) {
		return g, fmt.Errorf("a GUID of %d bytes", len(b))
	}
	copy(g[:], b)
	return g, nil
}

// packIDs gives nil for nil.
func packIDs(ids []catalog.RevisionID) []byte {
	if ids == nil {
		return nil
	}
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	return b
}

func unpackIDs(b []byte) []catalog.RevisionID {
	var ids []catalog.RevisionID
	for ; len(b) >= 4; b = b[4:] {
		ids = append(ids, catalog.RevisionID(binary.LittleEndian.Uint32(b)))
	}
	return ids
}

func deflate(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// maxDocument bounds what is inflated.
const maxDocument = 64 << 20

func inflate(b []byte) ([]byte, error) {
	all, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), maxDocument+1))
	if err == nil && len(all) > maxDocument {
		err = fmt.Errorf("more than %d bytes", maxDocument)
	}
	return all, err
}

// deflated is deflate of a value's JSON.
func deflated(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return deflate(b)
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// list runs a query and gives its rows through scan.
func list[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
