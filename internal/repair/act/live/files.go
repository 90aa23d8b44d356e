package live

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/win"
)

// files are the folders of this Windows, for package run.
type files struct{ *Machine }

func (f files) Folder(path string) (run.Folder, error) {
	at, err := f.sys.Look(path)
	if errors.Is(err, fs.ErrNotExist) {
		return run.Folder{}, nil
	}
	if err != nil {
		return run.Folder{}, err
	}
	return run.Folder{Present: true, ID: at.ID.String(), Reparse: at.Reparse || !at.Folder}, nil
}

func (f files) Names(dir string) ([]string, error) { return f.sys.Names(dir) }

func (f files) Rename(from, to string) error {
	err := f.sys.Rename(from, to)
	if errors.Is(err, win.ErrHeld) {
		return fmt.Errorf("%w: %w", run.ErrHeld, err)
	}
	return err
}

// Sync flushes every folder in which a name of the closed list stands. Those are looked for anew each time: a process
// that carries on with what another one has begun did not do the renames itself.
func (f files) Sync() error {
	var all error
	for _, dir := range append(homes(f.root), homes(repair.Root{Dir: f.folder(), Own: true})...) {
		if err := f.sys.FlushFolder(dir); !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// homes are the folders in which targets and copies stand.
func homes(root repair.Root) []string {
	top := repair.Target{Rung: repair.SoftwareDistribution}.Path(root)
	all := []string{root.Dir, top, repair.Target{Rung: repair.Download}.Path(root)}
	if root.Own {
		return all
	}
	return append(all, repair.Copy{Of: repair.Target{Rung: repair.Catroot2}}.Dir(root))
}

// restart is what this Windows can rename when it starts next, for package run.
type restart struct{ *Machine }

func (r restart) RenameAtRestart(from, to string) error {
	if err := r.sys.RenameAtRestart(from, to); err != nil {
		return err
	}
	// MoveFileEx says that it has succeeded when it has not: what counts is the list.
	there, err := r.sys.PendingRename(from, to)
	if err == nil && !there {
		err = fmt.Errorf("rename %s when Windows starts next: Windows says that it will, and does not have it on its list", from)
	}
	return err
}

func (r restart) Registered(from, to string) (bool, error) { return r.sys.PendingRename(from, to) }

func (r restart) Forget(from, to string) error { return r.sys.ForgetRename(from, to) }
