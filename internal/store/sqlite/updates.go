package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

// AddUpdates implements store.Updates.
func (s *Store) AddUpdates(ctx context.Context, all []store.Update) ([]store.Added, error) {
	packed := make([]packedUpdate, len(all))
	for i := range all {
		var err error
		if packed[i], err = pack(&all[i]); err != nil {
			return nil, fmt.Errorf("update %s revision %d: %w", all[i].Revision.ID.GUID, all[i].Revision.ID.Revision, err)
		}
	}
	added := make([]store.Added, len(all))
	err := s.queue.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for i := range packed {
			var err error
			if added[i], err = packed[i].add(ctx, tx); err != nil {
				return fmt.Errorf("update %s revision %d: %w", packed[i].id.GUID, packed[i].id.Revision, err)
			}
		}
		return nil
	})
	return added, err
}

// packedUpdate is an update as its rows; packing is done outside the transaction.
type packedUpdate struct {
	id                  update.ID
	scanOnly            bool
	files               []store.File
	rules, info, core   string
	document, fragments []byte
}

func pack(u *store.Update) (packedUpdate, error) {
	p := packedUpdate{id: u.Revision.ID, scanOnly: u.Info.ScanOnly, files: u.Info.Files, core: u.Core}
	rules, err := json.Marshal(u.Revision)
	if err != nil {
		return p, err
	}
	info, err := json.Marshal(u.Info)
	if err != nil {
		return p, err
	}
	p.rules, p.info = string(rules), string(info)
	if len(u.Document) > 0 {
		if p.document, err = deflate(u.Document); err != nil {
			return p, err
		}
	}
	p.fragments, err = deflated(u.Fragments)
	return p, err
}

func (p *packedUpdate) add(ctx context.Context, tx *sql.Tx) (store.Added, error) {
	id, scanOnly, err := known(ctx, tx, p.id)
	if err != nil {
		return store.Added{}, err
	}
	if id != 0 && (!scanOnly || p.scanOnly) {
		return store.Added{RevisionID: id}, nil
	}
	at, err := tick(ctx, tx)
	if err != nil {
		return store.Added{}, err
	}
	isNew := id == 0
	if isNew {
		id, err = p.insert(ctx, tx, millis(at))
	} else {
		_, err = tx.ExecContext(ctx, "UPDATE revisions SET rules = ?, info = ?, core = ?, arrived = ? WHERE id = ?", p.rules, p.info, p.core, millis(at), id)
	}
	if err != nil {
		return store.Added{}, err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO documents (revision, document, fragments) VALUES (?, ?, ?)", id, p.document, p.fragments)
	if err != nil {
		return store.Added{}, err
	}
	return store.Added{RevisionID: id, New: isNew}, p.addFiles(ctx, tx, millis(at))
}

func known(ctx context.Context, tx *sql.Tx, id update.ID) (catalog.RevisionID, bool, error) {
	var rev catalog.RevisionID
	var info string
	err := tx.QueryRowContext(ctx, "SELECT id, info FROM revisions WHERE guid = ? AND number = ?", id.GUID[:], id.Revision).Scan(&rev, &info)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	var i store.Info
	return rev, i.ScanOnly, unmarshalInfo(info, &i)
}

func unmarshalInfo(text string, i *store.Info) error { return json.Unmarshal([]byte(text), i) }

func (p *packedUpdate) insert(ctx context.Context, tx *sql.Tx, at int64) (catalog.RevisionID, error) {
	r, err := tx.ExecContext(ctx, "INSERT INTO revisions (guid, number, arrived, rules, info, core) VALUES (?, ?, ?, ?, ?, ?)",
		p.id.GUID[:], p.id.Revision, at, p.rules, p.info, p.core)
	if err != nil {
		return 0, err
	}
	id, err := r.LastInsertId()
	if err == nil && id >= maxNumber {
		err = errors.New("the revision numbers are used up")
	}
	return catalog.RevisionID(id), err
}

func (p *packedUpdate) addFiles(ctx context.Context, tx *sql.Tx, at int64) error {
	for _, f := range p.files {
		_, err := tx.ExecContext(ctx, `INSERT INTO files (sha1, sha256, name, size, condition, since) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (sha1) DO NOTHING`, f.SHA1[:], f.SHA256[:], f.Name, f.Size, store.Missing, at)
		if err != nil {
			return err
		}
	}
	return nil
}

// Revisions implements store.Updates.
func (s *Store) Revisions(ctx context.Context, after time.Time) ([]catalog.Revision, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (catalog.Revision, error) {
		var r catalog.Revision
		var id catalog.RevisionID
		var arrived int64
		var rules []byte
		if err := rows.Scan(&id, &arrived, &rules); err != nil {
			return r, err
		}
		if err := json.Unmarshal(rules, &r); err != nil {
			return r, fmt.Errorf("revision %d: %w", id, err)
		}
		r.RevisionID, r.Arrived = id, instant(arrived)
		return r, nil
	}, "SELECT id, arrived, rules FROM revisions WHERE arrived > ? ORDER BY id", millis(after))
}

