package console

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
)

const (
	silentAfter  = 30 * 24 * time.Hour
	shownCauses  = 10
	shownLatest  = 10
	shownDays    = 14
	shownMissing = 10
)

// overview is the body of the first page.
type overview struct {
	Totals     store.Totals
	Conditions []store.ComputerCondition
	Causes     []cause
	Affected   int // computers with any cause
	Paused     []store.HealingPause
	Withdrawn  []withdrawn
	Withheld   int
	ScanOnly   int
	Days       []day
	Failures   int // of all days
	Latest     []failure
}

type cause struct {
	store.CauseCount
	UpdateTitle string // of an update that the server has
}

// withdrawn is an update that cannot be given out.
type withdrawn struct {
	Update guid.GUID
	Title  string
	Files  []string
}

type day struct {
	Day      time.Time
	Failures int
	Width    int // of its bar, of 100
}

// failure is a failed attempt with its update's title.
type failure struct {
	store.Failure
	Title string
}

func (c *Console) overview(v *visit) error {
	ctx, now := v.r.Context(), c.Now()
	o := overview{Conditions: conditions()}
	var err error
	if o.Totals, err = c.Store.Totals(ctx, now.Add(-silentAfter)); err != nil {
		return err
	}
	causes, affected, err := c.Store.Causes(ctx, shownCauses)
	if err != nil {
		return err
	}
	o.Affected = affected
	for _, k := range causes {
		o.Causes = append(o.Causes, cause{k, c.knownTitle(k.Update)})
	}
	if o.Paused, err = c.Store.HealingPauses(ctx); err != nil {
		return err
	}
	since := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-shownDays)
	failures, err := c.Store.FailuresByDay(ctx, since)
	if err != nil {
		return err
	}
	o.days(since, failures)
	latest, err := c.Store.LatestFailures(ctx, shownLatest)
	if err != nil {
		return err
	}
	for _, f := range latest {
		o.Latest = append(o.Latest, failure{f, c.title(f.Update)})
	}
	c.withheld(&o)
	return c.show(v, http.StatusOK, "overview", page{Title: "Overview", Section: "overview", Body: o})
}

func (o *overview) days(since time.Time, failures map[time.Time]int) {
	most := 1
	for _, n := range failures {
		most = max(most, n)
	}
	for i := range shownDays {
		at := since.AddDate(0, 0, i)
		n := failures[at]
		d := day{Day: at, Failures: n, Width: n * 100 / most}
		if n > 0 {
			d.Width = max(d.Width, 1)
		}
		o.Days, o.Failures = append(o.Days, d), o.Failures+n
	}
}

// withheld names updates whose files are missing or damaged; those that came without files are counted apart.
func (c *Console) withheld(o *overview) {
	infos, plan := c.Catalogue.Infos(), c.Catalogue.Plan()
	for id, files := range plan.Withheld() {
		if infos[id].ScanOnly {
			o.ScanOnly++
			continue
		}
		o.Withheld++
		if r := plan.Catalog().Revision(id); r != nil && plan.Catalog().Newest(r.ID.GUID) == r {
			o.Withdrawn = append(o.Withdrawn, withdrawn{r.ID.GUID, c.title(r.ID.GUID), files[:min(len(files), shownMissing)]})
		}
	}
	slices.SortFunc(o.Withdrawn, func(a, b withdrawn) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), slices.Compare(a.Update[:], b.Update[:]))
	})
	o.Withdrawn = o.Withdrawn[:min(len(o.Withdrawn), shownMissing)]
}

// info finds what is known of an update's newest revision.
func (c *Console) info(g guid.GUID) (*catalog.Revision, store.Info) {
	r := c.Catalogue.Plan().Catalog().Newest(g)
	if r == nil {
		return nil, store.Info{}
	}
	return r, c.Catalogue.Infos()[r.RevisionID]
}

// knownTitle is empty for an update that the server does not have.
func (c *Console) knownTitle(g guid.GUID) string {
	r, i := c.info(g)
	if r == nil {
		return ""
	}
	return cmp.Or(i.Title, g.String())
}

func (c *Console) title(g guid.GUID) string { return cmp.Or(c.knownTitle(g), g.String()) }
