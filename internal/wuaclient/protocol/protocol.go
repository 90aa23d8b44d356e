// Package protocol is what redx and its short-lived child, which talks to Windows' own update agent, say to each other:
// one request on the child's standard input, then lines of JSON on its standard output, the last of which is the answer.
// Nouns and their bounds only; wuaclient is the parent's side, win/wua the child's.
//
// Invariant: an answer has what the agent gave, results and codes, and no judgement of it. Both sides are the same
// program, so another version is an error and nothing is guessed.
package protocol

import (
	"time"

	"github.com/redx-update/redx/internal/hresult"
)

// Version is the version of both request and answer.
const Version = 1

// Verb is what is asked for.
type Verb string

// The verbs.
const (
	// Prove searches for an update, downloads it, and installs it when asked to.
	Prove Verb = "prove"
	// Offers lists what is offered, not optional and not installed.
	Offers Verb = "offers"
	// History lists what the agent has done.
	History Verb = "history"
	// State asks whether an installation runs and whether the agent wants a restart.
	State Verb = "state"
	// Transfers lists the jobs of the transfer service (BITS), of all programs.
	Transfers Verb = "transfers"
	// CancelTransfer cancels the job with ID, which must be one of Windows Update's.
	CancelTransfer Verb = "cancel-transfer"
)

// Known reports that it is one of the verbs.
func (v Verb) Known() bool {
	switch v {
	case Prove, Offers, History, State, Transfers, CancelTransfer:
		return true
	}
	return false
}

// Location says where updates come from.
type Location string

// The locations; the default is whichever the machine uses.
const (
	Default         Location = ""
	WindowsUpdate   Location = "wu"
	MicrosoftUpdate Location = "mu"
	ManagedServer   Location = "wsus"
)

// Request is the one line that the child reads.
type Request struct {
	Version  int      `json:"version"`
	Verb     Verb     `json:"verb"`
	Location Location `json:"location,omitempty"`
	// ID, KB and Title are what is known of the update to prove; all empty for a search alone. To cancel a transfer, ID is
	// the job's.
	ID      string `json:"id,omitempty"`
	KB      string `json:"kb,omitempty"` // "KB5034441"
	Title   string `json:"title,omitempty"`
	Install bool   `json:"install,omitempty"`
}

// Message is one line of the child's: a step that begins, or the answer, which ends it.
type Message struct {
	Version int     `json:"version"`
	Step    Step    `json:"step,omitempty"`
	Answer  *Answer `json:"answer,omitempty"`
}

// Step is what the agent is being asked.
type Step string

// The steps, in their order.
const (
	Connect  Step = "connect" // make the agent's objects
	List     Step = "list"    // its history
	Search   Step = "search"
	Download Step = "download"
	Install  Step = "install"
	Queue    Step = "queue" // the transfer service's
)

// Answer is what the agent gave. A part that was not come to is nil.
type Answer struct {
	Failure       *Failure   `json:"failure,omitempty"` // what ended it early
	Refused       *Refused   `json:"refused,omitempty"` // why the agent was not asked at all
	Busy          bool       `json:"busy,omitempty"`    // an installation runs already; nothing was downloaded
	RestartNeeded bool       `json:"restart_needed,omitempty"`
	Offered       int        `json:"offered"` // how many updates the search found
	Update        *Update    `json:"update,omitempty"`
	Updates       []Update   `json:"updates,omitempty"` // for Offers
	Download      *Result    `json:"download,omitempty"`
	Install       *Result    `json:"install,omitempty"`
	Total         int        `json:"total"` // entries that the history has; Attempts can be fewer
	Attempts      []Attempt  `json:"attempts,omitempty"`
	Warnings      []*Failure `json:"warnings,omitempty"` // of the search, and of jobs that could not be read

	Transfers []Transfer `json:"transfers,omitempty"`
	Gone      bool       `json:"gone,omitempty"` // the job that was to be cancelled is not in the queue any more
}

// Transfer is a job of the transfer service.
type Transfer struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Owner string `json:"owner"` // a SID
}

// Failure is a call that failed.
type Failure struct {
	Step Step         `json:"step"`
	Call string       `json:"call"` // such as "IUpdateSearcher.Search"
	Code hresult.Code `json:"code"`
}

// Refused says why nothing was asked, and the way round it.
type Refused struct {
	Reason string `json:"reason"`
	Hint   string `json:"hint"`
}

// Update is an update as the agent describes it.
type Update struct {
	ID         string   `json:"id"`
	Revision   uint32   `json:"revision"`
	KB         string   `json:"kb,omitempty"` // "KB5034441"
	Title      string   `json:"title"`
	Installed  bool     `json:"installed,omitempty"`
	Downloaded bool     `json:"downloaded,omitempty"`  // asked again after the download
	Licence    bool     `json:"licence,omitempty"`     // its licence is still to be accepted
	MayRestart bool     `json:"may_restart,omitempty"` // only for Offers, as is Bytes
	Bytes      int64    `json:"bytes,omitempty"`       // to download, at most
	URLs       []string `json:"urls,omitempty"`        // of its files and those of the updates that it bundles
}

// Outcome is how an operation of the agent ended (OperationResultCode of wuapi.h).
type Outcome int

// The outcomes.
const (
	NotStarted Outcome = iota
	InProgress
	Succeeded
	SucceededWithErrors
	Failed
	Aborted
)

// Result is what a download or an installation gave for the update that was asked for.
type Result struct {
	Outcome Outcome      `json:"outcome"`
	Code    hresult.Code `json:"code"`
	Restart bool         `json:"restart,omitempty"`
}

// Attempt is an entry of the agent's history (IUpdateHistoryEntry).
type Attempt struct {
	Number    int          `json:"number"` // 1 is the oldest, so that it stays the same when others are added
	Time      time.Time    `json:"time"`   // UTC
	ID        string       `json:"id,omitempty"`
	Revision  uint32       `json:"revision,omitempty"`
	Title     string       `json:"title,omitempty"`
	Operation int          `json:"operation"` // UpdateOperation: 1 installation, 2 uninstallation
	Outcome   Outcome      `json:"outcome"`
	Code      hresult.Code `json:"code"`
	Unmapped  hresult.Code `json:"unmapped"` // the code behind it
}
