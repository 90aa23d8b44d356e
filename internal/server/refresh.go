package server

import (
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// refreshCache gives this server's revision ids for what a client has from another one, or from this one's other life
// (MS-WUSP 3.1.5.8). What is not deployed to the client is left out: it forgets that.
func (s *Server) refreshCache(c *call, r *clientws.RefreshCache) (soap.Body, error) {
	if err := s.session(c, r.Cookie); err != nil {
		return nil, err
	}
	if r.GlobalIDs == nil {
		return nil, invalid("globalIDs")
	}
	view := s.deps.Updates.Plan().For(c.session.Groups)
	results := []clientws.RefreshCacheResult{}
	for i := range r.GlobalIDs {
		rev, err := find(view, &r.GlobalIDs[i], "globalIDs")
		if err != nil {
			return nil, err
		}
		if rev == nil {
			continue
		}
		d, _ := view.Deployment(rev.RevisionID)
		results = append(results, clientws.RefreshCacheResult{
			RevisionID: int32(rev.RevisionID), GlobalID: &r.GlobalIDs[i], IsLeaf: view.Catalog().IsLeaf(rev.RevisionID),
			Deployment: c.deployment(d, nil),
		})
	}
	return &clientws.RefreshCacheResponse{Results: results}, nil
}
