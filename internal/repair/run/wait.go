package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
)

// mayWait: there is a start of Windows to wait for, and it has not been waited for already.
func (t *transaction) mayWait() bool { return t.Restart != nil && !t.started }

// wait leaves an act to the next start of Windows. In the journal it stands first: a rename that is on record and that
// no journal knows of would be done whatever is decided.
func (t *transaction) wait(n int, a repair.Reversible) error {
	from, to, ok := names(a, t.log.Root)
	if !ok {
		return fmt.Errorf("%v: %w", a, repair.ErrNotListed)
	}
	if err := t.log.Append(journal.Entry{Event: journal.Wait, Act: n}); err != nil {
		return err
	}
	t.waiting = true
	if err := t.Restart.RenameAtRestart(from, to); err != nil {
		return fmt.Errorf("have Windows rename %s at its next start: %w", from, err)
	}
	on, err := t.Restart.Registered(from, to)
	if err == nil && !on {
		err = errors.New("it is not on record")
	}
	if err != nil {
		return fmt.Errorf("have Windows rename %s at its next start: %w", from, err)
	}
	return nil
}

// pause ends for now: what is to be renamed is on record and safe on the disk, and services are as they were.
func (t *transaction) pause() (Outcome, error) {
	if err := t.release(silence); err != nil {
		return Open, err
	}
	return Waiting, nil
}

// leaves tells whether the folder with that identity will be gone from its name when Windows has started.
func (t *transaction) leaves(id string) bool {
	p, err := t.progress()
	if err != nil {
		return false
	}
	for n, waits := range p.Waits {
		if waits && Same(p.Folder[n], id) {
			return true
		}
	}
	return false
}

// afterWaiting carries on with a transaction that waits. When every folder has its new name, nothing needs to be held
// for it any more. Else it is tried once more: with Windows to wait for while what was registered is still on record,
// for the last time when it has started meanwhile and could not do it either.
func (t *transaction) afterWaiting(ctx context.Context, p journal.Progress) (Outcome, error) {
	arrived, registered, err := t.waited(p)
	if err != nil {
		return t.back(err)
	}
	if arrived {
		return t.decide(t.arrivals(p))
	}
	t.started = !registered
	if err := t.forget(p); err != nil {
		return t.back(err)
	}
	return t.again(ctx)
}

// waited tells what became of what was left to Windows: all of it was renamed, some of it is still on record. What was
// renamed before is looked at as well: a power cut can have lost that, and not what was left to Windows.
func (t *transaction) waited(p journal.Progress) (arrived, registered bool, err error) {
	arrived = p.Begun == len(t.log.Acts)
	for n, waits := range p.Waits {
		arrived = arrived && (waits || p.Done[n])
		from, to, ok := names(t.log.Acts[n], t.log.Root)
		if !ok || p.Folder[n] == "" {
			continue
		}
		at, err := t.locate(p.Folder[n], to, from)
		if err != nil {
			return false, false, err
		}
		arrived = arrived && at == to
		if !waits {
			continue
		}
		on, err := t.Restart.Registered(from, to)
		if err != nil {
			return false, false, err
		}
		registered = registered || on
	}
	return arrived, registered, nil
}

// arrivals notes that what was left to Windows is done, and takes it off the record should it be there: nothing may be
// renamed once more.
func (t *transaction) arrivals(p journal.Progress) error {
	err := t.forget(p)
	for n, waits := range p.Waits {
		if err == nil && waits && !p.Done[n] {
			err = t.log.Append(journal.Entry{Event: journal.Done, Act: n, Note: "renamed by Windows as it started"})
		}
	}
	return err
}

// forget takes off the record what was left to Windows, safely: else it would be renamed after all was taken back.
func (t *transaction) forget(p journal.Progress) error {
	var errs []error
	some := false
	for n, waits := range p.Waits {
		from, to, ok := names(t.log.Acts[n], t.log.Root)
		if !waits || !ok {
			continue
		}
		some = true
		if err := t.Restart.Forget(from, to); err != nil {
			errs = append(errs, fmt.Errorf("take the rename of %s off the record: %w", from, err))
		}
	}
	if some {
		errs = append(errs, t.Services.Sync())
	}
	return errors.Join(errs...)
}
