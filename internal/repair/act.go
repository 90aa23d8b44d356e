package repair

import (
	"fmt"
	"slices"
	"strings"
)

// Act is one thing that redx does. The list is closed: only this package has implementations.
type Act interface {
	// Check reports an act that is not on the list, wrapping ErrNotListed.
	Check(Root) error
	String() string
	act()
}

// Reversible is an act that can be undone. Passing reports that it only carries the repair and is undone in any case
// at its end; the others stay until the user undoes the repair.
type Reversible interface {
	Act
	Passing() bool
}

// Irreversible is an act that cannot be undone. It is no part of a transaction: it comes after one, and must be
// allowed.
type Irreversible interface {
	Act
	irreversible()
}

// MoveAway renames a folder to the name of its copy. Undone, the copy gets the folder's name back.
type MoveAway struct{ Move }

// BringBack renames a copy to its folder's name again, which must be free.
type BringBack struct{ Move }

// Guard registers redx to start with Windows, so that a repair that dies is finished or taken back by itself.
type Guard struct{}

// Hold sets a service's start type to disabled, so that nothing starts it meanwhile.
type Hold struct{ Service string }

// Halt stops a service. Dependent says that it is none of the update's own but runs on top of one.
type Halt struct {
	Service   string
	Dependent bool
}

// CancelJobs cancels Windows Update's own BITS jobs.
type CancelJobs struct{}

func (MoveAway) act()   {}
func (BringBack) act()  {}
func (Guard) act()      {}
func (Hold) act()       {}
func (Halt) act()       {}
func (CancelJobs) act() {}

func (CancelJobs) irreversible() {}

// Passing is false: what is moved stays moved.
func (MoveAway) Passing() bool { return false }

// Passing is false: what is brought back stays.
func (BringBack) Passing() bool { return false }

// Passing is true: redx starts with Windows only while a repair is under way.
func (Guard) Passing() bool { return true }

// Passing is true: the start type is given back.
func (Hold) Passing() bool { return true }

// Passing is true: the service runs again if it ran.
func (Halt) Passing() bool { return true }

func (a MoveAway) String() string { return "move away " + a.Copy.Name() }

func (a BringBack) String() string { return "bring back " + a.Copy.Name() }

func (Guard) String() string { return "start redx with Windows" }

func (a Hold) String() string { return "hold service " + a.Service }

func (a Halt) String() string { return "stop service " + a.Service }

func (CancelJobs) String() string { return "cancel the BITS jobs of Windows Update" }

// Check wants a move to a copy of the same folder.
func (m Move) Check(root Root) error {
	if m.Copy.Of != m.Target {
		return fmt.Errorf("%v as a copy of %v: %w", m.Target, m.Copy.Of, ErrNotListed)
	}
	return m.Copy.Check(root)
}

// Check always succeeds.
func (Guard) Check(Root) error { return nil }

// Check wants one of the update's own services.
func (a Hold) Check(root Root) error {
	if !root.Own && listed(a.Service) {
		return nil
	}
	return fmt.Errorf("service %q: %w", a.Service, ErrNotListed)
}

// Check wants one of the update's own services, or one that runs on top of one: its name is Windows' own to choose,
// and all that is done to it is stopping and starting.
func (a Halt) Check(root Root) error {
	if !root.Own && (listed(a.Service) || a.Dependent && serviceName(a.Service)) {
		return nil
	}
	return fmt.Errorf("service %q: %w", a.Service, ErrNotListed)
}

// Check refuses redx's own root, which has no BITS jobs.
func (CancelJobs) Check(root Root) error {
	if root.Own {
		return fmt.Errorf("BITS jobs: %w", ErrNotListed)
	}
	return nil
}

// services are the services that redx may stop and hold, in the order in which they are stopped.
var services = []string{"UsoSvc", "wuauserv", "bits", "dosvc", "cryptsvc"}

// Services names the update's own services, which a repair may stop and hold, in the order in which they are stopped.
func Services() []string { return slices.Clone(services) }

func listed(name string) bool {
	return slices.ContainsFunc(services, func(s string) bool { return strings.EqualFold(s, name) })
}

// serviceName reports a name that a service can have (at most 256 characters without slashes).
func serviceName(name string) bool {
	return name != "" && len(name) <= 256 && !strings.ContainsAny(name, "/\\\x00")
}

// holders are the services that keep a rung's folders open or fill them, in the order in which they are stopped.
func holders(r Rung) []string {
	switch r {
	case UpdateFolder, Download, SoftwareDistribution:
		return []string{"UsoSvc", "wuauserv", "bits", "dosvc"}
	case DataStore:
		return []string{"UsoSvc", "wuauserv"}
	case Catroot2:
		return []string{"UsoSvc", "wuauserv", "cryptsvc"}
	default:
		return nil
	}
}
