package publish

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/intake"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/fragment"
)

// Publisher publishes into a server.
type Publisher struct {
	Store  store.Store
	Intake *intake.Intake // into the same store
	Now    time.Time
}

// Published says what became of a Request.
type Published struct {
	Update     guid.GUID `json:"update"`
	Revision   uint32    `json:"revision"`
	New        bool      `json:"new"` // false: the server has the very same already
	Title      string    `json:"title"`
	KB         update.KB `json:"kb,omitempty"`
	File       string    `json:"file"`
	Size       int64     `json:"size"`
	Signer     string    `json:"signer"`
	Categories []string  `json:"categories,omitempty"` // that it belongs to
	Made       []string  `json:"made,omitempty"`       // those of them that the server did not have
	Document   string    `json:"document,omitempty"`   // of a dry run
	// Parts are what a standalone package with several cabinets consists of; its File then is empty.
	Parts []Published `json:"parts,omitempty"`
}

// Publish publishes one payload, or those of a standalone package together. After an error the server has nothing of it, or
// all but payloads, which publishing again completes.
func (p *Publisher) Publish(ctx context.Context, r Request) (Published, error) {
	dir, err := os.MkdirTemp("", "redx-publish-*")
	if err != nil {
		return Published{}, err
	}
	payloads, err := r.open(dir)
	if err != nil {
		return Published{}, errors.Join(err, os.RemoveAll(dir))
	}
	result, err := p.payloads(ctx, &r, payloads, dir)
	if err != nil {
		err = fmt.Errorf("%s: %w", r.Path, err)
	}
	return result, errors.Join(err, closeAll(payloads), os.RemoveAll(dir))
}

func (p *Publisher) payloads(ctx context.Context, r *Request, all []*payload, dir string) (Published, error) {
	trust := authenticode.Trust{Roots: r.Roots, Now: p.Now}
	if trust.Roots == nil {
		system, err := x509.SystemCertPool()
		if err != nil {
			return Published{}, fmt.Errorf("what this system trusts: %w", err)
		}
		trust.Roots = system
	}
	for _, f := range all {
		if err := f.sign(r, trust, dir); err != nil {
			return Published{}, err
		}
	}
	revisions, err := p.Store.Revisions(ctx, time.Time{})
	if err != nil {
		return Published{}, err
	}
	have := catalog.Compile(revisions)
	var updates []made
	if len(all) == 1 {
		updates, err = p.single(ctx, r, all[0], have)
	} else {
		updates, err = p.bundle(ctx, r, all, have)
	}
	if err != nil {
		return Published{}, err
	}
	return p.finish(ctx, r, updates, have)
}

// made is an update with its document.
type made struct {
	Update
	categories []Category
	document   []byte
	isNew      bool
	payload    *payload // nil for a bundle
}

func (p *Publisher) single(ctx context.Context, r *Request, f *payload, have *catalog.Catalog) ([]made, error) {
	m := made{payload: f}
	var err error
	if m.Update, m.categories, err = r.of(f.facts, f.signer); err != nil {
		return nil, err
	}
	file, err := Digest(f.name, io.NewSectionReader(f, 0, f.size))
	if err != nil {
		return nil, err
	}
	m.Files = []File{file}
	m.document, m.isNew, err = p.number(ctx, r, &m.Update, have)
	return []made{m}, err
}

// finish gives what was made to the server, the last of which is what was asked for, and says what that is.
func (p *Publisher) finish(ctx context.Context, r *Request, all []made, have *catalog.Catalog) (Published, error) {
	result := all[len(all)-1].published()
	for _, m := range all[:len(all)-1] {
		result.Parts = append(result.Parts, m.published())
		result.Size += m.published().Size
		result.Signer = m.payload.signer.Certificate().Subject.String()
	}
	documents, err := p.categories(all, have, &result)
	if err != nil {
		return result, err
	}
	if r.DryRun {
		result.Document = string(all[len(all)-1].document)
		for i := range result.Parts {
			result.Parts[i].Document = string(all[i].document)
		}
		return result, nil
	}
	for _, m := range all {
		documents = append(documents, m.document)
	}
	return result, p.give(ctx, documents, all)
}

func (m *made) published() Published {
	p := Published{Update: m.ID.GUID, Revision: m.ID.Revision, New: m.isNew, Title: m.Title, KB: m.KB}
	if m.payload != nil {
		p.File, p.Size, p.Signer = m.Files[0].Name, m.Files[0].Size, m.payload.signer.Certificate().Subject.String()
	}
	return p
}

// give gives the documents and the payloads to the intake, as an import does.
func (p *Publisher) give(ctx context.Context, documents [][]byte, all []made) error {
	var paths []string
	for _, m := range all {
		if m.payload != nil {
			paths = append(paths, m.payload.File.Name())
		}
	}
	taken, err := p.Intake.Take(ctx, documents, paths)
	if err != nil {
		return err
	}
	if len(taken.Refused) > 0 {
		return fmt.Errorf("not taken: %s", taken.Refused[0])
	}
	for _, m := range all {
		if m.payload != nil {
			if err := Remember(ctx, p.Store, m.payload.signer, m.payload.own); err != nil {
				return err
			}
		}
	}
	return nil
}

// number gives the update its revision: the one that the server has if it says the very same, or the next.
func (p *Publisher) number(ctx context.Context, r *Request, u *Update, have *catalog.Catalog) (document []byte, isNew bool, err error) {
	u.ID, u.Created = update.ID{GUID: r.ID, Revision: 1}, p.Now
	if r.ID.IsZero() {
		if u.ID.GUID, err = newID(); err != nil {
			return nil, false, err
		}
	}
	if last := have.Newest(u.ID.GUID); last != nil {
		same, err := p.same(ctx, *u, last)
		if err != nil || same != nil {
			return same, false, err
		}
		u.ID.Revision = last.ID.Revision + 1
	}
	if document, err = u.Document(); err != nil {
		return nil, false, err
	}
	return document, true, valid(document, u.ID.GUID)
}

// same gives the document that the server has, if the update would be the same but for its time.
func (p *Publisher) same(ctx context.Context, u Update, last *catalog.Revision) ([]byte, error) {
	have, err := p.Store.Update(ctx, last.RevisionID)
	if err != nil {
		return nil, err
	}
	old, err := p.Store.Document(ctx, last.RevisionID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u.ID, u.Created = last.ID, have.Info.Created
	again, err := u.Document()
	if err != nil || !bytes.Equal(again, old) {
		return nil, err
	}
	return again, nil
}

// valid makes sure of a document with the code that reads it on both sides.
func valid(document []byte, id guid.GUID) error {
	cut, err := fragment.Cut(document)
	if err != nil {
		return err
	}
	var c applicability.Compiler
	_, err = c.Compile([]byte(cut.Core), id)
	return err
}

// categories makes those that the server does not have. Parts may be classified otherwise than the whole.
func (p *Publisher) categories(all []made, have *catalog.Catalog, result *Published) ([][]byte, error) {
	for _, c := range all[len(all)-1].categories {
		result.Categories = append(result.Categories, c.Title)
	}
	var documents [][]byte
	there := map[guid.GUID]bool{}
	for _, m := range all {
		for _, c := range m.categories {
			if there[c.ID] || have.Newest(c.ID) != nil {
				continue
			}
			there[c.ID] = true
			d, err := c.Document(p.Now)
			if err != nil {
				return nil, err
			}
			documents, result.Made = append(documents, d), append(result.Made, c.Title)
		}
	}
	return documents, nil
}
