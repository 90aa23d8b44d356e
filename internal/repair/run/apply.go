package run

import (
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
)

// names gives the names from which and to which an act renames its folder.
func names(a repair.Reversible, root repair.Root) (from, to string, ok bool) {
	switch a := a.(type) {
	case repair.MoveAway:
		return a.Target.Path(root), a.Copy.Path(root), true
	case repair.BringBack:
		return a.Copy.Path(root), a.Target.Path(root), true
	}
	return "", "", false
}

// prior sees which folder an act will rename, and refuses what it may not.
func (t *transaction) prior(a repair.Reversible) (id string, err error) {
	root := t.log.Root
	switch a := a.(type) {
	case repair.MoveAway:
		id, err = t.priorMove(a.Move, a.Target.Path(root), a.Copy.Path(root))
		if err == nil && id == "" && !a.Copy.Undone {
			err = &refused{a.Target.Path(root), "is not there any more"}
		}
	case repair.BringBack:
		id, err = t.priorMove(a.Move, a.Copy.Path(root), a.Target.Path(root))
		if err == nil && id == "" {
			err = &refused{a.Copy.Path(root), "is not there any more"}
		}
	}
	return id, err
}

// apply does an act that may be done already, and sees that it is done. The note says what it had to leave.
func (t *transaction) apply(a repair.Reversible, id string) (note string, err error) {
	if from, to, ok := names(a, t.log.Root); ok {
		if id == "" {
			return "nothing was there", nil
		}
		return "", t.rename(id, from, to)
	}
	switch a := a.(type) {
	case repair.Guard:
		return "", t.guard()
	case repair.Hold:
		return t.hold(a.Service)
	case repair.Halt:
		return "", t.halt(a.Service)
	}
	return "", fmt.Errorf("%T: %w", a, repair.ErrNotListed)
}

// guard must be safe on the disk before any start type changes, else a crash would leave nobody to give them back.
func (t *transaction) guard() error {
	guarded, err := t.Services.Guarded()
	if err == nil && !guarded {
		err = t.Services.Guard()
	}
	if err != nil {
		return err
	}
	return t.Services.Sync()
}

func (t *transaction) hold(name string) (note string, err error) {
	s, err := t.Services.Service(name)
	if err != nil || !s.Present || s.Start == disabled || t.log.Was(name).Start == 0 {
		return "", err
	}
	err = t.Services.SetStart(name, disabled)
	if errors.Is(err, ErrDenied) {
		return "its start type could not be changed; it is stopped again whenever it comes back", nil
	}
	return "", err
}

func (t *transaction) halt(name string) error {
	s, err := t.Services.Service(name)
	if err != nil || !s.Running {
		return err
	}
	return t.Services.Stop(name)
}

// quiet holds and stops once more what the journal has as held and stopped: after a crash, and when something came
// back meanwhile.
func (t *transaction) quiet() error {
	p, err := t.progress()
	if err != nil {
		return err
	}
	for _, a := range t.log.Acts[:p.Begun] {
		switch a := a.(type) {
		case repair.Hold:
			_, err = t.hold(a.Service)
		case repair.Halt:
			err = t.halt(a.Service)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", a, err)
		}
	}
	return nil
}

// note is whether what is given back is noted in the journal. It is not while a transaction waits: it will be held
// again.
type note bool

const (
	noting  note = true
	silence note = false
)

// release gives back what only carried the repair: start types first, so that services can start; then the services,
// the last stopped first. It is safe on the disk then.
func (t *transaction) release(how note) error {
	p, err := t.progress()
	if err != nil || t.Services == nil {
		return err
	}
	for n := range p.Begun {
		if a, ok := t.log.Acts[n].(repair.Hold); ok {
			err = errors.Join(err, t.giveBack(p, n, how, t.giveStart(a.Service)))
		}
	}
	// Also those that were not stopped yet: a crash stops them all, and a start type that was held kept them down.
	for n := len(t.log.Acts) - 1; p.Begun > 0 && n >= 0; n-- {
		if a, ok := t.log.Acts[n].(repair.Halt); ok && t.log.Was(a.Service).Running {
			err = errors.Join(err, t.giveBack(p, n, how, t.giveRun(a.Service)))
		}
	}
	return errors.Join(err, t.Services.Sync())
}

func (t *transaction) giveBack(p journal.Progress, n int, how note, err error) error {
	if err != nil {
		return fmt.Errorf("give back: %v: %w", t.log.Acts[n], err)
	}
	if how == noting {
		_ = t.undone(p, n) // that it is given back can be seen; the end cannot be written either then
	}
	return nil
}

// giveStart gives a start type back. One that is not "disabled" is not ours, or given back already.
func (t *transaction) giveStart(name string) error {
	was := t.log.Was(name)
	s, err := t.Services.Service(name)
	if err != nil || !s.Present {
		return err
	}
	if s.Start == disabled && was.Start != 0 && was.Start != disabled {
		if err := t.Services.SetStart(name, was.Start); err != nil {
			return err
		}
		s.Start = was.Start
	}
	if was.Delayed && !s.Delayed && s.Start == was.Start {
		return t.Services.SetDelayed(name)
	}
	return nil
}

func (t *transaction) giveRun(name string) error {
	s, err := t.Services.Service(name)
	if err != nil || !s.Present || s.Running {
		return err
	}
	return t.Services.Start(name)
}

// unguard ends that redx starts with Windows: the last act, when nothing is left to do.
func (t *transaction) unguard() error {
	p, err := t.progress()
	if err != nil {
		return err
	}
	for n := range p.Begun {
		if _, ok := t.log.Acts[n].(repair.Guard); !ok {
			continue
		}
		guarded, err := t.Services.Guarded()
		if err == nil && guarded {
			err = t.Services.Unguard()
		}
		if err = t.giveBack(p, n, noting, err); err != nil {
			return err
		}
	}
	return nil
}
