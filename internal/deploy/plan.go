package deploy

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
)

// Plan is an Input made ready. It never changes, so a new one is made after every change of its input, and it is safe
// for concurrent use: what it makes on demand, a View for each combination of groups that occurs, it keeps.
type Plan struct {
	in        Input
	groups    map[GroupID]Group
	approvals map[guid.GUID][]Approval
	// blocked: revisions with files that are missing, themselves or in a member.
	blocked map[catalog.RevisionID][]string

	views, scans cache
}

// cache keeps views by their name, no more than its limit.
type cache struct {
	mu    sync.Mutex
	views map[string]*View
	limit int
}

// Combinations of groups are the administrator's and few. Category scans name whatever a client likes, so they have
// little room and a lock of their own.
const (
	maxViews = 256
	maxScans = 8
)

// Compile makes a Plan. It keeps the maps and slices of its input.
func Compile(in Input) *Plan {
	p := &Plan{
		in: in, groups: map[GroupID]Group{}, approvals: map[guid.GUID][]Approval{},
		blocked: map[catalog.RevisionID][]string{}, views: newCache(maxViews), scans: newCache(maxScans),
	}
	for _, g := range in.Groups {
		p.groups[g.ID] = g
	}
	for _, a := range in.Approvals {
		p.approvals[a.Update] = append(p.approvals[a.Update], a)
	}
	for id := range in.Withheld {
		p.block(id, in.Withheld[id].Files)
	}
	return p
}

// block holds a revision back, and the bundles that need it.
func (p *Plan) block(id catalog.RevisionID, files []string) {
	for todo := []catalog.RevisionID{id}; len(todo) > 0; todo = todo[1:] {
		if slices.Contains(p.blocked[todo[0]], files[0]) {
			continue
		}
		p.blocked[todo[0]] = append(p.blocked[todo[0]], files...)
		for _, parent := range p.in.Catalog.BundledBy(todo[0]) {
			todo = append(todo, parent.RevisionID)
		}
	}
}

// Catalog is the catalogue that the plan is about.
func (p *Plan) Catalog() *catalog.Catalog { return p.in.Catalog }

// Approvals is the number of approvals that the plan rests on, those that were taken back among them.
func (p *Plan) Approvals() int { return len(p.in.Approvals) }

// Group finds a group by its name, in any case.
func (p *Plan) Group(name string) (Group, bool) {
	for _, g := range p.in.Groups {
		if strings.EqualFold(g.Name, name) {
			return g, true
		}
	}
	return Group{}, false
}

// For gives the view of a computer in these groups; unknown groups count for nothing, none at all means Unassigned.
func (p *Plan) For(groups []GroupID) *View {
	groups = slices.DeleteFunc(slices.Clone(groups), func(g GroupID) bool { return p.groups[g].ID == 0 })
	if len(groups) == 0 {
		groups = []GroupID{Unassigned}
	}
	slices.Sort(groups)
	groups = slices.Compact(groups)
	return p.views.get(viewName(groups, nil), func() *View { return p.compileView(groups) })
}

func viewName(groups []GroupID, categories []guid.GUID) string {
	var b strings.Builder
	for _, g := range groups {
		b.WriteString(strconv.Itoa(int(g)) + " ")
	}
	for _, c := range categories {
		b.Write(c[:])
	}
	return b.String()
}

func newCache(limit int) cache { return cache{views: map[string]*View{}, limit: limit} }

func (c *cache) get(name string, compile func() *View) *View {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.views[name]; ok {
		return v
	}
	if len(c.views) >= c.limit {
		clear(c.views)
	}
	v := compile()
	c.views[name] = v
	return v
}

// decide gives the approval that counts for an update and a computer in these groups: of each group its own or the
// nearest inherited one, of several groups the strongest choice, with the earliest deadline of those that agree, and their windows: one that has
// none opens nothing that another one holds shut.
// Changed is when any approval that had a say last changed. False: none of them ever had one.
func (p *Plan) decide(update guid.GUID, groups []GroupID) (Approval, bool) {
	var best Approval
	var changed time.Time
	for _, g := range groups {
		a, ok := p.inherited(update, g)
		if !ok {
			continue
		}
		changed = later(changed, a.Changed)
		switch {
		case best.ID == 0 || a.Choice.strength() > best.Choice.strength():
			best = a
		case a.Choice == best.Choice:
			best.Deadline, best.Window = earlier(best.Deadline, a.Deadline), best.Window.And(a.Window)
		}
	}
	best.Changed = changed
	return best, best.ID != 0
}

func (p *Plan) inherited(update guid.GUID, group GroupID) (Approval, bool) {
	// A chain of parents is no longer than there are groups, even when somebody made a circle.
	for range len(p.groups) {
		for _, a := range p.approvals[update] {
			if a.Group == group {
				return a, true
			}
		}
		group = p.groups[group].Parent
	}
	return Approval{}, false
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

// ApprovalsOf gives the approvals of an update, those taken back among them.
func (p *Plan) ApprovalsOf(update guid.GUID) []Approval { return slices.Clone(p.approvals[update]) }

// DeclinedAt is when an update was declined for everybody; false when it was not.
func (p *Plan) DeclinedAt(update guid.GUID) (time.Time, bool) {
	at, ok := p.in.Declined[update]
	return at, ok
}

// Withheld goes through the revisions that cannot be offered for installation, in no order, each with the files that are
// missing or damaged, its own and those of its members.
func (p *Plan) Withheld() iter.Seq2[catalog.RevisionID, []string] { return maps.All(p.blocked) }
