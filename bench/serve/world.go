package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/sqlite"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/fragment"
)

const (
	// nonLeaf and leaves are what a real computer names in a SyncUpdates after months.
	nonLeaf = 400
	leaves  = 3_679
	// newLeaves is what a new computer of all computers is offered besides; with nonLeaf they are its first
	// synchronisation. The others are for the group of those that have been here for months.
	newLeaves = 2_600
	oldGroup  = "For months"
	// few is how many computers there are at first, to compare with all.
	few = 100
	// batch is how many updates are kept in a transaction.
	batch = 500
	// together is how many writers share a commit.
	together = 64
)

// world is a server with its catalogue and computers.
type world struct {
	o      options
	dir    string
	data   string
	exe    string
	server *process
}

// newWorld makes a server with few computers; fillComputers brings the others.
func newWorld(ctx context.Context, o options, dir string) (*world, error) {
	w := &world{o: o, dir: dir, data: filepath.Join(dir, "data")}
	if err := os.Mkdir(w.data, 0o700); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := w.inStore(ctx, func(s store.Store) error { return fillUpdates(ctx, o, s) }); err != nil {
		return nil, fmt.Errorf("fill the store: %w", err)
	}
	if err := w.fillComputers(ctx, 0, min(few, o.computers)); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "filled in %s\n", time.Since(start).Round(time.Second))
	return w, w.startServer(ctx)
}

// inStore does something to the store as a command does, also while the server runs.
func (w *world) inStore(ctx context.Context, do func(store.Store) error) error {
	s, err := sqlite.Open(ctx, filepath.Join(w.data, "redx.db"))
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}

func fillUpdates(ctx context.Context, o options, s store.Store) error {
	for from := 1; from <= o.revisions; from += batch {
		if err := addUpdates(ctx, s, from, min(from+batch-1, o.revisions)); err != nil {
			return err
		}
	}
	old, err := s.AddGroup(ctx, oldGroup, deploy.AllComputers)
	if err != nil {
		return err
	}
	return eachOf(leaves, func(i int) error {
		a := deploy.Approval{Update: updateID(nonLeaf + 1 + i), Group: deploy.AllComputers, Choice: deploy.Install}
		if i >= newLeaves {
			a.Group = old.ID
		}
		_, err := s.Approve(ctx, a)
		return err
	})
}

// fillComputers registers the computers from one number up to another.
func (w *world) fillComputers(ctx context.Context, from, to int) error {
	return w.inStore(ctx, func(s store.Store) error {
		return eachOf(to-from, func(i int) error { return addComputer(ctx, s, from+i) })
	})
}

// eachOf does n things, some at a time, until one fails.
func eachOf(n int, do func(i int) error) error {
	return eachAtOnce(together, func(t int) error {
		for i := t; i < n; i += together {
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachAtOnce does n things at once and gives their errors.
func eachAtOnce(n int, do func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func updateID(n int) guid.GUID {
	return guid.MustParse(fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012x", n))
}

func addUpdates(ctx context.Context, s store.Store, from, to int) error {
	var all []store.Update
	for n := from; n <= to; n++ {
		u, err := makeUpdate(n)
		if err != nil {
			return err
		}
		all = append(all, u)
	}
	_, err := s.AddUpdates(ctx, all)
	return err
}

// makeUpdate makes a detectoid, or an update that waits for two of them, with rules of some 4 KB.
func makeUpdate(n int) (store.Update, error) {
	u := store.Update{Revision: catalog.Revision{ID: update.ID{GUID: updateID(n), Revision: 100}, Type: catalog.Detectoid}}
	u.Info.Title = fmt.Sprintf("Update %d", n)
	var prerequisites strings.Builder
	if n > nonLeaf {
		u.Revision.Type = catalog.Software
		for _, p := range []int{1 + n%nonLeaf, 1 + n%7} {
			u.Revision.Prerequisites = append(u.Revision.Prerequisites, catalog.Clause{AnyOf: []guid.GUID{updateID(p)}})
			fmt.Fprintf(&prerequisites, `<upd:UpdateIdentity UpdateID="%s" />`, updateID(p))
		}
	}
	u.Document = fmt.Appendf(nil, documentText, updateID(n), u.Revision.Type, u.Info.Title, prerequisites.String(), rules(n))
	f, err := fragment.Cut(u.Document)
	if err != nil {
		return u, err
	}
	u.Core, u.Fragments.Extended = f.Core, f.Extended
	for _, l := range f.Localized {
		u.Fragments.Localized = append(u.Fragments.Localized, store.Localized(l))
	}
	return u, nil
}

const documentText = `<upd:Update xmlns:upd="http://schemas.microsoft.com/msus/2002/12/Update" xmlns:bar="http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules" xmlns:lar="http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules">` +
	`<upd:UpdateIdentity UpdateID="%s" RevisionNumber="100" /><upd:Properties UpdateType="%s" DefaultPropertiesLanguage="en" ExplicitlyDeployable="true" />` +
	`<upd:LocalizedPropertiesCollection><upd:LocalizedProperties><upd:Language>en</upd:Language><upd:Title>%s</upd:Title></upd:LocalizedProperties></upd:LocalizedPropertiesCollection>` +
	`<upd:Relationships><upd:Prerequisites>%s</upd:Prerequisites></upd:Relationships><upd:ApplicabilityRules><upd:IsInstalled><lar:Or>%s</lar:Or></upd:IsInstalled></upd:ApplicabilityRules></upd:Update>`

func rules(n int) string {
	var b strings.Builder
	for i := range 24 {
		fmt.Fprintf(&b, `<bar:FileVersion Path="drivers\update%d-%d.sys" Comparison="GreaterThanOrEqualTo" Version="10.0.%d.%d" Csidl="37" />`, n, i, 26100+n%7, n*31%9000)
	}
	return b.String()
}

func addComputer(ctx context.Context, s store.Store, n int) error {
	c := store.Sighting{ID: computerID(n), Name: fmt.Sprintf("pc-%012x", n), Group: oldGroup, Address: "127.0.0.1", Time: time.Now()}
	if _, err := s.Enroll(ctx, c); err != nil {
		return err
	}
	return s.Register(ctx, c.ID, store.Details{"DnsName": c.Name, "OSMajorVersion": "10"})
}
