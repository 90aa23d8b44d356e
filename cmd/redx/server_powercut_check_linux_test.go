package main

import (
	"context"
	"crypto/sha1"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/content/file"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/intake"
	"github.com/redx-update/redx/internal/powercut"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/sqlite"
)

// moments chooses lines of the record to cut after: most just before and after a sync, since what matters happens there.
func (w *work) moments(n int) (int, []int) {
	chance := rand.New(rand.NewPCG(1, uint64(len(w.trace.Calls))))
	var syncs []int
	for _, c := range w.trace.Calls {
		if c.Name == "fsync" && c.Left > 0 {
			syncs = append(syncs, c.Entered, c.Left)
		}
	}
	lines := []int{len(w.trace.Times)}
	for range n {
		if chance.IntN(3) == 0 || len(syncs) == 0 {
			lines = append(lines, 1+chance.IntN(len(w.trace.Times)))
		} else {
			lines = append(lines, syncs[chance.IntN(len(syncs))])
		}
	}
	slices.Sort(lines)
	return len(lines), lines
}

// known is what a store knows, by the keys of promises.
type known struct {
	server     store.Identity
	secret     string
	registered map[string]bool
	events     map[string]bool
	updates    map[string]catalog.RevisionID
	approvals  map[string]int32
}

// know reads all of a store.
func (w *work) know(folder string) (known, error) {
	var k known
	err := w.opened(folder, func(s *sqlite.Store) (err error) {
		k, err = readKnown(w.t.Context(), s)
		return err
	})
	return k, err
}

func (w *work) opened(folder string, do func(*sqlite.Store) error) error {
	s, err := sqlite.Open(w.t.Context(), filepath.Join(folder, databaseName))
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}

func readKnown(ctx context.Context, s *sqlite.Store) (known, error) {
	k := known{registered: map[string]bool{}, events: map[string]bool{}, updates: map[string]catalog.RevisionID{}, approvals: map[string]int32{}}
	var errs [6]error
	var secret []byte
	var computers []store.Computer
	var revisions []catalog.Revision
	var approvals []deploy.Approval
	k.server, errs[0] = s.Identity(ctx)
	secret, errs[1] = s.Secret(ctx, "cookie")
	computers, errs[2] = s.Computers(ctx)
	revisions, errs[3] = s.Revisions(ctx, time.Time{})
	approvals, errs[4] = s.Approvals(ctx)
	k.secret = string(secret)
	for _, c := range computers {
		k.registered[c.ID] = c.Registered
		events, err := s.Events(ctx, c.ID, 1000)
		errs[5] = errors.Join(errs[5], err)
		for _, e := range events {
			k.events[c.ID+" "+e.Instance.String()] = true
		}
	}
	for _, r := range revisions {
		k.updates[r.ID.GUID.String()] = r.RevisionID
	}
	for _, a := range approvals {
		k.approvals[a.Update.String()] = a.ID
	}
	return k, errors.Join(errs[:]...)
}

// cut makes what a power cut may leave after a line, and checks it.
func (w *work) cut(disk *powercut.Disk, line int, seed uint64) error {
	dir, err := os.MkdirTemp(w.t.TempDir(), "cut")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := disk.Cut(dir, rand.New(rand.NewPCG(seed, 2))); err != nil {
		return err
	}
	var before []promise
	for _, p := range w.promised.all {
		if p.at.Before(w.trace.Times[line-1]) {
			before = append(before, p)
		}
	}
	if err := w.kept(dir, before); err != nil {
		return fmt.Errorf("with %d promises made: %w", len(before), err)
	}
	return nil
}

// kept checks that a folder has what was promised, and is sound.
func (w *work) kept(dir string, before []promise) error {
	k, err := w.know(dir)
	if err != nil {
		return err
	}
	var errs []error
	lost := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(before) > 0 && (k.server != w.final.server || k.secret != w.final.secret) {
		lost("it is another server: %+v", k.server)
	}
	highest, approval := catalog.RevisionID(0), int32(0)
	for _, p := range before {
		switch {
		case p.what == "registered" && !k.registered[p.key], p.what == "event" && !k.events[p.key]:
			lost("%s %s is lost", p.what, p.key)
		case p.what == "update":
			highest = max(highest, w.final.updates[p.key])
			if k.updates[p.key] != w.final.updates[p.key] {
				lost("update %s was number %d and is %d", p.key, w.final.updates[p.key], k.updates[p.key])
			}
		case p.what == "approval":
			approval = max(approval, w.final.approvals[p.key])
			if k.approvals[p.key] != w.final.approvals[p.key] {
				lost("approval of %s was number %d and is %d", p.key, w.final.approvals[p.key], k.approvals[p.key])
			}
		case p.what == "file":
			if b, err := os.ReadFile(filepath.Join(dir, contentName, p.key)); err != nil || contentPath(string(b)) != p.key {
				lost("file %s: %d bytes with SHA-1 %x, %v", p.key, len(b), sha1.Sum(b), err)
			}
		}
	}
	return errors.Join(append(errs, integrity(dir), w.numbers(dir, highest, approval), w.files(dir))...)
}

func integrity(dir string) error {
	db, err := sql.Open("sqlite", filepath.Join(dir, databaseName))
	if err != nil {
		return err
	}
	var sound string
	err = db.QueryRow("PRAGMA integrity_check").Scan(&sound)
	if err == nil && sound != "ok" {
		err = errors.New(sound)
	}
	return errors.Join(err, db.Close())
}

// numbers makes sure that what comes now gets numbers that nobody has been told.
func (w *work) numbers(dir string, highest catalog.RevisionID, approval int32) error {
	return w.opened(dir, func(s *sqlite.Store) error {
		u, err := intake.FromDocument((&madeUpdate{n: 0xfffe}).document())
		if err != nil {
			return err
		}
		added, err := s.AddUpdates(w.t.Context(), []store.Update{u})
		if err != nil {
			return err
		}
		a, err := s.Approve(w.t.Context(), deploy.Approval{Update: guid.MustParse(madeID(0xfffe)), Group: deploy.AllComputers, Choice: deploy.Install})
		if err == nil && (added[0].RevisionID <= highest || a.ID <= approval) {
			err = fmt.Errorf("numbers %d and %d are given again", added[0].RevisionID, a.ID)
		}
		return err
	})
}

// files makes sure that the server gives out nothing that is not whole: it looks at every file, as it does when it starts.
func (w *work) files(dir string) error {
	folder, err := file.Open(filepath.Join(dir, contentName))
	if err != nil {
		return err
	}
	defer folder.Close()
	return w.opened(dir, func(s *sqlite.Store) error {
		keeper, err := backend.NewKeeper(w.t.Context(), s, folder, quiet())
		if err != nil {
			return err
		}
		if _, err := keeper.Check(w.t.Context(), false); err != nil {
			return err
		}
		states, err := s.FileStates(w.t.Context())
		for sum, f := range states {
			path := fmt.Sprintf("%02X/%X.cab", sum[19], sum)
			b, _ := os.ReadFile(filepath.Join(dir, contentName, path))
			if f.Condition == store.Verified && contentPath(string(b)) != path {
				err = errors.Join(err, fmt.Errorf("%s is offered and has %d bytes: %.40q", path, len(b), strings.TrimSpace(string(b))))
			}
		}
		return err
	})
}
