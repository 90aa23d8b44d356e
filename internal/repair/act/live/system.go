package live

import (
	"context"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/win"
)

// system is all that is asked of Windows, each as package win has it.
type system interface {
	disk
	manager
	restarts
	processes
	Elevated() (bool, error)
	MachineGUID() (string, error)
	Report(source string, kind win.EventKind, id uint32, text string) error
	RemoveSource(source string) error
	Close() error
}

// disk are the folders and the program of redx itself.
type disk interface {
	Look(path string) (win.File, error)
	Names(dir string) ([]string, error)
	Below(path string, limit int) (files, folders []string)
	Rename(from, to string) error
	FlushFolder(path string) error
	FreeBytes(path string) (uint64, error)
	MakeProtected(path string) error
	CheckProtected(path string) error
	// Program is the full path of the program that runs.
	Program() (string, error)
	// CopyFile copies a file so that the copy is there whole, and safe on the disk, or not at all.
	CopyFile(from, to string) error
	SameFile(a, b string) (bool, error)
	Remove(path string) error
	RemoveAll(path string) error
	Size(path string) repair.Bytes
}

// manager is the service control manager.
type manager interface {
	Status(name string) (win.Status, error)
	Config(name string) (win.Config, error)
	SetStart(name string, start win.StartType) error
	SetDelayed(name string, delayed bool) error
	Dependents(name string) ([]string, error)
	Start(ctx context.Context, name string) error
	Stop(ctx context.Context, name string) error
	Create(spec win.Spec) error
	// CommandLine is the command of a service that Create makes.
	CommandLine(program string, args []string) string
	Delete(name string) error
	Flush() error
}

// restarts is the list of renames that Windows does when it starts next.
type restarts interface {
	RenameAtRestart(from, to string) error
	PendingRename(from, to string) (bool, error)
	ForgetRename(from, to string) error
	FlushRenames() error
}

// processes are the programs that run, and what they have open.
type processes interface {
	Processes(names ...string) ([]win.Process, error)
	ProcessName(pid uint32) (string, error)
	Holders(files []string) ([]win.Holder, error)
	FolderHolders(path string) ([]uint32, error)
}
