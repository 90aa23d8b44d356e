package offline

import (
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/win"
)

// identity gives the volume of what is at a spot, and what it stays the same by on it: the number of its record, as
// other systems see it as well.
func identity(at spot) (vol uint64, id string, err error) {
	f, err := win.Look(at.path())
	return uint64(f.ID.Volume), fmt.Sprintf("%012x", f.ID.Index&(1<<48-1)), err
}

// strange says why a folder of redx's own may be somebody else's work; empty when it is not. What is in a folder that nobody
// else may change is nobody else's.
func strange(at, _ spot) string {
	if !at.info.IsDir() {
		return ""
	}
	if err := win.CheckProtected(at.path()); err != nil {
		return err.Error()
	}
	return ""
}

func rename(from, to spot) error {
	err := win.Rename(from.path(), to.path())
	if errors.Is(err, win.ErrHeld) {
		err = fmt.Errorf("%w: %w", run.ErrHeld, err)
	}
	return err
}

func syncFolder(at spot) error { return win.FlushFolder(at.host) }

func makeFolder(at spot) error { return win.MakeProtected(at.path()) }

// writable is told by trying alone, and looking must not write. What is written first is the journal: when that fails,
// nothing was touched.
func writable(string) error { return nil }

func (d *Drive) volume() (volume, error) {
	free, err := win.FreeBytes(d.top)
	v := volume{free: repair.Bytes(min(free, 1<<60))}
	v.dirty, v.unseen = win.DirtyVolume(d.top)
	return v, err
}