// Update implements store.Updates.
func (s *Store) Update(ctx context.Context, id catalog.RevisionID) (store.Update, error) {
	var u store.Update
	var rules, info string
	var arrived int64
	err := s.read.QueryRowContext(ctx, "SELECT arrived, rules, info, core FROM revisions WHERE id = ?", id).Scan(&arrived, &rules, &info, &u.Core)
	if err != nil {
		return u, missing(err, fmt.Sprintf("revision %d", id))
	}
	if err := json.Unmarshal([]byte(rules), &u.Revision); err != nil {
		return u, err
	}
	u.Revision.RevisionID, u.Revision.Arrived = id, instant(arrived)
	return u, unmarshalInfo(info, &u.Info)
}

// Infos implements store.Updates.
func (s *Store) Infos(ctx context.Context, after time.Time) (map[catalog.RevisionID]store.Info, error) {
	all := map[catalog.RevisionID]store.Info{}
	_, err := list(ctx, s.read, func(rows *sql.Rows) (struct{}, error) {
		var id catalog.RevisionID
		var text string
		var i store.Info
		if err := rows.Scan(&id, &text); err != nil {
			return struct{}{}, err
		}
		err := unmarshalInfo(text, &i)
		all[id] = i
		return struct{}{}, err
	}, "SELECT id, info FROM revisions WHERE arrived > ?", millis(after))
	return all, err
}

// Document implements store.Updates.
func (s *Store) Document(ctx context.Context, id catalog.RevisionID) ([]byte, error) {
	var b []byte
	what := fmt.Sprintf("document of revision %d", id)
	err := s.read.QueryRowContext(ctx, "SELECT document FROM documents WHERE revision = ?", id).Scan(&b)
	if err == nil && len(b) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return nil, missing(err, what)
	}
	return inflate(b)
}

// maxBatch bounds the parameters of one statement.
const maxBatch = 500

// Cores implements store.Updates.
func (s *Store) Cores(ctx context.Context, ids []catalog.RevisionID) (map[catalog.RevisionID]string, error) {
	all := make(map[catalog.RevisionID]string, len(ids))
	scan := func(rows *sql.Rows) (struct{}, error) {
		var id catalog.RevisionID
		var core string
		err := rows.Scan(&id, &core)
		all[id] = core
		return struct{}{}, err
	}
	for len(ids) > 0 {
		n := min(len(ids), maxBatch)
		args := make([]any, n)
		for i, id := range ids[:n] {
			args[i] = id
		}
		marks := strings.Repeat(", ?", n)[2:]
		if _, err := list(ctx, s.read, scan, "SELECT id, core FROM revisions WHERE id IN ("+marks+")", args...); err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return all, nil
}

// Fragments implements store.Updates.
func (s *Store) Fragments(ctx context.Context, id catalog.RevisionID) (store.Fragments, error) {
	var b []byte
	var f store.Fragments
	err := s.read.QueryRowContext(ctx, "SELECT fragments FROM documents WHERE revision = ?", id).Scan(&b)
	if err != nil {
		return f, missing(err, fmt.Sprintf("fragments of revision %d", id))
	}
	if b, err = inflate(b); err != nil {
		return f, err
	}
	return f, json.Unmarshal(b, &f)
}
