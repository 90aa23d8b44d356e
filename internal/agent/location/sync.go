package location

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// Judge tells which of the cached revisions that are no leaves are installed on this computer: IsInstalled holds, and what
// they require is installed. It is asked before each step of a synchronisation, as each brings new revisions.
type Judge func(cache map[int32]*metadata.Revision) []int32

// ErrTrips says that a synchronisation was not at its end after as many steps as a client allows itself.
var ErrTrips = fmt.Errorf("the update location has not come to an end after %d steps", maxTrips)

// ErrTooMuch says that a server has more updates than the cache holds.
var ErrTooMuch = fmt.Errorf("more than %d revisions, or %d MB of them", maxRevisions, maxCached>>20)

// Sync brings the cache up to date: step by step, since the server gives an update only when what it requires is said to be
// installed (MS-WUSP 3.1.5.7). What it has taken in before an error is kept, and good.
func (c *Client) Sync(ctx context.Context, judge Judge) error {
	v := c.visit()
	for range maxTrips {
		var answer clientws.SyncUpdatesResponse
		err := v.call(ctx, clientPath, func(cookie *clientws.Cookie) soap.Body {
			return &clientws.SyncUpdates{Cookie: cookie, Parameters: c.parameters(ctx, judge)}
		}, &answer)
		if err != nil {
			return fmt.Errorf("synchronise: %w", err)
		}
		if answer.Result == nil {
			return &AnswerError{"SyncUpdates", errors.New("it has no result")}
		}
		fresh, err := c.apply(ctx, answer.Result)
		switch {
		case err != nil:
			return err
		case fresh:
		case answer.Result.Truncated:
			return &AnswerError{"SyncUpdates", errors.New("it says that there is more, and gives what it gave before")}
		default:
			c.state.Synced = c.o.Now().UTC()
			return nil
		}
	}
	return ErrTrips
}

// parameters say what the computer has. One that has nothing yet says nothing at all: an empty list is not the same.
func (c *Client) parameters(ctx context.Context, judge Judge) *clientws.SyncUpdateParameters {
	p := &clientws.SyncUpdateParameters{}
	cache := c.state.Revisions
	if len(cache) == 0 {
		return p
	}
	p.InstalledNonLeafUpdateIDs, p.OtherCachedUpdateIDs = []int32{}, []int32{}
	installed := map[int32]bool{}
	for _, id := range c.limit(ctx, judge(cache)) {
		if r := cache[id]; r != nil && !r.Leaf {
			installed[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(cache)) {
		switch {
		case installed[id]:
			p.InstalledNonLeafUpdateIDs = append(p.InstalledNonLeafUpdateIDs, id)
		case cache[id].Core.Type != "Driver":
			p.OtherCachedUpdateIDs = append(p.OtherCachedUpdateIDs, id)
		}
	}
	return p
}

// limit chooses among more installed revisions than a server takes: those that the most others wait for.
func (c *Client) limit(ctx context.Context, installed []int32) []int32 {
	if len(installed) <= maxNonLeaf {
		return installed
	}
	c.o.Log.WarnContext(ctx, "more installed prerequisites than a server takes", slog.Int("installed", len(installed)), slog.Int("taken", maxNonLeaf))
	waiting := map[guid.GUID]int{}
	for _, r := range c.state.Revisions {
		for _, clause := range r.Core.Prerequisites {
			for _, g := range clause.AnyOf {
				waiting[g]++
			}
		}
	}
	weight := func(id int32) int {
		if r := c.state.Revisions[id]; r != nil {
			return waiting[r.Core.ID.GUID]
		}
		return -1
	}
	installed = slices.Clone(installed)
	slices.SortFunc(installed, func(a, b int32) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b))
	})
	return installed[:maxNonLeaf]
}

// apply takes in an answer. Fresh tells that it brought revisions that were not there, so that the next step may bring more.
func (c *Client) apply(ctx context.Context, info *clientws.SyncInfo) (fresh bool, err error) {
	s := c.state
	for _, id := range info.OutOfScopeRevisionIDs {
		if s.Revisions[id] != nil {
			s.forget(id)
		}
	}
	for i := range info.ChangedUpdates {
		u := &info.ChangedUpdates[i]
		if r := s.Revisions[u.ID]; r != nil && u.Deployment != nil {
			r.Leaf, r.Deployment, r.Problem = u.IsLeaf, deployment(u.Deployment), ""
			r.Read()
			s.changed = true
		}
	}
	for i := range info.NewUpdates {
		if c.add(ctx, &info.NewUpdates[i]) {
			fresh = true
		}
	}
	if info.NewCookie != nil && len(info.NewCookie.EncryptedData) > 0 {
		s.Cookie = &Cookie{info.NewCookie.Expiration, info.NewCookie.EncryptedData}
	}
	if fresh && !s.fits() {
		return false, ErrTooMuch
	}
	return fresh, nil
}

// add takes in a new revision; false when it was there already, just so.
func (c *Client) add(ctx context.Context, u *clientws.UpdateInfo) bool {
	r := &metadata.Revision{ID: u.ID, Leaf: u.IsLeaf, Fragment: u.XML}
	if u.Deployment == nil {
		r.Problem = "the server says not how it is deployed"
	} else {
		r.Deployment = deployment(u.Deployment)
	}
	r.Read()
	if r.Problem != "" {
		c.o.Log.WarnContext(ctx, "revision cannot be judged", slog.Int("revision", int(u.ID)), slog.String("problem", r.Problem))
	}
	old := c.state.Revisions[u.ID]
	if old != nil && old.Fragment == r.Fragment && old.Leaf == r.Leaf && old.Deployment == r.Deployment {
		return false
	}
	delete(c.state.Details, u.ID)
	c.state.Revisions[u.ID] = r
	c.state.changed = true
	return true
}

func (s *State) fits() bool {
	n := 0
	for _, r := range s.Revisions {
		n += len(r.Fragment)
	}
	return len(s.Revisions) <= maxRevisions && n <= maxCached
}

func deployment(d *clientws.Deployment) metadata.Deployment {
	out := metadata.Deployment{Action: metadata.Action(d.Action)}
	if t, err := soap.ParseTime(d.Deadline); err == nil {
		out.Deadline = t.UTC()
	}
	return out
}
