package agent

import (
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// Account is a Turn as JSON; docs/json.md describes it. Fields are only added.
type Account struct {
	At            *time.Time  `json:"at,omitempty"` // of the visit; none when it failed
	Location      string      `json:"location,omitempty"`
	Updates       []Offered   `json:"updates"`
	Installed     int         `json:"installed"`
	NotApplicable int         `json:"not_applicable"`
	Undecided     []Unsettled `json:"undecided,omitempty"`
	Attempts      []Attempt   `json:"attempts"`
	Error         string      `json:"error,omitempty"` // why the visit failed
}

// Offered is an update that the computer needs, in JSON.
type Offered struct {
	ID         guid.GUID  `json:"id"`
	Revision   uint32     `json:"revision"`
	KB         update.KB  `json:"kb,omitempty"`
	Title      string     `json:"title"`
	Action     Action     `json:"action"`
	Bytes      int64      `json:"bytes"`
	Deadline   *time.Time `json:"deadline,omitempty"`
	Ready      bool       `json:"ready,omitempty"` // downloaded, verified and extracted
	MayRestart bool       `json:"may_restart,omitempty"`
}

// Unsettled is an update that is not offered since a rule could not be evaluated, in JSON.
type Unsettled struct {
	ID    guid.GUID `json:"id"`
	KB    update.KB `json:"kb,omitempty"`
	Title string    `json:"title,omitempty"`
	Rule  string    `json:"rule"`
	Why   string    `json:"why"`
}

// Account puts a turn into its JSON form.
func (t *Turn) Account() Account {
	a := Account{Updates: []Offered{}, Attempts: append([]Attempt{}, t.Attempts...)}
	if t.Err != nil {
		a.Error = t.Err.Error()
	}
	if t.Scan == nil {
		return a
	}
	a.At, a.Location, a.Installed, a.NotApplicable = &t.Scan.At, t.Scan.Location, t.Scan.Installed, t.Scan.NotApplicable
	for i := range t.Scan.Updates {
		a.Updates = append(a.Updates, offered(&t.Scan.Updates[i]))
	}
	for _, u := range t.Scan.Undecided {
		a.Undecided = append(a.Undecided, Unsettled{u.ID.GUID, u.KB, u.Title, u.Rule, u.Why})
	}
	return a
}

func offered(u *Update) Offered {
	out := Offered{
		ID: u.ID.GUID, Revision: u.ID.Revision, KB: u.KB, Title: u.Title, Action: u.Action, Bytes: u.Bytes, Ready: u.Ready,
		MayRestart: u.MayRestart,
	}
	if !u.Deadline.IsZero() {
		out.Deadline = &u.Deadline
	}
	return out
}
