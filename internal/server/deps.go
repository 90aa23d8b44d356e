package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/fragment"
	"github.com/redx-update/redx/internal/wsus/reporting"
)

// Deps are what the server stands on. All of the interfaces are used by many requests at a time.
type Deps struct {
	Settings  SettingsSource
	Computers Computers
	Updates   Updates
	Reports   Reports
	Content   http.Handler // serves "XX/SHA1.ext", the path below /Content; nil: no content here
	Log       *slog.Logger
	Now       func() time.Time // nil: the clock
	// Observe is told of each SOAP request: the operation, "" or the fault's code, and how long it took. May be nil.
	Observe func(operation, fault string, took time.Duration)
	Limits  Limits
}

// Settings are the server's own state, as it is now.
type Settings struct {
	// Epoch is the server's identity. A new one, after a restore, makes every client ask for its revision ids anew.
	Epoch [16]byte
	// Changed is when the configuration that clients are told last changed. Compared with 100 ns precision.
	Changed time.Time
	// Keys seal cookies, 32 bytes each: the first one is used, the others are still understood. At least one.
	Keys [][]byte
	// RequireRegistration has clients call RegisterComputer before they synchronise.
	RequireRegistration bool
	// ContentBase is the URL up to and without "/Content". "": as the client's request came, but see PlainPort.
	ContentBase string
	// PlainPort is where content is to be had without TLS, for clients that came with it. 0: content has TLS too.
	PlainPort int
	// PackageServerShare is a UNC path that clients repair products from. "": one on the host that the request names.
	PackageServerShare string
}

// SettingsSource gives the settings. It is asked in every request and must not wait for a disk.
type SettingsSource interface {
	Settings() Settings
}

// Claim is who a client says it is. The protocol lets a client choose its id, so nothing of it is proven.
type Claim struct {
	ID      string   // lower case; a GUID for all known clients
	DNSName string   // the computer's name
	Groups  []string // the target groups that it wants to be in; only heeded with client-side targeting
	Address string   // where the request came from
}

// Computer is what a request needs to know of a computer.
type Computer struct {
	ID         string
	Groups     []deploy.GroupID
	Registered bool // RegisterComputer came since the server wanted it
}

// Computers keeps the computers. Ids are lower case.
type Computers interface {
	// Claim notes the claim, makes the computer known if it is new, and gives what is known of it now.
	Claim(ctx context.Context, c Claim) (Computer, error)
	// Computer finds a computer; false when it is not known, as after it was deleted.
	Computer(ctx context.Context, id string) (Computer, bool, error)
	// Register keeps what a computer says of itself. It is on the disk when Register is back.
	Register(ctx context.Context, id string, info clientws.ComputerInfo) error
	// Synced notes that a computer has synchronised, and what it says is installed of the revisions that others wait
	// for; nil when it said it for some categories only. It must not wait for a disk.
	Synced(id string, at time.Time, installed []catalog.RevisionID)
}

// Updates gives what clients may know of updates.
type Updates interface {
	// Plan gives what is deployed to whom, as it is now. It must not wait for a disk.
	Plan() *deploy.Plan
	// Core gives the core fragments of revisions, in the order of the ids.
	Core(ctx context.Context, ids []catalog.RevisionID) ([]string, error)
	// Fragments gives the fragments of a revision but its core, for the caller to keep; nil when the server has none.
	Fragments(ctx context.Context, id catalog.RevisionID) (*fragment.Fragments, error)
	// Files lists the files of a revision that can be downloaded now, license agreements among them.
	Files(ctx context.Context, id catalog.RevisionID) ([]File, error)
	// FilesByDigest finds those of the files that can be downloaded now. Digests are SHA-1.
	FilesByDigest(ctx context.Context, digests [][]byte) ([]File, error)
}

// File is a file of an update.
type File struct {
	SHA1 []byte // 20 bytes
	Path string // below "Content/": "XX/SHA1.ext"
}

// Reports takes what computers tell.
type Reports interface {
	// Report keeps events of a computer. They are on the disk when Report is back. An event whose EventInstanceID is known
	// already is left out.
	Report(ctx context.Context, computer string, events []reporting.Event) error
	// Findings keeps the findings of "redx diagnose --json" of a computer: a JSON object, checked to be one and no more.
	// The verdict says whether the computer may mend itself.
	Findings(ctx context.Context, computer string, findings []byte) (Verdict, error)
}

// Verdict is what is answered to findings.
type Verdict struct {
	Heal bool   `json:"heal"`
	Why  string `json:"why,omitempty"` // why not, for people
}

// Limits bound what clients can make the server do. Zero values stand for defaults.
type Limits struct {
	PageSize int           // new updates in an answer to SyncUpdates; 200, as the specification says of Windows' server
	Inside   int           // requests at a time, from the last byte of the body to the last of the answer; 512
	Working  int           // requests that are worked on at a time; sixteen for each processor, as many wait for the disk
	Wait     time.Duration // how long a request waits for its turn before it is told to come later; 20 s
	Body     time.Duration // how long a client may take to send a body; 30 s
	Cookie   time.Duration // how long a cookie lives; 1 h, as with Windows' server
}
