package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// apply changes the lab image: what is new is written beside, then all that is old gets out of the way, then all that is
// new gets its name. Each of these is safe on the disk before the next begins.
func (i *Installer) apply(ctx context.Context, j *journal, parts []Order, packs []*pack) (restart bool, err error) {
	for _, o := range parts {
		if o.Handler.Kind != CBS {
			return false, wrong(codeUnknownHandler, "", "only packages can be put into an image, and this is %q: %w", o.Handler.Kind, ErrHandler)
		}
	}
	var pl *plan
	if j.Uninstall {
		pl, err = i.planUninstall(ctx, parts)
	} else {
		pl, err = i.planInstall(ctx, parts, packs)
	}
	if err != nil {
		return false, err
	}
	j.Acts, j.Made, j.Prune = pl.acts(), pl.made, pl.prune
	if err := j.to(staging); err != nil {
		return false, err
	}
	if err := pl.stage(); err != nil {
		return false, err
	}
	if err := j.sync(); err != nil {
		return false, err
	}
	if err := j.to(applying); err != nil {
		return false, err
	}
	if err := j.exchange(); err != nil {
		return false, err
	}
	return pl.restart, i.commit(j, pl.restart)
}

// commit is the point behind which an attempt has succeeded.
func (i *Installer) commit(j *journal, restart bool) error {
	j.Code, j.Restart, j.Ended = hresult.OK, restart, i.now()
	return j.to(committed)
}

// exchange gives the old files other names and the new ones theirs.
func (j *journal) exchange() error {
	for _, a := range j.Acts {
		if a.Old {
			if err := j.i.Disk.Rename(a.Path, a.old()); err != nil {
				return err
			}
		}
	}
	if err := j.sync(); err != nil {
		return err
	}
	for _, a := range j.Acts {
		if a.New {
			if err := j.i.Disk.Rename(a.put(), a.Path); err != nil {
				return err
			}
		}
	}
	return j.sync()
}

// sync makes the names safe in all folders that the attempt is about.
func (j *journal) sync() error {
	done := map[string]bool{}
	for _, a := range j.Acts {
		dir, _ := disk.Split(a.Path)
		if key := strings.ToLower(dir); !done[key] {
			done[key] = true
			if err := j.i.Disk.Sync(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// rollBack makes everything as it was before the attempt, as far as it had come. It can be done again.
func (j *journal) rollBack() error {
	for n := len(j.Acts) - 1; n >= 0; n-- {
		if err := j.takeBack(&j.Acts[n]); err != nil {
			return fmt.Errorf("take back the change of %s: %w", j.Acts[n].Path, err)
		}
	}
	if err := j.sync(); err != nil {
		return err
	}
	return j.i.removeEmpty(j.Made)
}

func (j *journal) takeBack(a *act) error {
	d := j.i.Disk
	if j.Phase == applying {
		moved, err := disk.Exists(d, a.old())
		switch {
		case err != nil:
			return err
		case moved:
			err = d.Rename(a.old(), a.Path)
		case !a.Old:
			err = j.removeNew(a)
		}
		if err != nil {
			return err
		}
	}
	if err := d.Remove(a.put()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeNew removes a file where none was, if it is the one that this attempt has put there.
func (j *journal) removeNew(a *act) error {
	sum, err := j.i.newPlan(context.Background()).digest(a.Path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && sum != a.SHA256 {
		return nil
	}
	if err != nil {
		return err
	}
	return j.i.Disk.Remove(a.Path)
}

// removeEmpty removes folders that are empty, the last first.
func (i *Installer) removeEmpty(dirs []string) error {
	for n := len(dirs) - 1; n >= 0; n-- {
		names, err := i.Disk.Names(dirs[n])
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(names) > 0 {
			continue
		}
		if err == nil {
			err = i.Disk.Remove(dirs[n])
		}
		if err != nil {
			return err
		}
		up, _ := disk.Split(dirs[n])
		if err := i.Disk.Sync(up); err != nil {
			return err
		}
	}
	return nil
}

// finish ends an attempt that was committed.
func (i *Installer) finish(j *journal) error {
	for _, a := range j.Acts {
		if err := i.Disk.Remove(a.old()); a.Old && err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := j.sync(); err != nil {
		return err
	}
	if err := i.removeEmpty(j.Prune); err != nil {
		return err
	}
	return i.end(j)
}

// giveUp takes an attempt back and ends it with a code.
func (i *Installer) giveUp(j *journal, code hresult.Code) error {
	if err := j.rollBack(); err != nil {
		return err
	}
	j.Code, j.Ended = code, i.now()
	if err := j.to(undone); err != nil {
		return err
	}
	return i.end(j)
}

// end tells of an attempt and forgets it. A datastore that is damaged does not keep it open: the next search reports that.
func (i *Installer) end(j *journal) error {
	kinds := map[bool][2]trace.Kind{
		false: {trace.InstallDone, trace.InstallFailed}, true: {trace.UninstallDone, trace.UninstallFailed},
	}[j.Uninstall]
	e := trace.Event{Kind: kinds[0], At: j.Ended, Update: j.Update, Code: j.Code}
	switch {
	case j.Code == codeCancelled:
		e.Kind = trace.InstallCancelled
	case j.Code.Failed():
		e.Kind = kinds[1]
	}
	var damaged *trace.Damaged
	if err := i.Trace.Tell(e); err != nil && !errors.As(err, &damaged) {
		return err
	}
	return j.remove()
}

// Ended is an attempt that an earlier process has left and that is ended now.
type Ended struct {
	Update    update.Ref
	Uninstall bool
	Code      hresult.Code // OK: it had succeeded
	Restart   bool
}

// Recover ends what an earlier process has left: an attempt that was committed is finished, any other is taken back, and
// both are told. It is called before anything else is done; nil when there was nothing.
func (i *Installer) Recover() (*Ended, error) {
	if i.Target == Image {
		return nil, nil
	}
	j, err := i.load()
	if j == nil || err != nil {
		return nil, err
	}
	switch j.Phase {
	case committed:
		err = i.finish(j)
	case undone:
		err = i.end(j)
	case begun, staging, applying:
		err = i.giveUp(j, codeStopped)
	}
	return &Ended{Update: j.Update, Uninstall: j.Uninstall, Code: j.Code, Restart: j.Restart}, err
}
