package live

import (
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/win"
)

// Open connects to this Windows. It changes nothing, and needs no elevation; what a repair then asks for does.
func Open() (*Machine, error) {
	dir, err := win.WindowsFolder()
	if err != nil {
		return nil, err
	}
	data, err := win.ProgramData()
	if err != nil {
		return nil, err
	}
	s, err := win.OpenServices()
	if err != nil {
		return nil, fmt.Errorf("open this Windows: %w", err)
	}
	return &Machine{sys: windows{Services: s}, root: repair.Root{Dir: dir}, data: data, sleep: time.Sleep}, nil
}

// windows is the system itself.
type windows struct {
	*win.Services
	ownDisk
}

func (windows) Look(path string) (win.File, error)           { return win.Look(path) }
func (windows) Rename(from, to string) error                 { return win.Rename(from, to) }
func (windows) FlushFolder(path string) error                { return win.FlushFolder(path) }
func (windows) FreeBytes(path string) (uint64, error)        { return win.FreeBytes(path) }
func (windows) MakeProtected(path string) error              { return win.MakeProtected(path) }
func (windows) CheckProtected(path string) error             { return win.CheckProtected(path) }
func (windows) RenameAtRestart(from, to string) error        { return win.RenameAtRestart(from, to) }
func (windows) PendingRename(from, to string) (bool, error)  { return win.PendingRename(from, to) }
func (windows) ForgetRename(from, to string) error           { return win.ForgetRename(from, to) }
func (windows) FlushRenames() error                          { return win.FlushRenames() }
func (windows) ProcessName(pid uint32) (string, error)       { return win.ProcessName(pid) }
func (windows) Holders(files []string) ([]win.Holder, error) { return win.Holders(files) }
func (windows) FolderHolders(path string) ([]uint32, error)  { return win.FolderHolders(path) }
func (windows) Elevated() (bool, error)                      { return win.Elevated() }
func (windows) RemoveSource(source string) error             { return win.RemoveEventSource(source) }

func (windows) Processes(names ...string) ([]win.Process, error) { return win.Processes(names...) }

func (windows) MachineGUID() (string, error) { return win.MachineGUID() }

func (windows) CommandLine(program string, args []string) string {
	return win.CommandLine(program, args)
}

func (windows) Report(source string, kind win.EventKind, id uint32, text string) error {
	if err := win.AddEventSource(source); err != nil {
		return err
	}
	return win.WriteEvent(source, kind, id, text)
}
