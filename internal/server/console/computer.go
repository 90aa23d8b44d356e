package console

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/store"
)

const (
	shownEvents  = 1000 // of which attempts are made
	shownPending = 100
)

// machine is the body of a computer's page.
type machine struct {
	store.Computer
	Groups    string
	System    string // Windows, as far as it said
	Model     string
	Diagnosis []found // of the last one, what stands behind no attempt
	Attempts  []attempt
	Failed    int  // of them
	Cut       bool // there are earlier ones
	Pending   []pending
}

type pending struct {
	store.State
	Title string
	Known bool // the server has the update
}

func (c *Console) computer(v *visit) error {
	k, err := c.find(v)
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	m := machine{Computer: k, Groups: c.groups(k), System: system(k.Details), Model: model(k.Details)}
	diagnoses, err := c.diagnoses(ctx, k.ID)
	if err != nil {
		return err
	}
	events, err := c.Store.UpdateEvents(ctx, k.ID, shownEvents)
	if err != nil {
		return err
	}
	m.Cut = len(events) == shownEvents
	m.Attempts = c.attempts(store.Tries(events), diagnoses)
	m.Diagnosis = others(diagnoses, m.Attempts)
	for i := range m.Attempts {
		if m.Attempts[i].Mark == markFailed {
			m.Failed++
		}
	}
	states, err := c.Store.Pending(ctx, k.ID, shownPending)
	if err != nil {
		return err
	}
	for _, s := range states {
		m.Pending = append(m.Pending, pending{s, c.title(s.Update), c.knownTitle(s.Update) != ""})
	}
	return c.show(v, http.StatusOK, "computer", page{Title: k.Name, Section: "computers", Body: m})
}

// find finds the computer of a path: by its id, if the link has it, or by its name when only one has it.
func (c *Console) find(v *visit) (store.Computer, error) {
	name := v.r.PathValue("name")
	k, err := c.Store.Computer(v.r.Context(), cmp.Or(v.r.URL.Query().Get("id"), name))
	if errors.Is(err, store.ErrNotFound) {
		return k, notFound("There is no computer, or more than one, called " + clip(name, 64) + ".")
	}
	return k, err
}

func (c *Console) groups(k store.Computer) string {
	ids := k.Groups
	if len(ids) == 0 {
		ids = []deploy.GroupID{deploy.Unassigned}
	}
	var names []string
	for _, g := range c.Catalogue.Groups() {
		for _, id := range ids {
			if g.ID == id {
				names = append(names, g.Name)
			}
		}
	}
	return strings.Join(names, ", ")
}

// system puts together what a computer said of its Windows.
func system(d store.Details) string {
	version := strings.Trim(strings.Join([]string{d["OSMajorVersion"], d["OSMinorVersion"], d["OSBuildNumber"]}, "."), ".")
	text := cmp.Or(d["OSDescription"], "Windows")
	if !strings.Contains(text, version) {
		text += " " + version
	}
	return clip(text, 100)
}

func model(d store.Details) string {
	var known []string
	for _, s := range []string{d["ComputerManufacturer"], d["ComputerModel"]} {
		if s = strings.TrimSpace(s); s != "" && s != "unknown" {
			known = append(known, s)
		}
	}
	return clip(strings.Join(known, " "), 200)
}
