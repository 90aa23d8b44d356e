package server

import (
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// maxNonLeaf is how many InstalledNonLeafUpdateIDs a request may have: what Windows' own server allows.
const maxNonLeaf = 400

// syncUpdates tells a client what is new, gone and changed for it (MS-WUSP 3.1.5.7).
func (s *Server) syncUpdates(c *call, r *clientws.SyncUpdates) (soap.Body, error) {
	if err := s.session(c, r.Cookie); err != nil {
		return nil, err
	}
	if err := checkSync(r.Parameters); err != nil {
		return nil, err
	}
	if err := s.current(c); err != nil {
		return nil, err
	}
	base := s.deps.Updates.Plan().For(c.session.Groups)
	var info *clientws.SyncInfo
	var err error
	if r.Parameters.SkipSoftwareSync {
		info, err = s.syncDrivers(c, base, r.Parameters)
	} else {
		info, err = s.syncSoftware(c, base, r.Parameters)
	}
	if err != nil {
		return nil, err
	}
	var installed []catalog.RevisionID
	if len(r.Parameters.FilterCategoryIDs) == 0 {
		installed = revisions(r.Parameters.InstalledNonLeafUpdateIDs)
	}
	s.deps.Computers.Synced(c.session.Computer, s.now(), installed)
	return &clientws.SyncUpdatesResponse{Result: info}, nil
}

func checkSync(p *clientws.SyncUpdateParameters) error {
	switch {
	case p == nil:
		return invalid("parameters")
	case p.SystemSpec != nil && !p.SkipSoftwareSync: // without a device, it is there all the same
		return invalid("parameters.SystemSpec")
	case len(p.InstalledNonLeafUpdateIDs) > maxNonLeaf:
		return invalid("parameters.InstalledNonLeafUpdateIDs")
	}
	return nil
}

func (s *Server) syncSoftware(c *call, base *deploy.View, p *clientws.SyncUpdateParameters) (*clientws.SyncInfo, error) {
	filter, err := categories(p.FilterCategoryIDs)
	if err != nil {
		return nil, err
	}
	view := base.Within(filter)
	need := view.Scope().Needed(revisions(p.InstalledNonLeafUpdateIDs), revisions(p.OtherCachedUpdateIDs))
	b := &builder{s: s, c: c, view: view, mark: c.session.Software}
	info, err := b.info(need)
	if err != nil {
		return nil, err
	}
	if len(filter) > 0 && p.NeedTwoGroupOutOfScopeUpdates && c.session.Protocol.since(7) {
		info.OutOfScopeRevisionIDs, info.DeployedOutOfScopeRevisionIDs = divide(base, need.Gone)
	}
	if c.session.Protocol.since(7) {
		info.DriverSyncNotNeeded = yesNo(!view.Scope().HasDrivers())
	}
	info.NewCookie, err = s.renewed(c, func(ses *session) {
		// A scan of some categories says nothing of the others' changes.
		if len(filter) == 0 {
			ses.Software = view.Mark()
		}
	})
	return info, err
}

func yesNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// divide tells what is no longer deployed at all from what is only not asked for in this scan (2.2.2.2.4).
func divide(base *deploy.View, gone []catalog.RevisionID) (undeployed, deployed []int32) {
	for _, id := range gone {
		if _, ok := base.Deployment(id); ok {
			deployed = append(deployed, int32(id))
		} else {
			undeployed = append(undeployed, int32(id))
		}
	}
	return undeployed, deployed
}

func categories(ids []clientws.CategoryIdentifier) ([]guid.GUID, error) {
	var all []guid.GUID
	for _, id := range ids {
		g, err := guid.Parse(id.ID)
		if err != nil {
			return nil, invalid("parameters.FilterCategoryIds.CategoryIdentifier.Id")
		}
		all = append(all, g)
	}
	if len(all) >= maxCategories {
		return nil, invalid("parameters.FilterCategoryIds")
	}
	return all, nil
}

func revisions(ids []int32) []catalog.RevisionID {
	all := make([]catalog.RevisionID, len(ids))
	for i, id := range ids {
		all[i] = catalog.RevisionID(id)
	}
	return all
}
