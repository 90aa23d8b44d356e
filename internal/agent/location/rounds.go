package location

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// rounds gives what to say is installed: all at once, or in several rounds to a server that takes only so many. All rounds
// have those that the most others wait for; the rest is divided among them.
func (s *synchronisation) rounds() [][]int32 {
	c := s.c
	var installed []int32
	for _, id := range s.judge(c.state.Revisions) {
		if r := c.state.Revisions[id]; r != nil && !r.Leaf {
			installed = append(installed, id)
		}
	}
	n := c.state.MaxInstalled
	if n == 0 || len(installed) <= n {
		slices.Sort(installed)
		return [][]int32{installed}
	}
	c.weightiest(installed)
	var all [][]int32
	for part := range slices.Chunk(installed[n/2:], n-n/2) {
		all = append(all, slices.Sorted(slices.Values(slices.Concat(installed[:n/2], part))))
	}
	return all
}

// weightiest sorts the revisions that the most others require to the front.
func (c *Client) weightiest(installed []int32) {
	waiting := map[guid.GUID]int{}
	for _, r := range c.state.Revisions {
		for _, clause := range r.Core.Prerequisites {
			for _, g := range clause.AnyOf {
				waiting[g]++
			}
		}
	}
	weight := func(id int32) int { return waiting[c.state.Revisions[id].Core.ID.GUID] }
	slices.SortFunc(installed, func(a, b int32) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b))
	})
}

// fewer notes that a server takes fewer installed revisions than it was told, and tells whether to ask again. How many it
// takes is its configuration: 400 unless somebody has changed it.
func (c *Client) fewer(ctx context.Context, told int, err error) bool {
	var f *soap.Fault
	if !errors.As(err, &f) || f.Code != soap.InvalidParameters {
		return false
	}
	switch {
	case told > usualInstalled:
		c.state.MaxInstalled = usualInstalled
	case told > 1 && strings.Contains(strings.ToLower(f.Message), "installednonleaf"):
		c.state.MaxInstalled = told / 2
	default:
		return false
	}
	c.o.Log.WarnContext(ctx, "the update location takes fewer installed prerequisites than there are", slog.Int("installed", told), slog.Int("taken", c.state.MaxInstalled))
	return true
}

// merge makes one answer of those of all rounds: new is what one of them brings, and gone what all say is gone, as to each of
// them something was not said that others may need.
func merge(all []*clientws.SyncInfo) *clientws.SyncInfo {
	if len(all) == 1 {
		return all[0]
	}
	out := &clientws.SyncInfo{DriverSyncNotNeeded: all[0].DriverSyncNotNeeded}
	gone := map[int32]int{}
	for _, info := range all {
		out.NewUpdates = append(out.NewUpdates, info.NewUpdates...)
		out.ChangedUpdates = append(out.ChangedUpdates, info.ChangedUpdates...)
		out.Truncated = out.Truncated || info.Truncated
		out.NewCookie = info.NewCookie
		for _, id := range slices.Concat(info.OutOfScopeRevisionIDs, info.DeployedOutOfScopeRevisionIDs) {
			if gone[id]++; gone[id] == len(all) {
				out.OutOfScopeRevisionIDs = append(out.OutOfScopeRevisionIDs, id)
			}
		}
	}
	return out
}
