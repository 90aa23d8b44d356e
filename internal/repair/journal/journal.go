// Package journal is the write-ahead log of a repair: what is about to be done stands in it, synced, before it is
// done. It is JSON Lines; each line bears its number and a digest that chains it to the line before.
//
// Its invariant is that a reader never acts on a journal that it does not understand whole. A last line that is torn
// is what a crash leaves, and is cut off; any other damage, a journal of another machine, and an act that is not on
// the closed list of package repair are errors, before anything is touched. Paths do not stand in it: they are
// computed from its root and its targets.
//
// A writer syncs each line before the next, so that at most the last one can be torn.
package journal

import (
	"errors"
	"strings"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/repair"
)

// version is the version of the form. A reader takes no other.
const version = 1

// Bounds of a journal; a plan has a few dozen acts.
const (
	maxLine = 64 << 10
	maxSize = 4 << 20
	maxActs = 200
)

// Errors that callers branch on. All mean that nothing may be done by this journal.
var (
	ErrForeign = errors.New("the journal is of another Windows installation")
	ErrAltered = errors.New("the journal is damaged or was altered")
	ErrVersion = errors.New("the journal was written by another version of redx")
	// ErrEmpty: not even its first line is whole, so nothing was begun by it.
	ErrEmpty = errors.New("the journal was never begun")
)

// Kind says what a journal is of.
type Kind string

// The kinds of journal.
const (
	Repair Kind = "repair"
	Undo   Kind = "undo"
	// Cancel is of what cannot be undone: the cancelling of transfer jobs. It has no acts, and is never taken back.
	Cancel Kind = "cancel"
)

// Header is what a transaction is, decided before it begins.
type Header struct {
	Machine string      // MachineGuid of the installation that is repaired
	Root    repair.Root // the folder in which SoftwareDistribution stands
	Kind    Kind
	Undoes  string // name of the journal that an Undo takes back
	Follows string // name of the journal of the step before in the same repair, whose rung did not help
	Rung    repair.Rung
	Acts    []repair.Reversible
	Before  []Service // every service that an act holds or stops, as it was before all of them
}

// Service is how a service was.
type Service struct {
	Name    string `json:"name"`
	Start   int    `json:"start,omitempty"` // start type: 2 automatic, 3 on demand, 4 disabled; 0: there is no such service
	Running bool   `json:"running,omitempty"`
	Delayed bool   `json:"delayed,omitempty"` // an automatic one that is started some time after the others
}

// Was tells how a service was.
func (h *Header) Was(name string) Service {
	for _, s := range h.Before {
		if strings.EqualFold(s.Name, name) {
			return s
		}
	}
	return Service{Name: name}
}

// Event is what a line behind the header says.
type Event string

// The events, in the order in which they can come: for each act an intent and done, or an intent, a wait and, after
// Windows has started again, done; then one decision; then what is given back or taken back; then the end.
const (
	Intent   Event = "intent"   // Act is about to be done
	Wait     Event = "wait"     // its folder stays held: Windows is about to be asked to rename it when it starts next
	Done     Event = "done"     // it was done, and seen to be
	Commit   Event = "commit"   // all is done, and safe on the disk
	Rollback Event = "rollback" // all is taken back
	Aside    Event = "aside"    // what stands in the way of taking Act back is about to be moved to Copy
	Undone   Event = "undone"   // Act was given back or taken back
	End      Event = "end"      // nothing is left to do

	// Of a Cancel alone, for each job. Committed means that all of them are gone; rolled back, that it goes no further.
	Cancelling Event = "cancelling" // Job is about to be cancelled
	Cancelled  Event = "cancelled"  // it was, and seen to be gone

	// Behind the end of what was committed: how it was judged, and that its copies are about to be deleted, and are.
	Judged Event = "judged"
	Purge  Event = "purge"
	Purged Event = "purged"
)

// Entry is one line behind the header.
type Entry struct {
	Event  Event        `json:"event"`
	Act    int          `json:"act"`              // index in Header.Acts; 0 for events about all
	Folder string       `json:"folder,omitempty"` // of Intent and Aside: identity of the folder that is renamed
	Copy   *repair.Copy `json:"copy,omitempty"`   // of Aside
	Job    *guid.GUID   `json:"job,omitempty"`    // of Cancelling and Cancelled
	Note   string       `json:"note,omitempty"`   // for people
	// Verdict, of Judged: as package proof has them.
	Verdict string `json:"verdict,omitempty"`
}

// Journal is a journal that was read whole.
type Journal struct {
	Name string
	Header
	Entries []Entry
	Torn    bool // its last line is torn

	size int64 // of its whole lines, in bytes
	last sum
}

// FS is the folder in which journals stand, as much of a file system as they need.
type FS interface {
	// Create makes a file that must not exist.
	Create(name string) (File, error)
	// Open opens an existing file for appending.
	Open(name string) (File, error)
	// Read gives a file's content, at most limit bytes of it.
	Read(name string, limit int64) ([]byte, error)
	// Names lists the files.
	Names() ([]string, error)
	// Sync makes the names safe on the disk.
	Sync() error
}

// File is an open journal.
type File interface {
	Write([]byte) (int, error) // at the end
	Truncate(size int64) error
	Sync() error
	Close() error
}
