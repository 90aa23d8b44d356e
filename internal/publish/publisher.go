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
	Categories []string  `json:"categories"`         // that it belongs to
	Made       []string  `json:"made,omitempty"`     // those of them that the server did not have
	Document   string    `json:"document,omitempty"` // of a dry run
}

// Publish publishes one payload. After an error the server has nothing of it, or all but the payload, which publishing
// again completes.
func (p *Publisher) Publish(ctx context.Context, r Request) (Published, error) {
	dir, err := os.MkdirTemp("", "redx-publish-*")
	if err != nil {
		return Published{}, err
	}
	f, err := r.open(dir)
	if err != nil {
		return Published{}, errors.Join(err, os.RemoveAll(dir))
	}
	result, err := p.payload(ctx, &r, f, dir)
	if err != nil {
		err = fmt.Errorf("%s: %w", r.Path, err)
	}
	return result, errors.Join(err, f.Close(), os.RemoveAll(dir))
}

func (p *Publisher) payload(ctx context.Context, r *Request, f *payload, dir string) (Published, error) {
	trust := authenticode.Trust{Roots: r.Roots, Now: p.Now}
	if trust.Roots == nil {
		system, err := x509.SystemCertPool()
		if err != nil {
			return Published{}, fmt.Errorf("what this system trusts: %w", err)
		}
		trust.Roots = system
	}
	if err := f.sign(r, trust, dir); err != nil {
		return Published{}, err
	}
	u, categories, err := r.of(f.facts, f.signer)
	if err != nil {
		return Published{}, err
	}
	file, err := Digest(f.name, io.NewSectionReader(f, 0, f.size))
	if err != nil {
		return Published{}, err
	}
	u.Files = []File{file}
	document, isNew, err := p.number(ctx, r, &u)
	if err != nil {
		return Published{}, err
	}
	result := Published{
		Update: u.ID.GUID, Revision: u.ID.Revision, New: isNew, Title: u.Title, KB: u.KB, File: file.Name, Size: file.Size,
		Signer: f.signer.Certificate().Subject.String(),
	}
	documents, err := p.categories(ctx, categories, &result)
	if err != nil {
		return result, err
	}
	if r.DryRun {
		result.Document = string(document)
		return result, nil
	}
	return result, p.give(ctx, append(documents, document), f)
}

// give gives the documents and the payload to the intake, as an import does.
func (p *Publisher) give(ctx context.Context, documents [][]byte, f *payload) error {
	taken, err := p.Intake.Take(ctx, documents, []string{f.File.Name()})
	if err != nil {
		return err
	}
	if len(taken.Refused) > 0 {
		return fmt.Errorf("not taken: %s", taken.Refused[0])
	}
	return Remember(ctx, p.Store, f.signer, f.own)
}

// number gives the update its revision: the one that the server has if it says the very same, or the next.
func (p *Publisher) number(ctx context.Context, r *Request, u *Update) (document []byte, isNew bool, err error) {
	u.ID, u.Created = update.ID{GUID: r.ID, Revision: 1}, p.Now
	if r.ID.IsZero() {
		if u.ID.GUID, err = newID(); err != nil {
			return nil, false, err
		}
	}
	revisions, err := p.Store.Revisions(ctx, time.Time{})
	if err != nil {
		return nil, false, err
	}
	if last := catalog.Compile(revisions).Newest(u.ID.GUID); last != nil {
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

// categories makes those that the server does not have.
func (p *Publisher) categories(ctx context.Context, all []Category, result *Published) ([][]byte, error) {
	revisions, err := p.Store.Revisions(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	have := map[guid.GUID]bool{}
	for _, r := range revisions {
		have[r.ID.GUID] = true
	}
	var documents [][]byte
	for _, c := range all {
		result.Categories = append(result.Categories, c.Title)
		if have[c.ID] {
			continue
		}
		d, err := c.Document(p.Now)
		if err != nil {
			return nil, err
		}
		documents, result.Made = append(documents, d), append(result.Made, c.Title)
	}
	return documents, nil
}
