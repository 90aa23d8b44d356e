package console

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/store"
)

const shownFailed = 50

// oneUpdate is the body of an update's page.
type oneUpdate struct {
	ID         guid.GUID
	Revision   uint32
	Info       store.Info
	Link       string // to what its publisher says of it
	Categories []string
	Expired    bool
	Counts     []standingCount
	Unknown    int // computers that said nothing about it
	Failed     []store.Failure
	Codes      []codeCount
	Files      []file
	Groups     []groupChoice
	Choices    []deploy.Choice
	Declined   time.Time
	Refused    string // what is wrong with a form
}

type standingCount struct {
	Standing store.Standing
	Count    int
}

type codeCount struct {
	Code        hresult.Code
	Count       int
	Explanation hresult.Explanation
}

type file struct {
	Name, Condition, Problem string
	Mark                     mark
	Size                     int64
}

// groupChoice is what is decided for a group.
type groupChoice struct {
	deploy.Group
	Approval *deploy.Approval
}

// updateOf finds the update of a path.
func (c *Console) updateOf(v *visit) (guid.GUID, error) {
	g, err := guid.Parse(v.r.PathValue("id"))
	if err != nil || c.knownTitle(g) == "" {
		return g, notFound("The server does not have this update.")
	}
	return g, nil
}

func (c *Console) update(v *visit) error {
	g, err := c.updateOf(v)
	if err != nil {
		return err
	}
	return c.showUpdate(v, g, "")
}

func (c *Console) showUpdate(v *visit, g guid.GUID, problem string) error {
	r, info := c.info(g)
	plan := c.Catalogue.Plan()
	u := oneUpdate{ID: g, Revision: r.ID.Revision, Info: info, Link: webLink(info.MoreInfo), Expired: r.Expired, Refused: problem}
	u.Choices = []deploy.Choice{deploy.Install, deploy.Optional, deploy.Uninstall, deploy.DetectOnly, deploy.NotApproved}
	u.Declined, _ = plan.DeclinedAt(g)
	for _, k := range info.Categories {
		u.Categories = append(u.Categories, c.title(k))
	}
	for _, f := range info.Files {
		u.Files = append(u.Files, c.file(f))
	}
	approvals := plan.ApprovalsOf(g)
	for _, group := range c.Catalogue.Groups() {
		choice := groupChoice{Group: group}
		if i := slices.IndexFunc(approvals, func(a deploy.Approval) bool { return a.Group == group.ID }); i >= 0 {
			choice.Approval = &approvals[i]
		}
		u.Groups = append(u.Groups, choice)
	}
	if err := c.count(v, &u); err != nil {
		return err
	}
	status := http.StatusOK
	if problem != "" {
		status = http.StatusBadRequest
	}
	return c.show(v, status, "update", page{Title: cmp.Or(info.Title, g.String()), Section: "updates", Body: u})
}

// webLink lets through what can be followed.
func webLink(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}

func (c *Console) file(f store.File) file {
	out := file{Name: f.Name, Size: f.Size, Condition: "not looked at yet", Mark: markWaiting}
	found, ok := c.Catalogue.File(f.SHA1)
	switch {
	case !ok:
	case found.Condition == content.Sound:
		out.Condition, out.Mark = "verified", markDone
	case found.Condition == content.Damaged:
		out.Condition, out.Problem, out.Mark = "damaged", found.Problem, markFailed
	case found.Condition == content.Missing:
		out.Condition, out.Problem, out.Mark = "missing", found.Problem, markFailed
	}
	return out
}

// count adds how computers stand to the update.
func (c *Console) count(v *visit, u *oneUpdate) error {
	ctx := v.r.Context()
	counts, err := c.Store.Standings(ctx, []guid.GUID{u.ID})
	if err != nil {
		return err
	}
	totals, err := c.Store.Totals(ctx, c.Now())
	if err != nil {
		return err
	}
	u.Unknown = totals.Computers
	for _, s := range []store.Standing{store.FailedState, store.Needed, store.Downloaded, store.RestartDue, store.Installed, store.NotNeeded} {
		n := counts[u.ID][s]
		u.Counts, u.Unknown = append(u.Counts, standingCount{s, n}), u.Unknown-n
	}
	failed, codes, err := c.Store.FailedAt(ctx, u.ID, shownFailed)
	if err != nil {
		return err
	}
	u.Failed = failed
	for code, n := range codes {
		u.Codes = append(u.Codes, codeCount{code, n, hresult.Explain(code)})
	}
	slices.SortFunc(u.Codes, func(a, b codeCount) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Code, b.Code)) })
	u.Codes = u.Codes[:min(len(u.Codes), shownCauses)]
	return nil
}

func (c *Console) approve(v *visit) error {
	g, err := c.updateOf(v)
	if err != nil {
		return err
	}
	a, problem := c.approval(v, g)
	if problem != "" {
		return c.showUpdate(v, g, problem)
	}
	if _, err := c.Store.Approve(v.r.Context(), a); err != nil {
		return err
	}
	c.Log.InfoContext(v.r.Context(), "approval set", slog.Int("group", int(a.Group)), slog.String("choice", string(a.Choice)),
		slog.String("update", g.String()), slog.String("by", v.who()))
	return c.changed(v, g)
}

// approval reads the form; its second result says what is wrong with it.
func (c *Console) approval(v *visit, g guid.GUID) (deploy.Approval, string) {
	form := v.r.PostForm
	a := deploy.Approval{Update: g, Choice: deploy.Choice(form.Get("choice"))}
	if !a.Choice.Valid() {
		return a, "Choose what the group is to do with the update."
	}
	for _, group := range c.Catalogue.Groups() {
		if fmt.Sprint(group.ID) == form.Get("group") {
			a.Group = group.ID
		}
	}
	if a.Group == 0 {
		return a, "Choose a group."
	}
	if text := strings.TrimSpace(form.Get("deadline")); text != "" {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return a, "The deadline must be a day such as 2026-01-31."
		}
		a.Deadline = &t
	}
	var err error
	if a.Window, err = maintenance.Parse(form.Get("window")); err != nil {
		return a, "The window must be times of the week such as sat,sun 01:00-05:00."
	}
	if deploy.CheckWindows(c.Catalogue.Plan().ApprovalsOf(g), a) != nil {
		return a, fmt.Sprintf("With those of the other groups there would be windows of more than %d different hours.", maintenance.MaxWindows)
	}
	return a, ""
}

func (c *Console) decline(v *visit) error {
	g, err := c.updateOf(v)
	if err != nil {
		return err
	}
	if err := c.Store.Decline(v.r.Context(), g); err != nil {
		return err
	}
	c.Log.InfoContext(v.r.Context(), "update declined", slog.String("update", g.String()), slog.String("by", v.who()))
	return c.changed(v, g)
}

// who is for the log.
func (v *visit) who() string { return cmp.Or(v.session.Account, "(one-time link)") }

// changed makes a change count at once.
func (c *Console) changed(v *visit, g guid.GUID) error {
	if err := c.Catalogue.Refresh(v.r.Context()); err != nil {
		return err
	}
	return v.see("/updates/" + g.String() + "#approvals")
}
