package location

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// refreshCache asks what the cached revisions are called by this server (3.1.5.8). What it does not know, or does not deploy
// to this computer, is forgotten.
func (v *visit) refreshCache(ctx context.Context) error {
	s := v.c.state
	known := map[update.ID]*metadata.Revision{}
	var ids []clientws.UpdateIdentity
	for _, id := range slices.Sorted(maps.Keys(s.Revisions)) {
		r := s.Revisions[id]
		if known[r.Core.ID] == nil && !r.Core.ID.GUID.IsZero() {
			known[r.Core.ID] = r
			ids = append(ids, clientws.UpdateIdentity{UpdateID: r.Core.ID.GUID.String(), RevisionNumber: int32(r.Core.ID.Revision)})
		}
	}
	fresh := map[int32]*metadata.Revision{}
	for batch := range slices.Chunk(ids, maxRefresh) {
		err := v.refresh(ctx, batch, known, fresh)
		var f *soap.Fault
		if errors.As(err, &f) && f.Code == soap.InvalidParameters {
			// The server does not like what another one has given: without a cache all comes anew.
			v.c.o.Log.WarnContext(ctx, "cache not refreshed, begun anew", slog.String("parameter", f.Message))
			clear(fresh)
			break
		}
		if err != nil {
			return err
		}
	}
	s.Revisions, s.Details, s.Refresh, s.changed = fresh, map[int32]Details{}, false, true
	s.renumbered++
	return nil
}

func (v *visit) refresh(ctx context.Context, batch []clientws.UpdateIdentity, known map[update.ID]*metadata.Revision, fresh map[int32]*metadata.Revision) error {
	var answer clientws.RefreshCacheResponse
	request := &clientws.RefreshCache{Cookie: v.c.state.Cookie.wire(), GlobalIDs: batch}
	if err := v.exchange(ctx, v.c.url(clientPath), request, &answer); err != nil {
		return err
	}
	for _, r := range answer.Results {
		if r.GlobalID == nil || r.Deployment == nil {
			continue
		}
		g, err := guid.Parse(r.GlobalID.UpdateID)
		if err != nil {
			continue
		}
		old := known[update.ID{GUID: g, Revision: uint32(r.GlobalID.RevisionNumber)}]
		if old == nil {
			continue
		}
		next := *old
		next.ID, next.Leaf, next.Deployment, next.Hardware = r.RevisionID, r.IsLeaf, deployment(r.Deployment), r.Deployment.HardwareIDs
		fresh[next.ID] = &next
	}
	return nil
}

// locateFiles asks where the files are whose places are known, since they are others now (3.1.5.10).
func (v *visit) locateFiles(ctx context.Context) error {
	digests := [][]byte{}
	for _, name := range slices.Sorted(maps.Keys(v.c.state.Places)) {
		if d, err := hex.DecodeString(name); err == nil && len(d) == 20 {
			digests = append(digests, d)
		}
	}
	clear(v.c.state.Places)
	v.c.state.changed = true
	return v.locate(ctx, digests)
}

// locate asks where files are, in parts; without any it tells the server all the same that it was heard.
func (v *visit) locate(ctx context.Context, digests [][]byte) error {
	for {
		n := min(len(digests), maxDigests)
		var answer clientws.GetFileLocationsResponse
		request := &clientws.GetFileLocations{Cookie: v.c.state.Cookie.wire(), FileDigests: digests[:n]}
		if err := v.exchange(ctx, v.c.url(clientPath), request, &answer); err != nil {
			return err
		}
		r := answer.Result
		if r == nil {
			return &AnswerError{"GetFileLocations", errors.New("it has no result")}
		}
		if r.NewCookie != nil && len(r.NewCookie.EncryptedData) > 0 {
			v.c.state.Cookie = &Cookie{r.NewCookie.Expiration, r.NewCookie.EncryptedData}
		}
		v.c.place(r.FileLocations)
		if digests = digests[n:]; len(digests) == 0 {
			return nil
		}
	}
}

// maxPlaces bounds the URLs that are kept for one file.
const maxPlaces = 8

// place keeps where files are.
func (c *Client) place(all []clientws.FileLocation) {
	for _, f := range all {
		if len(f.FileDigest) != 20 || f.URL == "" {
			continue
		}
		name := hex.EncodeToString(f.FileDigest)
		if have := c.state.Places[name]; len(have) < maxPlaces && !slices.Contains(have, f.URL) {
			c.state.Places[name] = append(have, f.URL)
			c.state.changed = true
		}
	}
}

// Locate asks anew where files are; digests are SHA-1. What the server does not have has no place afterwards.
func (c *Client) Locate(ctx context.Context, digests [][20]byte) error {
	v := c.visit()
	list := make([][]byte, len(digests))
	for i := range digests {
		list[i] = digests[i][:]
	}
	for {
		if err := v.settle(ctx); err != nil {
			return err
		}
		for _, d := range list {
			delete(c.state.Places, hex.EncodeToString(d))
		}
		c.state.changed = true
		err := v.locate(ctx, list)
		if err == nil {
			return nil
		}
		if err := v.heed(ctx, err); err != nil {
			return fmt.Errorf("ask where files are: %w", err)
		}
	}
}
