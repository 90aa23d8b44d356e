// Package catalog holds the rules of the update graph: revisions, their prerequisites, bundles and supersedence, and
// what of it a computer needs (MS-WUSP 3.1.1 and 3.1.5.7). It knows nothing of groups and approvals (package deploy),
// reads no file and no wire. A Catalog never changes after Compile: everything that a computer's synchronisation asks
// is laid out beforehand, so an answer costs what the request and the answer are long, however many computers there are.
package catalog

import (
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// RevisionID is the number that a server gives to one revision of one update. It is local to the server, stable for
// ever, and positive (MS-WUSP 3.1.1).
type RevisionID int32

// Type is an update's UpdateType.
type Type string

// The types of updates.
const (
	Software  Type = "Software"
	Driver    Type = "Driver"
	Category  Type = "Category"
	Detectoid Type = "Detectoid"
)

// Revision is what the rules need to know of one update document.
type Revision struct {
	RevisionID RevisionID
	ID         update.ID
	Type       Type
	// CategoryType is what a category is: "Company", "ProductFamily", "Product" or "UpdateClassification".
	CategoryType string `json:",omitempty"`
	// Prerequisites in conjunctive form: of every clause, at least one update must be installed.
	Prerequisites []Clause `json:",omitempty"`
	// Bundles lists the members in conjunctive form; a member is one exact revision.
	Bundles [][]update.ID `json:",omitempty"`
	// Supersedes names the updates that this one replaces.
	Supersedes []guid.GUID `json:",omitempty"`
	// Hidden means ExplicitlyDeployable="false": there for others only, never approved by itself.
	Hidden bool `json:",omitempty"`
	// Expired means that its publisher took it back.
	Expired bool          `json:",omitempty"`
	Drivers []DriverEntry `json:",omitempty"`
	// Arrived is when this server got the revision.
	Arrived time.Time
}

// Clause is a disjunction of a revision's prerequisites.
type Clause struct {
	AnyOf []guid.GUID
	// IsCategory marks a clause that says where the update belongs.
	IsCategory bool `json:",omitempty"`
}

// DriverEntry is a row of the driver table: one hardware id that a driver revision supports (MS-WUSP 3.1.1).
type DriverEntry struct {
	HardwareID   string
	Date         time.Time // DriverVerDate
	Version      uint64    // DriverVerVersion, four parts of 16 bits
	Class        string
	Manufacturer string
	Provider     string
	Model        string
	// FeatureScores by operating system, such as "amd64.10.0"; lower is better.
	FeatureScores map[string]uint8 `json:",omitempty"`
	// TargetComputers and DistributionComputers limit the entry to computers that have one of these hardware ids.
	TargetComputers       []guid.GUID `json:",omitempty"`
	DistributionComputers []guid.GUID `json:",omitempty"`
}

// prerequisites calls f for every update that some prerequisite names.
func (r *Revision) prerequisites(f func(guid.GUID)) {
	for _, c := range r.Prerequisites {
		for _, g := range c.AnyOf {
			f(g)
		}
	}
}
