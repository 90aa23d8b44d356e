package store

import (
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Event is what a computer reports (MS-WUSP 2.2.2.3.1). It is the client's word, all of it.
type Event struct {
	Instance guid.GUID    `json:"instance"`
	Time     time.Time    `json:"time"`
	EventID  int          `json:"event_id"`
	SourceID int          `json:"source_id,omitempty"`
	Update   update.ID    `json:"update"`
	Code     hresult.Code `json:"code"`
	App      string       `json:"app,omitempty"`
	// Strings are the replacement strings, Misc the "x=value" data of the event.
	Strings []string `json:"strings,omitempty"`
	Misc    []string `json:"misc,omitempty"`
	// Received is the server's time.
	Received time.Time `json:"received,omitzero"`
}

// When is when it was: as the computer's clock said, but not later than it came. What a clock that was ahead by years has
// told would count for years otherwise.
func (e *Event) When() time.Time {
	if !e.Received.IsZero() && e.Received.Before(e.Time) {
		return e.Received
	}
	return e.Time
}

// Standing is how an update stands on a computer.
type Standing string

// The standings. An update that a computer never spoke of is unknown to it, and has no State.
const (
	Needed      Standing = "needed"
	Downloaded  Standing = "downloaded"
	Installed   Standing = "installed"
	RestartDue  Standing = "restart-due"
	FailedState Standing = "failed"
	NotNeeded   Standing = "not-needed"
)

// State is how one update stands on one computer.
type State struct {
	Computer string       `json:"computer"`
	Update   guid.GUID    `json:"update"`
	Standing Standing     `json:"standing"`
	Code     hresult.Code `json:"code,omitempty"`
	Time     time.Time    `json:"time"`
}

// Attempt is what an event says of an attempt: what was tried and how it ended.
type Attempt struct {
	Operation update.Operation
	Result    update.Result
	// Phase is "download", "install", "restart", "commit", "revert" or "uninstall".
	Phase    string
	Standing Standing
}

// attempts has the events that end something, by their number (the table of MS-WUSP 2.2.2.3.1).
func attempts(id int) (Attempt, bool) {
	install := func(phase string, r update.Result, s Standing) (Attempt, bool) {
		return Attempt{update.Install, r, phase, s}, true
	}
	remove := func(phase string, r update.Result, s Standing) (Attempt, bool) {
		return Attempt{update.Uninstall, r, phase, s}, true
	}
	switch id {
	case 161:
		return install("download", update.Failed, FailedState)
	case 162, 164:
		return install("download", update.Succeeded, Downloaded)
	case 163:
		return install("download", update.Cancelled, Needed)
	case 182, 187, 192, 195, 198, 200:
		return install("install", update.Failed, FailedState)
	case 183, 190, 197:
		return install("install", update.Succeeded, Installed)
	case 184, 191, 199:
		return install("install", update.Succeeded, RestartDue)
	case 186:
		return install("install", update.Cancelled, Needed)
	case 203, 204:
		return install("restart", update.Failed, FailedState)
	case 522, 525:
		return install("commit", update.Failed, FailedState)
	case 523:
		return install("commit", update.Succeeded, Installed)
	case 524:
		return install("commit", update.Cancelled, Needed)
	case 221, 225:
		return remove("uninstall", update.Failed, FailedState)
	case 222:
		return remove("uninstall", update.Succeeded, NotNeeded)
	case 223:
		return remove("uninstall", update.Cancelled, Installed)
	case 224:
		return remove("uninstall", update.Succeeded, RestartDue)
	case 541, 545:
		return remove("revert", update.Failed, FailedState)
	case 542:
		return remove("revert", update.Succeeded, NotNeeded)
	case 543:
		return remove("revert", update.Cancelled, Installed)
	case 544:
		return remove("revert", update.Succeeded, RestartDue)
	}
	return Attempt{}, false
}

// Attempt says what the event means for its update; false for one that ends nothing.
func (e *Event) Attempt() (Attempt, bool) {
	if e.Update.GUID.IsZero() {
		return Attempt{}, false
	}
	return attempts(e.EventID)
}

// IsStatus tells that it reports how all updates stand (AGENT_STATUS and AGENT_STATUS_30).
func (e *Event) IsStatus() bool { return e.EventID == 153 || e.EventID == 156 }

// States gives what the event says of updates, once for each. Those of a status event come from its lists of GUIDs; an
// update in several counts as in the last, so that one that is needed and failed has failed.
func (e *Event) States(computer string) []State {
	if a, ok := e.Attempt(); ok {
		return []State{{Computer: computer, Update: e.Update.GUID, Standing: a.Standing, Code: e.Code, Time: e.When()}}
	}
	if !e.IsStatus() {
		return nil
	}
	place, all := map[guid.GUID]int{}, []State{}
	for _, list := range []struct {
		tag      byte
		standing Standing
	}{{'U', Needed}, {'h', Downloaded}, {'V', Installed}, {'W', RestartDue}, {'g', FailedState}} {
		for _, g := range e.guids(list.tag) {
			if _, ok := place[g]; !ok {
				place[g] = len(all)
				all = append(all, State{Computer: computer, Update: g, Time: e.When()})
			}
			all[place[g]].Standing = list.standing
		}
	}
	return all
}
