package sim

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/repair/run"
)

// Rename is what Windows does when it starts, before any service.
type Rename struct{ From, To string }

func (r Rename) is(o Rename) bool {
	return strings.EqualFold(r.From, o.From) && strings.EqualFold(r.To, o.To)
}

// atRestart is the value as any process sees it.
func (r *Registry) atRestart() []Rename {
	if n := len(r.renamesWrites); n > 0 {
		return r.renamesWrites[n-1]
	}
	return r.renames
}

// restart is the world as run.Restart.
type restart struct{ *World }

// Restart gives what can be left to the next start of the computer.
func (w *World) Restart() run.Restart { return restart{w} }

// RenameAtRestart is for run.Restart.
func (r restart) RenameAtRestart(from, to string) error {
	if err := r.tick(); err != nil {
		return err
	}
	r.Registry.renamesWrites = append(r.Registry.renamesWrites, append(slices.Clone(r.Registry.atRestart()), Rename{from, to}))
	return nil
}

// Registered is for run.Restart.
func (r restart) Registered(from, to string) (bool, error) {
	return slices.ContainsFunc(r.Registry.atRestart(), Rename{from, to}.is), r.tick()
}

// Forget is for run.Restart.
func (r restart) Forget(from, to string) error {
	if err := r.tick(); err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(r.Registry.atRestart()), Rename{from, to}.is)
	r.Registry.renamesWrites = append(r.Registry.renamesWrites, left)
	return nil
}

// AtRestart lists what is on record to be renamed.
func (w *World) AtRestart() []Rename { return slices.Clone(w.Registry.atRestart()) }

// renameAsItStarts does what is on record, and goes on when one fails, as Windows does.
func (w *World) renameAsItStarts() {
	for _, r := range w.Registry.atRestart() {
		_ = rename(w.Disk.top, r.From, r.To)
	}
	w.Disk.safe = w.Disk.top.clone()
	w.Registry.renames, w.Registry.renamesWrites = nil, nil
}
