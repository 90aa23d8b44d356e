package winsys

import (
	"fmt"
	"iter"
	"time"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

// PackageState is how far a package is installed. States below zero are failures.
type PackageState int32

// The states of Component Based Servicing.
const (
	Absent             PackageState = 0
	UninstallPending   PackageState = 5
	Resolving          PackageState = 16
	Resolved           PackageState = 32
	Staging            PackageState = 48
	Staged             PackageState = 64
	Superseded         PackageState = 80
	InstallPending     PackageState = 96
	PartiallyInstalled PackageState = 101
	Installed          PackageState = 112
	Permanent          PackageState = 128
)

func (s PackageState) String() string {
	switch s {
	case Absent:
		return "absent"
	case UninstallPending:
		return "uninstall pending"
	case Resolving:
		return "resolving"
	case Resolved:
		return "resolved"
	case Staging:
		return "staging"
	case Staged:
		return "staged"
	case Superseded:
		return "superseded"
	case InstallPending:
		return "install pending"
	case PartiallyInstalled:
		return "partially installed"
	case Installed:
		return "installed"
	case Permanent:
		return "permanent"
	}
	return fmt.Sprintf("state %d", int32(s))
}

// Package is a package of Component Based Servicing.
type Package struct {
	Name        string // identity, such as Package_for_KB5034122~31bf3856ad364e35~amd64~~19041.3930.1.7
	Where       string
	State       PackageState
	HasState    bool
	Installed   time.Time // InstallTimeHigh and Low; zero when they are not there
	InstallName string    // file of the package's manifest
	Client      string    // InstallClient
	Visibility  uint32    // 1 is shown to users
	LastError   hresult.Code
	Owners      []string // packages that this one is part of, or itself
}

// Packages lists the packages of Component Based Servicing.
func (s *Software) Packages() iter.Seq2[Package, error] {
	return one(s.node().open(current+`Component Based Servicing\Packages`), readPackage)
}

func readPackage(n node) Package {
	state, ok := n.number("CurrentState")
	high, _ := n.number("InstallTimeHigh")
	low, _ := n.number("InstallTimeLow")
	p := Package{
		Name: n.key.Name(), Where: n.path, State: PackageState(int32(uint32(state))), HasState: ok,
		Installed:   winbin.Filetime(high<<32 | low&0xffffffff),
		InstallName: n.text("InstallName"), Client: n.text("InstallClient"),
		Visibility: uint32(n.int32("Visibility")), LastError: hresult.Code(uint32(n.int32("LastError"))),
	}
	for v := range n.open("Owners").values() {
		p.Owners = append(p.Owners, v.Name)
	}
	return p
}

// Components is a COMPONENTS hive. A running Windows has it loaded only while it services; no real sample was at
// hand.
type Components struct{ root registry.Key }

// NewComponents takes the root of a COMPONENTS hive.
func NewComponents(root registry.Key) *Components { return &Components{root} }

// StoreState is what the component store says of itself.
type StoreState struct {
	Where      string
	Dirty      bool     // StoreDirty: corruption was met
	PendingXML []byte   // PendingXmlIdentifier: pending.xml belongs to this store; nil when nothing is pending
	Values     []string // names of all values of the root, since their being there can mean something
}

// State reads what the component store says of itself.
func (c *Components) State() (StoreState, error) {
	n := newNode(c.root, "COMPONENTS")
	s := StoreState{Where: n.path, Dirty: n.flag("StoreDirty")}
	if v, ok := n.value("PendingXmlIdentifier"); ok {
		s.PendingXML = v.Data
	}
	for v := range n.values() {
		s.Values = append(s.Values, v.Name)
	}
	return s, n.err()
}
