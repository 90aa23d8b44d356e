// Package store is what an update server remembers, one interface for each noun: computers, groups, updates,
// approvals, files, reports, findings, and the server's own identity and secrets. It is not where files' contents are
// (package content). Its invariant: what a method that changes something has returned from without an error is there
// after a power cut, except where its comment says otherwise; storetest holds every implementation to it.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// What callers branch on.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
)

// Store is all of it.
type Store interface {
	Server
	Computers
	Groups
	Updates
	Approvals
	Files
	Reports
	Healings
	Accounts
	Fleet
	Close() error
}

// Server is the server's own identity, its settings and secrets.
type Server interface {
	// Identity says which server this is. A new one makes its identity when the store is first opened.
	Identity(ctx context.Context) (Identity, error)
	// NewEpoch begins a new life after a restore: no RevisionID or deployment number that the server may have given
	// since the backup is ever given again, and cookies of the old life are another server's.
	NewEpoch(ctx context.Context) (Identity, error)
	// Secret gives 32 random bytes that are made at the first call for a name.
	Secret(ctx context.Context, name string) ([]byte, error)
	// Setting gives a setting; ErrNotFound when it was never set.
	Setting(ctx context.Context, name string) (string, error)
	// SetSetting keeps a setting. Those that begin with "config." are of the configuration that clients cache, and
	// move Identity.ConfigChanged.
	SetSetting(ctx context.Context, name, value string) error
	// Version grows with every change that a Plan depends on, also one that another process made.
	Version(ctx context.Context) (int64, error)
}

// Identity is what a cookie is checked against.
type Identity struct {
	Server guid.GUID
	Epoch  int64
	// ConfigChanged is when what GetConfig answers last changed.
	ConfigChanged time.Time
}

// Computers are the clients.
type Computers interface {
	// Enroll notes that a computer asked for an authorization cookie, and gives what is known of it. A first one gets
	// the group that it asks for, if there is one of that name and the server lets clients choose.
	Enroll(ctx context.Context, s Sighting) (Computer, error)
	// Register keeps what a computer says of itself.
	Register(ctx context.Context, id string, d Details) error
	// Synced notes synchronisations. It may be lost in a power cut: the next one says it again.
	Synced(ctx context.Context, all []Synced) error
	// Computer finds one by its id or, when only one has it, by its name in any case; ErrNotFound.
	Computer(ctx context.Context, idOrName string) (Computer, error)
	// Computers lists all by name.
	Computers(ctx context.Context) ([]Computer, error)
	// SetGroups puts a computer into groups, whatever it asks for itself.
	SetGroups(ctx context.Context, id string, groups []deploy.GroupID) error
	// RemoveComputer forgets a computer, its reports and findings.
	RemoveComputer(ctx context.Context, id string) error
}

// Sighting is a computer as it asks for an authorization cookie. All of it is the client's word, except Address.
type Sighting struct {
	ID      string // ClientIdString
	Name    string // DNS name
	Group   string // the target group that it asks for
	Address string
	Time    time.Time
}

// Computer is a client as the server knows it.
type Computer struct {
	ID         string           `json:"id"`
	Name       string           `json:"name"`
	Address    string           `json:"address"`
	Groups     []deploy.GroupID `json:"groups"`
	AsksFor    string           `json:"asks_for,omitempty"`
	FirstSeen  time.Time        `json:"first_seen"`
	LastSeen   time.Time        `json:"last_seen"`
	LastSync   time.Time        `json:"last_sync,omitzero"`
	LastReport time.Time        `json:"last_report,omitzero"`
	Registered bool             `json:"registered"`
	Details    Details          `json:"details"`
	// Installed is what it last named as InstalledNonLeafUpdateIDs.
	Installed []catalog.RevisionID `json:"-"`
	// AlsoKnownAs has other names under which the same id was seen: a cloned image, or a computer that was renamed.
	AlsoKnownAs []Name `json:"also_known_as,omitempty"`
	// Returned is that of the name that it has now.
	Returned int `json:"returned,omitempty"`
}

// Name is a name under which an id was seen.
type Name struct {
	Name string    `json:"name"`
	Last time.Time `json:"last"`
	// Returned counts how often the id came back to this name after another: a renamed computer never does, two
	// computers with one id do all the time.
	Returned int `json:"returned"`
}

// Cloned reports that one id is used by several computers.
func (c Computer) Cloned() bool {
	back := c.Returned
	for _, n := range c.AlsoKnownAs {
		back += n.Returned
	}
	return back > 0 && len(c.AlsoKnownAs) > 0
}

// Details is what RegisterComputer brings, by the specification's element names (MS-WUSP 2.2.2.2.3).
type Details map[string]string

// Synced is one synchronisation.
type Synced struct {
	Computer  string
	Time      time.Time
	Installed []catalog.RevisionID // nil: as before
}

// Groups are the target groups.
type Groups interface {
	Groups(ctx context.Context) ([]deploy.Group, error)
	// AddGroup makes a group below another; ErrExists when the name is taken, in any case.
	AddGroup(ctx context.Context, name string, parent deploy.GroupID) (deploy.Group, error)
	// RemoveGroup removes a group without groups below it, with its approvals; its computers are then in none. The
	// groups that are always there stay.
	RemoveGroup(ctx context.Context, id deploy.GroupID) error
}

