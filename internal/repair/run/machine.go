// Package run takes a repair's transaction through: it does act after act, each written to the journal first, and at
// the end either all is done or nothing is, and the services are as they were. It knows no Windows and no disk, only
// what it can ask of them; the same code runs live, offline and on the simulated system that proves it.
//
// Its invariant is that it never believes what it has written, only what it sees: after a crash the journal tells how
// things were before, and looking tells how they are. Every act may be done again and changes nothing when it was
// done already.
package run

import (
	"errors"

	"github.com/redx-update/redx/internal/repair"
)

// Errors to branch on; the first two are what machines return.
var (
	// ErrHeld: something holds the folder open. Windows says so with error 5 or 32; with the rights of an
	// administrator 5 means held as well, never missing rights.
	ErrHeld = errors.New("something holds the folder open")
	// ErrDenied: Windows does not let a service's start type be changed.
	ErrDenied = errors.New("the service does not let itself be configured")
	// ErrElsewhere: what was begun with services can be ended only where they are. No machine returns it.
	ErrElsewhere = errors.New("it was begun on that Windows while it ran, and only there it can be ended: start it, and redx goes on by itself")
)

// Files are the folders of an installation.
type Files interface {
	// Folder looks at a folder. One that is not there is no error.
	Folder(path string) (Folder, error)
	// Names lists what stands in a folder.
	Names(dir string) ([]string, error)
	// Rename gives a folder another name on the same volume. What stands under that name is never replaced.
	Rename(from, to string) error
	// Sync makes all renames safe on the disk.
	Sync() error
}

// Folder is what stands under a name.
type Folder struct {
	Present bool
	ID      string // its identity on the volume, which a rename does not change
	Reparse bool   // a link, or anything but a real folder
}

// Services are the services of a running Windows.
type Services interface {
	// Service looks at a service. One that is not there is no error.
	Service(name string) (Service, error)
	SetStart(name string, start int) error
	// SetDelayed has an automatic service started some time after the others. Changing a start type may have ended that.
	SetDelayed(name string) error
	// Stop stops a service and returns when it has stopped and its process let go; one that is stopped is no error.
	Stop(name string) error
	// Start starts a service; one that runs is no error.
	Start(name string) error
	// Guard makes redx start with Windows, to finish or take back what was begun; Unguard ends that.
	Guarded() (bool, error)
	Guard() error
	Unguard() error
	// Sync makes all configuration safe on the disk.
	Sync() error
}

// Restart is what a machine can do about a folder that stays held: have Windows rename it when it starts next.
type Restart interface {
	// RenameAtRestart registers a rename, and sees that it is on record. What stands under the new name then is not
	// replaced. Renames are done in the order in which they were registered.
	RenameAtRestart(from, to string) error
	Registered(from, to string) (bool, error)
	// Forget takes a rename off the record; one that is not there is no error.
	Forget(from, to string) error
}

// Service is what is known of a service.
type Service struct {
	Present bool
	Running bool
	Start   int  // start type: 2 automatic, 3 on demand, 4 disabled
	Delayed bool // an automatic one that is started some time after the others, as far as the system tells
}

const disabled = 4

// Machine is what a repair changes.
type Machine struct {
	Files    Files
	Services Services // nil where no service is touched
	Restart  Restart  // nil where no start of Windows can be waited for; else Services are there, whose Sync covers it
	// Holders names, for people, what holds a folder open, such as "svchost.exe (1234, wuauserv)"; nil where nobody
	// can tell.
	Holders func(path string) []string
	// Watch is told of each act before it is done; nil: nobody wants to know.
	Watch func(repair.Reversible)
	// Pause waits before a folder that is held is tried again, longer each time, and tells when to give up.
	Pause func(attempt int) (again bool)
}

// way checks that a target is a real folder all the way down; nothing behind a link is ever touched.
func (m Machine) way(t repair.Target, root repair.Root) error {
	for _, path := range t.Way(root) {
		f, err := m.Files.Folder(path)
		if err != nil {
			return err
		}
		if f.Reparse {
			return &refused{path, "is a link or junction"}
		}
	}
	return nil
}

// refused is something found that no repair may touch.
type refused struct{ path, why string }

func (e *refused) Error() string { return e.path + " " + e.why }
