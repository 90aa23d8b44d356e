package deploy

import (
	"slices"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
)

// View is what a computer in certain groups is offered. It is immutable and safe for concurrent use.
type View struct {
	plan   *Plan
	groups []GroupID
	scope  *catalog.Scope
	deps   map[catalog.RevisionID]Deployment
	mark   time.Time
}

func (p *Plan) compileView(groups []GroupID) *View {
	v := &View{plan: p, groups: groups}
	var deployed []catalog.RevisionID
	for update := range p.approvals {
		if r := p.in.Catalog.Newest(update); r != nil && p.offers(r, groups) {
			deployed = append(deployed, r.RevisionID)
		}
	}
	v.scope = p.in.Catalog.Scope(deployed)
	v.deploy()
	return v
}

func (p *Plan) offers(r *catalog.Revision, groups []GroupID) bool {
	a, ok := p.decide(r.ID.GUID, groups)
	_, declined := p.in.Declined[r.ID.GUID]
	return ok && a.Choice != NotApproved && !declined && !r.Expired && !p.withheld(r, a.Choice)
}

// withheld: what is only looked for, or taken away, needs no file.
func (p *Plan) withheld(r *catalog.Revision, c Choice) bool {
	return (c == Install || c == Optional) && len(p.blocked[r.RevisionID]) > 0
}

// deploy gives every revision in the scope its deployment.
func (v *View) deploy() {
	v.deps = map[catalog.RevisionID]Deployment{}
	for _, id := range v.scope.Revisions() {
		d := v.deployment(id)
		v.deps[id] = d
		v.mark = later(v.mark, d.Changed)
	}
}

func (v *View) deployment(id catalog.RevisionID) Deployment {
	r := v.plan.in.Catalog.Revision(id)
	d := Deployment{ID: implicitID(id), Action: ActionEvaluate, Assigned: true, Changed: v.changed(r)}
	a, decided := v.plan.decide(r.ID.GUID, v.groups)
	switch v.scope.Role(id) {
	case catalog.Deployed:
		if !decided { // a category that a scan asked for
			break
		}
		d.ID, d.Action, d.Deadline, d.Window = a.ID, a.Choice.action(), a.Deadline, a.Window
		d.Assigned = a.Choice != Optional
	case catalog.Member:
		d.Action = ActionBundle
	case catalog.Dependency, catalog.Outside:
	}
	return d
}

// changed is the last time at which something happened that this revision's deployment can depend on: to itself, or
// to a bundle that it is a member of.
func (v *View) changed(r *catalog.Revision) time.Time {
	c := v.plan.in.Catalog
	at := later(r.Arrived, c.NonLeafSince(r.RevisionID))
	for _, affected := range append(c.BundledBy(r.RevisionID), r) {
		a, _ := v.plan.decide(affected.ID.GUID, v.groups)
		at = later(at, a.Changed)
		at = later(at, v.plan.in.Declined[affected.ID.GUID])
		at = later(at, v.plan.in.Withheld[affected.RevisionID].Since)
		at = later(at, v.plan.in.Returned[affected.RevisionID])
	}
	return at
}

// Within is the view of a category scan: what is deployed and belongs to one of the categories, with all it needs,
// and the categories themselves. No category means no limit; one that the catalogue does not have counts for nothing.
func (v *View) Within(categories []guid.GUID) *View {
	if len(categories) == 0 {
		return v
	}
	categories = slices.DeleteFunc(slices.Clone(categories), func(g guid.GUID) bool {
		return v.plan.in.Catalog.Newest(g) == nil
	})
	slices.SortFunc(categories, func(a, b guid.GUID) int { return slices.Compare(a[:], b[:]) })
	categories = slices.Compact(categories)
	return v.plan.scans.get(viewName(v.groups, categories), func() *View {
		w := &View{plan: v.plan, groups: v.groups}
		w.scope = v.plan.in.Catalog.Scope(v.scope.Within(categories))
		w.deploy()
		return w
	})
}

// Groups are the groups of the view, ordered.
func (v *View) Groups() []GroupID { return slices.Clone(v.groups) }

// Catalog is the catalogue that the view is about.
func (v *View) Catalog() *catalog.Catalog { return v.plan.in.Catalog }

// Scope is the part of the catalogue that the view offers.
func (v *View) Scope() *catalog.Scope { return v.scope }

// Deployment says how a revision is deployed; false when it is not in the view.
func (v *View) Deployment(id catalog.RevisionID) (Deployment, bool) {
	d, ok := v.deps[id]
	return d, ok
}

// Mark is the last time at which any deployment of the view changed: what a cookie remembers, one for software and
// one for drivers, since each synchronisation reports its own changes. A category scan sees a part of the changes
// only, so it must not move either.
func (v *View) Mark() time.Time { return v.mark }

// Changed lists, of revisions that a computer has cached and keeps, those whose deployment changed after a time.
func (v *View) Changed(kept []catalog.RevisionID, since time.Time) []catalog.RevisionID {
	if !v.mark.After(since) {
		return nil
	}
	var changed []catalog.RevisionID
	for _, id := range kept {
		if v.deps[id].Changed.After(since) {
			changed = append(changed, id)
		}
	}
	return changed
}
