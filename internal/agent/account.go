package agent

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/update"
)

// account is a Turn as JSON; docs/json.md describes it. Fields are only added.
type account struct {
	At            *time.Time  `json:"at,omitempty"` // of the visit; none when it failed
	Location      string      `json:"location,omitempty"`
	Updates       []offered   `json:"updates"`
	Installed     int         `json:"installed"`
	NotApplicable int         `json:"not_applicable"`
	Undecided     []unsettled `json:"undecided,omitempty"`
	Attempts      []Attempt   `json:"attempts"`
	Error         string      `json:"error,omitempty"` // why the visit failed
}

// named is an update in JSON.
type named struct {
	ID       guid.GUID `json:"id"`
	Revision uint32    `json:"revision"`
	KB       update.KB `json:"kb,omitempty"`
	Title    string    `json:"title,omitempty"`
}

// offered is an update that the computer needs, in JSON.
type offered struct {
	named
	Action     Action              `json:"action"`
	Bytes      int64               `json:"bytes"`
	Deadline   time.Time           `json:"deadline,omitzero"`
	Window     maintenance.Windows `json:"window,omitempty"`
	Ready      bool                `json:"ready,omitempty"` // downloaded, verified and extracted
	MayRestart bool                `json:"may_restart,omitempty"`
}

// unsettled is an update that is not offered since a rule could not be evaluated, in JSON.
type unsettled struct {
	named
	Rule string `json:"rule"`
	Why  string `json:"why"`
}

func nameOf(r update.Ref) named { return named{r.ID.GUID, r.ID.Revision, r.KB, r.Title} }

func (n named) ref() update.Ref {
	return update.Ref{ID: update.ID{GUID: n.ID, Revision: n.Revision}, KB: n.KB, Title: n.Title}
}

// MarshalJSON puts a turn into its JSON form.
func (t Turn) MarshalJSON() ([]byte, error) {
	a := account{Updates: []offered{}, Attempts: append([]Attempt{}, t.Attempts...)}
	if t.Err != nil {
		a.Error = t.Err.Error()
	}
	if s := t.Scan; s != nil {
		a.At, a.Location, a.Installed, a.NotApplicable = &s.At, s.Location, s.Installed, s.NotApplicable
		for _, u := range s.Updates {
			a.Updates = append(a.Updates, offered{nameOf(u.Ref), u.Action, u.Bytes, u.Deadline, u.Window, u.Ready, u.MayRestart})
		}
		for _, u := range s.Undecided {
			a.Undecided = append(a.Undecided, unsettled{nameOf(u.Ref), u.Rule, u.Why})
		}
	}
	return json.Marshal(a)
}

// UnmarshalJSON reads a turn that another process has told; of an error nothing but its text is left.
func (t *Turn) UnmarshalJSON(b []byte) error {
	var a account
	if err := json.Unmarshal(b, &a); err != nil {
		return err
	}
	*t = Turn{Attempts: a.Attempts}
	for i := range t.Attempts {
		at := &t.Attempts[i]
		at.Update = update.Ref{KB: update.KB(at.KB), Title: at.Title}
		if id, err := guid.Parse(at.ID); err == nil {
			at.Update.ID.GUID = id
		}
	}
	if a.Error != "" {
		t.Err = errors.New(a.Error)
	}
	if a.At == nil {
		return nil
	}
	t.Scan = &Scan{At: *a.At, Location: a.Location, Installed: a.Installed, NotApplicable: a.NotApplicable}
	for _, u := range a.Updates {
		t.Scan.Updates = append(t.Scan.Updates, Update{u.ref(), u.Action, u.Bytes, u.Deadline, u.Window, u.Ready, u.MayRestart})
	}
	for _, u := range a.Undecided {
		t.Scan.Undecided = append(t.Scan.Undecided, Undecided{u.ref(), u.Rule, u.Why})
	}
	return nil
}
