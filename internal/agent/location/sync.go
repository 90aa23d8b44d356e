package location

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/maintenance"
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
// installed (MS-WUSP 3.1.5.7), and in the end the drivers. What it has taken in before an error is kept, and good.
func (c *Client) Sync(ctx context.Context, judge Judge) error {
	s := &synchronisation{visit: c.visit(), judge: judge}
	var err error
	if s.filter, err = s.categories(ctx); err != nil {
		return fmt.Errorf("begin a scan of some categories: %w", err)
	}
	for {
		fresh, err := s.software(ctx)
		if err != nil {
			return fmt.Errorf("synchronise: %w", err)
		}
		if !fresh {
			break
		}
	}
	if err := s.drivers(ctx); err != nil {
		return fmt.Errorf("synchronise drivers: %w", err)
	}
	c.state.Synced = c.o.Now().UTC()
	return nil
}

// synchronisation is a visit that brings the cache up to date.
type synchronisation struct {
	*visit
	judge     Judge
	filter    []clientws.CategoryIdentifier // none: all categories
	trips     int
	noDrivers bool // the server has said that it has no drivers
}

// software is one step. Fresh tells that it brought something, so that the next may bring more.
func (s *synchronisation) software(ctx context.Context) (fresh bool, err error) {
	numbers := s.c.state.renumbered
	var all []*clientws.SyncInfo
	for n := 0; n < len(s.rounds()); n++ {
		told := 0
		info, err := s.ask(ctx, func() *clientws.SyncUpdateParameters {
			rounds := s.rounds()
			installed := rounds[min(n, len(rounds)-1)] // there may be others by now
			told = len(installed)
			return s.parameters(installed)
		})
		if err != nil && s.c.fewer(ctx, told, err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		all = append(all, info)
		if s.c.state.renumbered != numbers {
			break // what was told before is of other numbers
		}
	}
	if s.c.state.renumbered != numbers {
		all = all[len(all)-1:]
	}
	info := merge(all)
	fresh, err = s.c.apply(ctx, info)
	s.noDrivers = strings.EqualFold(info.DriverSyncNotNeeded, "true")
	if err == nil && !fresh && info.Truncated {
		err = &AnswerError{"SyncUpdates", errors.New("it says that there is more, and gives what it gave before")}
	}
	return fresh, err
}

// ask calls SyncUpdates. The parameters are made anew for each try.
func (s *synchronisation) ask(ctx context.Context, parameters func() *clientws.SyncUpdateParameters) (*clientws.SyncInfo, error) {
	if s.trips++; s.trips > maxTrips {
		return nil, ErrTrips
	}
	var answer clientws.SyncUpdatesResponse
	err := s.call(ctx, clientPath, func(cookie *clientws.Cookie) soap.Body {
		return &clientws.SyncUpdates{Cookie: cookie, Parameters: parameters()}
	}, &answer)
	if err == nil && answer.Result == nil {
		err = &AnswerError{"SyncUpdates", errors.New("it has no result")}
	}
	return answer.Result, err
}

// parameters say what the computer has. One that has nothing yet says nothing at all: an empty list is not the same.
func (s *synchronisation) parameters(installed []int32) *clientws.SyncUpdateParameters {
	p := &clientws.SyncUpdateParameters{FilterCategoryIDs: s.filter, NeedTwoGroupOutOfScopeUpdates: len(s.filter) > 0}
	cache := s.c.state.Revisions
	if len(cache) == 0 {
		return p
	}
	p.InstalledNonLeafUpdateIDs, p.OtherCachedUpdateIDs = append([]int32{}, installed...), []int32{}
	for _, id := range s.c.cached() {
		if _, said := slices.BinarySearch(installed, id); !said && cache[id].Core.Type != driver {
			p.OtherCachedUpdateIDs = append(p.OtherCachedUpdateIDs, id)
		}
	}
	return p
}

// cached gives the numbers of what the cache has, in their order.
func (c *Client) cached() []int32 { return slices.Sorted(maps.Keys(c.state.Revisions)) }

// apply takes in an answer. Fresh tells that it brought revisions that were not there, so that the next step may bring more.
func (c *Client) apply(ctx context.Context, info *clientws.SyncInfo) (fresh bool, err error) {
	s := c.state
	// What is deployed, but not asked for in this scan, is forgotten as well: a scan of all brings it again.
	for _, id := range slices.Concat(info.OutOfScopeRevisionIDs, info.DeployedOutOfScopeRevisionIDs) {
		if s.Revisions[id] != nil {
			s.forget(id)
		}
	}
	for i := range info.ChangedUpdates {
		u := &info.ChangedUpdates[i]
		if r := s.Revisions[u.ID]; r != nil && u.Deployment != nil {
			r.Leaf, r.Deployment, r.Hardware, r.Problem = u.IsLeaf, deployment(u.Deployment), u.Deployment.HardwareIDs, ""
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
		r.Deployment, r.Hardware = deployment(u.Deployment), u.Deployment.HardwareIDs
	}
	r.Read()
	if r.Problem != "" {
		c.o.Log.WarnContext(ctx, "revision cannot be judged", slog.Int("revision", int(u.ID)), slog.String("problem", r.Problem))
	}
	old := c.state.Revisions[u.ID]
	if old != nil && old.Fragment == r.Fragment && old.Leaf == r.Leaf && old.Deployment == r.Deployment && slices.Equal(old.Hardware, r.Hardware) {
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
	out := metadata.Deployment{Action: metadata.Action(strings.TrimSpace(string(d.Action)))}
	if t, err := soap.ParseTime(d.Deadline); err == nil {
		out.Deadline = t.UTC()
	}
	// One that is too long stays so, and is told as one that cannot be read; its remainder is of no use.
	out.Window = strings.ToValidUTF8(d.RedxWindow[:min(len(d.RedxWindow), maintenance.MaxText+1)], "?")
	return out
}
