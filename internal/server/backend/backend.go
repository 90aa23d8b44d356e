// Package backend is what the protocol server stands on: the store and the content, with everything that a request asks
// for kept in memory. It reads the store again when its version grows, whoever made the change. It decides nothing
// about updates (packages catalog and deploy) and speaks no protocol (package server).
package backend

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/store"
)

// Backend implements the interfaces of package server. It is safe for concurrent use.
type Backend struct {
	store   store.Store
	keeper  *content.Keeper
	log     *slog.Logger
	fixed   server.Settings
	healing HealingRule

	state atomic.Pointer[state]

	refreshing sync.Mutex
	seen       seen
	computers  computers
}

// state is what was read of the store at one version.
type state struct {
	version  int64
	settings server.Settings
	plan     *deploy.Plan
	revs     map[catalog.RevisionID]catalog.Revision
	infos    map[catalog.RevisionID]store.Info
	latest   time.Time // when the last of the revisions arrived
	groups   []deploy.Group
}

var (
	_ server.SettingsSource = (*Backend)(nil)
	_ server.Computers      = (*Backend)(nil)
	_ server.Updates        = (*Backend)(nil)
	_ server.Reports        = (*Backend)(nil)
)

// New reads the store. Of the fixed settings, what the store knows itself is filled in.
func New(ctx context.Context, s store.Store, files content.Store, fixed server.Settings, log *slog.Logger) (*Backend, error) {
	b := &Backend{store: s, log: log, fixed: fixed, healing: DefaultHealingRule()}
	b.seen.all = map[string]store.Synced{}
	b.computers.all = map[string]cached{}
	var err error
	if b.keeper, err = NewKeeper(ctx, s, files, log); err != nil {
		return nil, err
	}
	return b, b.Refresh(ctx)
}

// Keeper looks after the files; it serves them too.
func (b *Backend) Keeper() *content.Keeper { return b.keeper }

// Settings implements server.SettingsSource.
func (b *Backend) Settings() server.Settings { return b.state.Load().settings }

// Plan implements server.Updates.
func (b *Backend) Plan() *deploy.Plan { return b.state.Load().plan }

// Infos gives the facts of all revisions, without their descriptions. They must not be changed.
func (b *Backend) Infos() map[catalog.RevisionID]store.Info { return b.state.Load().infos }

// Groups gives the target groups.
func (b *Backend) Groups() []deploy.Group { return b.state.Load().groups }

// Refresh reads the store if its version has grown.
func (b *Backend) Refresh(ctx context.Context) error {
	b.refreshing.Lock()
	defer b.refreshing.Unlock()
	version, err := b.store.Version(ctx)
	if err != nil {
		return err
	}
	old := b.state.Load()
	if old != nil && old.version == version {
		return nil
	}
	next, err := b.read(ctx, old)
	if err != nil {
		return err
	}
	next.version = version
	b.state.Store(next)
	return nil
}

func (b *Backend) read(ctx context.Context, old *state) (*state, error) {
	next := &state{revs: map[catalog.RevisionID]catalog.Revision{}, infos: map[catalog.RevisionID]store.Info{}}
	if old != nil {
		next.revs, next.infos, next.latest = old.revs, old.infos, old.latest
	}
	var err error
	if next.settings, err = b.settings(ctx); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	grown, err := next.grow(ctx, b.store)
	if err != nil {
		return nil, fmt.Errorf("read updates: %w", err)
	}
	in, err := b.input(ctx, next)
	if err != nil {
		return nil, fmt.Errorf("read approvals: %w", err)
	}
	if old != nil && !grown {
		in.Catalog = old.plan.Catalog()
	} else {
		in.Catalog = next.compile()
	}
	next.plan = deploy.Compile(in)
	return next, nil
}

// grow adds the revisions that arrived since; it leaves alone the maps that requests are reading.
func (s *state) grow(ctx context.Context, from store.Store) (bool, error) {
	revs, err := from.Revisions(ctx, s.latest)
	if err != nil || len(revs) == 0 {
		return false, err
	}
	infos, err := from.Infos(ctx, s.latest)
	if err != nil {
		return false, err
	}
	s.revs, s.infos = clone(s.revs, len(revs)), clone(s.infos, len(infos))
	for _, r := range revs {
		s.revs[r.RevisionID] = r
		if r.Arrived.After(s.latest) {
			s.latest = r.Arrived
		}
	}
	for id, i := range infos {
		i.Description = ""
		s.infos[id] = i
	}
	return true, nil
}

func clone[K comparable, V any](m map[K]V, more int) map[K]V {
	c := make(map[K]V, len(m)+more)
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (s *state) compile() *catalog.Catalog {
	all := make([]catalog.Revision, 0, len(s.revs))
	for _, r := range s.revs {
		all = append(all, r)
	}
	return catalog.Compile(all)
}

// input reads what changes more often than the catalogue.
func (b *Backend) input(ctx context.Context, s *state) (deploy.Input, error) {
	var in deploy.Input
	var errs [4]error
	var files map[[20]byte]store.FileState
	in.Groups, errs[0] = b.store.Groups(ctx)
	in.Approvals, errs[1] = b.store.Approvals(ctx)
	in.Declined, errs[2] = b.store.Declined(ctx)
	files, errs[3] = b.store.FileStates(ctx)
	if err := errors.Join(errs[:]...); err != nil {
		return in, err
	}
	s.groups = in.Groups
	b.keeper.Track(tracked(files))
	in.Withheld, in.Returned = withhold(s.infos, files)
	return in, nil
}

// withhold finds the revisions with files that cannot be given out, and when the files of the others became sound.
func withhold(infos map[catalog.RevisionID]store.Info, files map[[20]byte]store.FileState) (map[catalog.RevisionID]deploy.Withheld, map[catalog.RevisionID]time.Time) {
	bad, back := map[catalog.RevisionID]deploy.Withheld{}, map[catalog.RevisionID]time.Time{}
	for id, i := range infos {
		var w deploy.Withheld
		var since time.Time
		if i.ScanOnly {
			w.Files = []string{"all: it came without files, for scans"}
		}
		for _, f := range i.Files {
			state := files[f.SHA1]
			if state.Since.After(since) {
				since = state.Since
			}
			if state.Condition != store.Verified {
				w.Files = append(w.Files, f.Name)
			}
		}
		if w.Since = since; len(w.Files) > 0 {
			bad[id] = w
		} else if !since.IsZero() {
			back[id] = since
		}
	}
	return bad, back
}

// CookieSecret names the secret that seals cookies. It is made with the data and not when it is first needed, so that every
// backup has it: a restored server tells clients that it has changed, and not that it never gave them their cookies.
const CookieSecret = "cookie"

// settings fills in what the store knows.
func (b *Backend) settings(ctx context.Context) (server.Settings, error) {
	set := b.fixed
	id, err := b.store.Identity(ctx)
	if err != nil {
		return set, err
	}
	key, err := b.store.Secret(ctx, CookieSecret)
	if err != nil {
		return set, err
	}
	set.Epoch, set.Changed, set.Keys = epoch(id), id.ConfigChanged, [][]byte{key}
	return set, nil
}

// epoch mixes the server and its life into one name.
func epoch(id store.Identity) [16]byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte(nil), id.Server[:]...), uint64(id.Epoch)))
	return [16]byte(sum[:16])
}
