package server

import (
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// builder makes the answer to a synchronisation of what is needed.
type builder struct {
	s        *Server
	c        *call
	view     *deploy.View
	mark     time.Time                       // how new the deployments are that the client knows
	hardware map[catalog.RevisionID][]string // for drivers
}

// info has a page of what is new; what follows comes when the client asks again.
func (b *builder) info(need catalog.Need) (*clientws.SyncInfo, error) {
	page := need.New[:min(len(need.New), b.s.limits.PageSize)]
	info := &clientws.SyncInfo{Truncated: len(page) < len(need.New)}
	cores, err := b.s.core(b.c.ctx, page)
	if err != nil {
		return nil, err
	}
	for i, id := range page {
		u := b.update(id)
		u.XML = cores[i]
		info.NewUpdates = append(info.NewUpdates, u)
	}
	for _, id := range b.view.Changed(need.Kept, b.mark) {
		info.ChangedUpdates = append(info.ChangedUpdates, b.update(id))
	}
	for _, id := range need.Gone {
		info.OutOfScopeRevisionIDs = append(info.OutOfScopeRevisionIDs, int32(id))
	}
	return info, nil
}

// update is a revision without its fragment. Clients take one without a deployment for damaged, so it always has one.
func (b *builder) update(id catalog.RevisionID) clientws.UpdateInfo {
	d, _ := b.view.Deployment(id)
	return clientws.UpdateInfo{
		ID: int32(id), Deployment: b.c.deployment(d, b.hardware[id]), IsLeaf: b.view.Catalog().IsLeaf(id),
	}
}

// deployment writes a deployment as a client of the session's protocol version may have it (2.2.2.2.4).
func (c *call) deployment(d deploy.Deployment, hardware []string) *clientws.Deployment {
	v := c.session.Protocol
	out := &clientws.Deployment{
		ID: d.ID, Action: clientws.DeploymentAction(d.Action), IsAssigned: d.Assigned,
		LastChangeTime: d.Changed.UTC().Format(time.DateOnly),
	}
	if d.Deadline != nil {
		out.Deadline = soap.FormatTime(*d.Deadline)
	}
	if v.since(6) {
		out.HardwareIDs = hardware
	}
	if v.since(8) {
		out.AutoSelect, out.AutoDownload, out.SupersedenceBehavior = "0", "0", "0"
	}
	if c.ours() {
		out.RedxWindow = d.Window.String()
	}
	return out
}
