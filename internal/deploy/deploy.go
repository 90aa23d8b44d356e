// Package deploy holds the rules of who is offered what: target groups, approvals with deadlines, declined updates,
// and files that cannot be given out. It turns them and a catalogue into a Plan that answers a computer's
// synchronisation, and it names the reasons why an update is not offered. It is pure: no store, no clock, no wire.
package deploy

import (
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/maintenance"
)

// GroupID is the number of a target group.
type GroupID int32

// The groups that are always there. Every computer is in AllComputers through the group it is in; one that belongs
// nowhere else is in Unassigned.
const (
	AllComputers GroupID = 1
	Unassigned   GroupID = 2
)

// Group is a target group. What is approved for its parent is approved for it, unless it has an approval of its own.
type Group struct {
	ID     GroupID `json:"id"`
	Name   string  `json:"name"`
	Parent GroupID `json:"parent,omitempty"` // 0 for AllComputers
}

// Choice is what an administrator decided for an update and a group.
type Choice string

// The choices. NotApproved ends an inherited approval, and keeps the time when an approval was taken back.
const (
	Install     Choice = "install"
	Optional    Choice = "optional"
	Uninstall   Choice = "uninstall"
	DetectOnly  Choice = "detect-only"
	NotApproved Choice = "not-approved"
)

// strength orders choices when a computer is in several groups that disagree: the higher wins.
func (c Choice) strength() int {
	switch c {
	case Install:
		return 4
	case Optional:
		return 3
	case Uninstall:
		return 2
	case DetectOnly:
		return 1
	default:
		return 0
	}
}

// Valid reports whether c is one of the choices.
func (c Choice) Valid() bool { return c == NotApproved || c.strength() > 0 }

// Approval is a choice for an update, whichever its newest revision is, and a group.
type Approval struct {
	ID       int32      `json:"id"` // stable; the deployment's number on the wire
	Update   guid.GUID  `json:"update"`
	Group    GroupID    `json:"group"`
	Choice   Choice     `json:"choice"`
	Deadline *time.Time `json:"deadline,omitempty"`
	// Window is when redx's own agents install it unattended; none: whenever their settings let them.
	Window  maintenance.Windows `json:"window,omitempty"`
	Changed time.Time           `json:"changed"`
}

// Input is everything that a Plan is made of.
type Input struct {
	Catalog   *catalog.Catalog
	Groups    []Group
	Approvals []Approval
	// Declined updates are offered to nobody; the time is when that was decided.
	Declined map[guid.GUID]time.Time
	// Withheld names, for a revision, the files that it cannot be offered for, and since when.
	Withheld map[catalog.RevisionID]Withheld
	// Returned is when a revision that had been withheld could be offered again.
	Returned map[catalog.RevisionID]time.Time
}

// Withheld says why a revision cannot be downloaded.
type Withheld struct {
	Files []string
	Since time.Time
}

// Action is a deployment's action on the wire (MS-WUSP 2.2.2.2.4).
type Action string

// The actions that a server sends.
const (
	ActionInstall            Action = "Install"
	ActionOptionalInstall    Action = "OptionalInstall"
	ActionUninstall          Action = "Uninstall"
	ActionPreDeploymentCheck Action = "PreDeploymentCheck"
	ActionEvaluate           Action = "Evaluate"
	ActionBundle             Action = "Bundle"
)

// Deployment says how one revision is deployed to a computer. Every revision that a computer is sent has one.
type Deployment struct {
	ID       int32
	Action   Action
	Deadline *time.Time
	Window   maintenance.Windows // for redx's own agents alone
	// Assigned: to be installed without asking.
	Assigned bool
	// Changed is when this deployment, or whether the revision is a leaf, last changed.
	Changed time.Time
}

// implicitID numbers the deployments that nobody decided, apart from the approvals' numbers.
func implicitID(id catalog.RevisionID) int32 { return 1<<30 | int32(id) }

func (c Choice) action() Action {
	switch c {
	case Install:
		return ActionInstall
	case Optional:
		return ActionOptionalInstall
	case Uninstall:
		return ActionUninstall
	default:
		return ActionPreDeploymentCheck
	}
}
