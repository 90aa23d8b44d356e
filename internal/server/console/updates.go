package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

// index has the updates that people know as such, the newest first, ready for being searched.
type index struct {
	plan *deploy.Plan
	all  []indexed
}

type indexed struct {
	rev  *catalog.Revision
	info store.Info
	text string // what is searched, in lower case
}

// updateIndex makes the index anew when the catalogue has changed.
func (c *Console) updateIndex() *index {
	plan := c.Catalogue.Plan()
	if x := c.index.Load(); x != nil && x.plan == plan {
		return x
	}
	x, infos := &index{plan: plan}, c.Catalogue.Infos()
	for r := range plan.Catalog().All() {
		if (r.Type != catalog.Software && r.Type != catalog.Driver) || plan.Catalog().Newest(r.ID.GUID) != r {
			continue
		}
		i := infos[r.RevisionID]
		x.all = append(x.all, indexed{r, i, strings.ToLower(i.Title + " " + string(i.KB) + " " + r.ID.GUID.String())})
	}
	slices.SortStableFunc(x.all, func(a, b indexed) int {
		return cmp.Or(b.info.Created.Compare(a.info.Created), cmp.Compare(a.info.Title, b.info.Title))
	})
	c.index.Store(x)
	return x
}

// updateRow is an update in the list.
type updateRow struct {
	ID                        guid.GUID
	Info                      store.Info
	KB                        update.KB // when the title does not have it
	Failed, Needed, Installed int       // computers
	Decision                  string
}

// updateList is the body of the page updates.
type updateList struct {
	paging
	Rows   []updateRow
	Search string
	State  string
	States []choice
}

// choice is one of a list that is chosen from.
type choice struct{ Value, Text string }

// The ways to narrow the list of updates, beside those that are a store.Standing.
const (
	approvedState = "approved"
	openState     = "open"
	declinedState = "declined"
	withheldState = "withheld"
)

// maxStanding bounds how many updates that stand alike are looked through.
const maxStanding = 10000

func (c *Console) updates(v *visit) error {
	q := v.r.URL.Query()
	list := updateList{Search: q.Get("q"), State: q.Get("state"), States: []choice{
		{string(store.FailedState), "Failed on computers"},
		{string(store.Needed), "Needed by computers"},
		{approvedState, "Approved"},
		{openState, "Not decided"},
		{declinedState, "Declined"},
		{withheldState, "Files missing"},
	}}
	if len(list.Search) > maxSearch {
		return &refusal{http.StatusBadRequest, "This is too long to search for."}
	}
	keep, err := c.filter(v, list.State)
	if err != nil {
		return err
	}
	words := strings.Fields(strings.ToLower(list.Search))
	var found []indexed
	for _, u := range c.updateIndex().all {
		if keep(u.rev) && containsAll(u.text, words) {
			found = append(found, u)
		}
	}
	list.paging = newPaging(len(found), pageNumber(q.Get("page")))
	if list.Rows, err = c.updateRows(v, found[max(0, list.First-1):list.Last]); err != nil {
		return err
	}
	return c.show(v, http.StatusOK, "updates", page{Title: "Updates", Section: "updates", Body: list})
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// filter makes the test for a state.
func (c *Console) filter(v *visit, state string) (func(*catalog.Revision) bool, error) {
	plan := c.Catalogue.Plan()
	switch state {
	case "":
		return func(*catalog.Revision) bool { return true }, nil
	case approvedState, openState, declinedState:
		return func(r *catalog.Revision) bool { return decided(plan, r.ID.GUID) == state }, nil
	case withheldState:
		held := map[catalog.RevisionID]bool{}
		for id := range plan.Withheld() {
			held[id] = true
		}
		return func(r *catalog.Revision) bool { return held[r.RevisionID] }, nil
	}
	ids, err := c.Store.Standing(v.r.Context(), store.Standing(state), maxStanding)
	if err != nil {
		return nil, err
	}
	these := map[guid.GUID]bool{}
	for _, g := range ids {
		these[g] = true
	}
	return func(r *catalog.Revision) bool { return these[r.ID.GUID] }, nil
}

// decided says which of the states an update is in by the administrator's word.
func decided(plan *deploy.Plan, g guid.GUID) string {
	if _, declined := plan.DeclinedAt(g); declined {
		return declinedState
	}
	if slices.ContainsFunc(plan.ApprovalsOf(g), func(a deploy.Approval) bool { return a.Choice != deploy.NotApproved }) {
		return approvedState
	}
	return openState
}

func (c *Console) updateRows(v *visit, found []indexed) ([]updateRow, error) {
	ids := make([]guid.GUID, len(found))
	for i := range found {
		ids[i] = found[i].rev.ID.GUID
	}
	counts, err := c.Store.Standings(v.r.Context(), ids)
	if err != nil {
		return nil, err
	}
	rows := make([]updateRow, len(found))
	text := map[string]string{approvedState: "Approved", declinedState: "Declined", openState: "Not decided"}
	for i, u := range found {
		n := counts[ids[i]]
		kb := u.info.KB
		if strings.Contains(u.info.Title, string(kb)) {
			kb = ""
		}
		rows[i] = updateRow{
			ID: ids[i], Info: u.info, KB: kb, Decision: text[decided(c.Catalogue.Plan(), ids[i])],
			Failed: n[store.FailedState], Needed: n[store.Needed] + n[store.Downloaded], Installed: n[store.Installed],
		}
	}
	return rows, nil
}
