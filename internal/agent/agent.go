// Package agent is Automatic Updates: it visits the update location, downloads, installs, and, when an update fails since
// files are missing, finds out why, mends with the least repair that the policy allows, and tries once more.
//
// It is no engine itself: how updates are had and installed is behind Engine, and how a computer is diagnosed and repaired
// behind Healer. Its invariant is that an attempt ends in one of three ways, installed, failed with a code, or not begun,
// and that nothing is repaired which a finding has not proven.
package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/update"
)

// Action is what the update location wants done with an update (MS-WUSP 2.2.2.2.4, DeploymentAction).
type Action string

// The actions that an agent carries out; an update that is only offered for detection is in no Scan.
const (
	Install   Action = "Install"
	Uninstall Action = "Uninstall"
)

// Update is an update that this computer needs and that its location wants to be acted on.
type Update struct {
	update.Ref
	Action   Action
	Bytes    int64     // to download, all files together
	Deadline time.Time // UTC; zero: none
	// Window is when its approval has it installed unattended, within the policy's windows; none: whenever they are open.
	Window maintenance.Windows
	// Ready tells that all files are there, verified and extracted.
	Ready bool
	// MayRestart tells that installing it can ask for a restart.
	MayRestart bool
}

// Undecided is an update about which a rule could not be evaluated: it is not offered, and the rule is named.
type Undecided struct {
	update.Ref
	Rule, Why string
}

// Scan is what a visit of the update location has found.
type Scan struct {
	At            time.Time // UTC
	Location      string    // which one: a URL, or the name of Windows' own
	Updates       []Update  // in the order in which they are to be installed
	Installed     int       // updates that are on the computer
	NotApplicable int       // updates that do not concern it
	Undecided     []Undecided
}

// Result is how an installation ended that did not fail.
type Result struct {
	RestartNeeded bool
}

// Progress is told how far a download is, in bytes; of is 0 when it is not known.
type Progress func(done, of int64)

// Stage is where an attempt failed.
type Stage string

// The stages, in their order. Extraction belongs to the download: what is Ready has been extracted.
const (
	Scanning    Stage = "scan"
	Downloading Stage = "download"
	Extracting  Stage = "extract"
	Installing  Stage = "install"
)

// Failure is a failed attempt, with the code that stands in Windows' own history.
type Failure struct {
	Stage  Stage
	Update update.Ref // zero when the scan itself failed
	Code   hresult.Code
	Path   string // the file or folder that it is about, as this Windows spells it; empty when there is none
	Err    error
}

func (f *Failure) Error() string {
	if f.Path == "" {
		return fmt.Sprintf("%s: %v (%s)", f.Stage, f.Err, f.Code)
	}
	return fmt.Sprintf("%s: %s: %v (%s)", f.Stage, f.Path, f.Err, f.Code)
}

func (f *Failure) Unwrap() error { return f.Err }

// ErrUnreachable says that the update location did not answer, or asked to come later: nothing is wrong here, and the
// next visit is after a back-off.
var ErrUnreachable = errors.New("the update location cannot be reached now")

// ErrRefused says that the update location answered, and that asking again soon would not change the answer: somebody has to
// mend something there, or the settings here. The next visit is after the usual interval.
var ErrRefused = errors.New("the update location refuses, and asking again soon would not change that")

// Engine is one way to get updates onto one computer. All of its methods can be cancelled, and a process that dies in any
// of them leaves what the next start finishes or takes back. An error is a *Failure when it stands in the history.
// It is for one goroutine at a time.
type Engine interface {
	// Scan visits the update location and decides what this computer needs.
	Scan(ctx context.Context) (*Scan, error)
	// Download gets all files of an update, verifies size, SHA-1, SHA-256 and signature, and extracts them. What is there
	// already, verified, is not had again.
	Download(ctx context.Context, u Update, progress Progress) error
	// Install checks every extracted file against the update's manifest and installs the update: all of it or nothing.
	Install(ctx context.Context, u Update) (Result, error)
	// Report sends what the location has not been told yet. Events that could not be sent are kept for the next time.
	Report(ctx context.Context) error
	Close() error
}

// Verdict is what a redx server answers to a finding.
type Verdict struct {
	Heal bool // whether the computer may mend itself
	Why  string
}

// Teller is an Engine whose update location may be a redx server, which takes findings.
type Teller interface {
	// Tell sends findings, the text of "redx diagnose --json". Any other server gets nothing, and the verdict is then that
	// the computer may heal.
	Tell(ctx context.Context, findings []byte) (Verdict, error)
}
