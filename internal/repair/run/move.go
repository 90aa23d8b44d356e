package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
)

// errLost: a folder is under neither of the names that it can have.
var errLost = errors.New("the folder is neither where it was nor where it was moved to; nothing is done with it")

// priorMove looks at the folder that an act will rename: a real one, under a name that leads nowhere else.
func (t *transaction) priorMove(m repair.Move, from, to string) (id string, err error) {
	root := t.log.Root
	if err := t.way(m.Target, root); err != nil {
		return "", err
	}
	f, err := t.Files.Folder(from)
	if err != nil {
		return "", err
	}
	if f.Reparse {
		return "", &refused{from, "is a link or junction"}
	}
	if !f.Present {
		return "", nil
	}
	taken, err := t.Files.Folder(to)
	if err == nil && taken.Present && !t.leaves(taken.ID) {
		err = &refused{to, "is there already; it is not overwritten"}
	}
	return f.ID, err
}

// rename gets the folder with that identity from one name to the other. Under the new name already, it is left.
func (t *transaction) rename(id, from, to string) error {
	for attempt := 0; ; attempt++ {
		at, err := t.locate(id, from, to)
		if err != nil || at == to {
			return err
		}
		err = t.Files.Rename(from, to)
		switch {
		case err == nil:
			return t.arrived(id, from, to)
		case !errors.Is(err, ErrHeld):
			return err
		case !t.Pause(attempt):
			return t.held(from, err)
		}
		// Whatever came back meanwhile is stopped again.
		if err := t.quiet(); err != nil {
			return err
		}
	}
}

// held says who holds a folder, as far as anybody can tell.
func (t *transaction) held(path string, err error) error {
	if t.Holders == nil {
		return err
	}
	if names := t.Holders(path); len(names) > 0 {
		return fmt.Errorf("%w: %s", err, strings.Join(names, ", "))
	}
	return err
}

// Same compares identities. That of a folder on a disk that is looked at from elsewhere is the end of the one that its
// own Windows sees: what begins on one can be ended on the other.
func Same(a, b string) bool {
	const least = 12 // the hexadecimal digits of a record's number on NTFS
	return a == b || len(b) >= least && strings.HasSuffix(a, b) || len(a) >= least && strings.HasSuffix(b, a)
}

// locate tells under which of two names the folder stands.
func (t *transaction) locate(id, a, b string) (string, error) {
	for _, path := range []string{a, b} {
		f, err := t.Files.Folder(path)
		if err != nil {
			return "", err
		}
		if f.Present && Same(f.ID, id) && !f.Reparse {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s, %s: %w", a, b, errLost)
}

func (t *transaction) arrived(id, from, to string) error {
	at, err := t.locate(id, from, to)
	if err == nil && at != to {
		err = fmt.Errorf("%s was renamed without an error and is still there", from)
	}
	return err
}

// takeBackMoves gives every folder its old name, the last moved first. While it does, nothing may run that opens
// them: after a crash the services may be up again.
func (t *transaction) takeBackMoves(p journal.Progress) error {
	if !slices.ContainsFunc(t.log.Acts[:p.Begun], func(a repair.Reversible) bool { return !a.Passing() }) {
		return nil
	}
	err := t.quiet()
	for n := p.Begun - 1; n >= 0; n-- {
		if back := t.takeBackMove(p, n); back != nil {
			err = errors.Join(err, fmt.Errorf("take back: %v: %w", t.log.Acts[n], back))
		}
	}
	return errors.Join(err, t.Files.Sync())
}

func (t *transaction) takeBackMove(p journal.Progress, n int) error {
	id := p.Folder[n]
	was, is, ok := names(t.log.Acts[n], t.log.Root)
	if id == "" || !ok {
		return nil
	}
	if a, ok := t.log.Acts[n].(repair.MoveAway); ok {
		if err := t.clear(n, a, id, was); err != nil {
			return err
		}
	}
	if err := t.rename(id, is, was); err != nil {
		return err
	}
	// A journal that cannot be written is no reason to stop here: the folder is back, and that can be seen.
	_ = t.undone(p, n)
	return nil
}

// clear moves aside what Windows has made anew under the name that a folder gets back.
func (t *transaction) clear(n int, a repair.MoveAway, id, path string) error {
	f, err := t.Files.Folder(path)
	if err != nil || !f.Present || Same(f.ID, id) {
		return err
	}
	if f.Reparse {
		return &refused{path, "is a link or junction"}
	}
	aside := repair.Copy{Of: a.Target, Undone: true}
	names, err := t.Files.Names(aside.Dir(t.log.Root))
	if err != nil {
		return err
	}
	if aside, err = aside.Free(names); err != nil {
		return err
	}
	e := journal.Entry{Event: journal.Aside, Act: n, Folder: f.ID, Copy: &aside}
	if err := t.log.Append(e); err != nil {
		return err
	}
	return t.rename(f.ID, path, aside.Path(t.log.Root))
}