// Updates are the revisions with their documents.
type Updates interface {
	// AddUpdates keeps updates in one transaction and gives their RevisionIDs, those of known ones unchanged. A whole
	// document replaces what came from cut fragments; everything else known stays as it is.
	AddUpdates(ctx context.Context, all []Update) ([]Added, error)
	// Revisions gives what a catalogue is compiled of: all that arrived after a time, or were replaced since; the zero
	// time gives all.
	Revisions(ctx context.Context, after time.Time) ([]catalog.Revision, error)
	// Update gives one revision with its texts and files, without its documents; ErrNotFound.
	Update(ctx context.Context, id catalog.RevisionID) (Update, error)
	// Infos gives the facts of the same revisions.
	Infos(ctx context.Context, after time.Time) (map[catalog.RevisionID]Info, error)
	// Document gives the whole document; ErrNotFound for one that came in fragments.
	Document(ctx context.Context, id catalog.RevisionID) ([]byte, error)
	// Cores gives the core fragments of those revisions that are there.
	Cores(ctx context.Context, ids []catalog.RevisionID) (map[catalog.RevisionID]string, error)
	// Fragments gives the others of one revision; ErrNotFound.
	Fragments(ctx context.Context, id catalog.RevisionID) (Fragments, error)
}

// Update is one revision of an update.
type Update struct {
	Revision catalog.Revision
	Info     Info
	// Document is the whole update document; empty for one that came in fragments.
	Document  []byte
	Core      string
	Fragments Fragments
}

// Added says what became of an update.
type Added struct {
	RevisionID catalog.RevisionID
	New        bool
}

// Fragments are the pieces of a document beside the core (MS-WUSP 3.1.1.1).
type Fragments struct {
	Extended  string
	Localized []Localized
	EULAs     []EULA
}

// Localized has the texts of one language.
type Localized struct{ Language, XML string }

// EULA is a licence's fragment for a language and a region; no region means all without one of their own.
type EULA struct{ Language, GeoID, XML string }

// Info is what people and the content store need to know of an update.
type Info struct {
	Title           string      `json:"title"` // in the default language, or English
	Description     string      `json:"description,omitempty"`
	KB              update.KB   `json:"kb,omitempty"`
	Created         time.Time   `json:"created,omitzero"`
	MoreInfo        string      `json:"more_info,omitempty"`
	Severity        string      `json:"severity,omitempty"`
	Categories      []guid.GUID `json:"categories,omitempty"` // as prerequisites name them
	RebootBehaviour string      `json:"reboot_behaviour,omitempty"`
	CanUninstall    bool        `json:"can_uninstall,omitempty"`
	Files           []File      `json:"files,omitempty"`
	// ScanOnly: it came in fragments, without its files; it cannot be offered for installation.
	ScanOnly bool `json:"scan_only,omitempty"`
}

// File is a file of an update.
type File struct {
	Name   string   `json:"name"`
	Size   int64    `json:"size"`
	SHA1   [20]byte `json:"sha1"`
	SHA256 [32]byte `json:"sha256"` // zero when the document has none
}

// Approvals are what the administrator decided.
type Approvals interface {
	Approvals(ctx context.Context) ([]deploy.Approval, error)
	// Approve sets the choice for an update and a group; ID and Changed are the store's. Approving an update takes
	// back that it was declined.
	Approve(ctx context.Context, a deploy.Approval) (deploy.Approval, error)
	// Declined gives the updates that nobody is offered.
	Declined(ctx context.Context) (map[guid.GUID]time.Time, error)
	// Decline ends all approvals of an update.
	Decline(ctx context.Context, update guid.GUID) error
}

// Files is what is known of the state of the updates' files.
type Files interface {
	// FileStates gives every file that some update has.
	FileStates(ctx context.Context) (map[[20]byte]FileState, error)
	// SetFileState keeps what a verification found.
	SetFileState(ctx context.Context, sha1 [20]byte, s FileState) error
}

// Condition is how a file is.
type Condition string

// The conditions. Only a Verified file is given out.
const (
	Missing  Condition = "missing"
	Damaged  Condition = "damaged"
	Verified Condition = "verified"
)

// FileState is how a file was found.
type FileState struct {
	File      File
	Condition Condition
	Problem   string    // what is wrong with a damaged one
	Since     time.Time // when the condition last changed; the store's
	Checked   time.Time
	Stamp     string // size, time and inode as they were verified
}

// Reports are the events and findings that computers send.
type Reports interface {
	// AddEvents keeps a computer's events, those that it sent before once only, and what they say of its updates.
	AddEvents(ctx context.Context, computer string, events []Event) error
	// Events gives a computer's events, the latest first, no more than limit.
	Events(ctx context.Context, computer string, limit int) ([]Event, error)
	// States gives how the updates stand on one computer, or with an empty id on all.
	States(ctx context.Context, computer string) ([]State, error)
	// AddFinding keeps the JSON of a diagnosis that a computer sent. The latest 20 of each computer stay. Its causes take
	// the place of the computer's earlier ones; one about an update ends when the update is installed.
	AddFinding(ctx context.Context, f Finding) error
	// Findings gives a computer's findings, the latest first.
	Findings(ctx context.Context, computer string) ([]Finding, error)
}

// Finding is a diagnosis that a computer sent.
type Finding struct {
	Computer string    `json:"computer"`
	Time     time.Time `json:"time"`
	JSON     []byte    `json:"-"`
	Causes   []Cause   `json:"-"` // only for AddFinding
}

// TargetingSetting says who puts computers into groups: with the value ServerSide the administrator alone, otherwise
// what a client asks for counts when it first asks, and whenever it asks for something else.
const (
	TargetingSetting = "config.targeting"
	ServerSide       = "server"
)
