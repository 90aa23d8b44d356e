package offline

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/redx-update/redx/internal/repair/run"
)

// Folder is for run.Files.
func (d *Drive) Folder(path string) (run.Folder, error) {
	at, err := d.find(path)
	defer at.close()
	switch {
	case err != nil:
		return run.Folder{}, err
	case at.info == nil:
		return run.Folder{}, nil
	case !at.real():
		return run.Folder{Present: true, Reparse: true}, nil
	}
	_, id, err := identity(at)
	return run.Folder{Present: true, ID: id}, err
}

// Names is for run.Files.
func (d *Drive) Names(dir string) ([]string, error) {
	at, err := d.inside(dir)
	if err != nil {
		return nil, err
	}
	defer at.close()
	return list(at.in)
}

// inside opens a folder.
func (d *Drive) inside(dir string) (spot, error) {
	at, err := d.find(dir)
	defer at.close()
	switch {
	case err != nil:
		return spot{}, err
	case at.info == nil:
		return spot{}, fmt.Errorf("%s: %w", dir, fs.ErrNotExist)
	case !at.real():
		return spot{}, fmt.Errorf("%s: no real folder", dir)
	}
	return d.enter(at)
}

// Rename is for run.Files.
func (d *Drive) Rename(from, to string) error {
	a, err := d.find(from)
	defer a.close()
	if err != nil {
		return fmt.Errorf("rename %s: %w", from, err)
	}
	b, err := d.find(to)
	defer b.close()
	switch {
	case err != nil:
	case a.info == nil:
		err = fs.ErrNotExist
	case !a.last || !a.real():
		err = errors.New("no real folder")
	case b.info != nil:
		err = fs.ErrExist
	case !b.last:
		err = fmt.Errorf("the folder above %s: %w", to, fs.ErrNotExist)
	default:
		err = rename(a, b)
	}
	if err != nil {
		return fmt.Errorf("rename %s to %s: %w", from, to, err)
	}
	return nil
}

// Sync is for run.Files. It is about every folder in which a repair renames, also what a process before this one did.
func (d *Drive) Sync() error {
	var errs []error
	for _, dir := range []string{
		d.at.Dir, d.at.Dir + `\System32`, d.at.Dir + `\SoftwareDistribution`, d.at.Dir + `\SoftwareDistribution\Download`,
	} {
		at, err := d.find(dir)
		if err == nil && at.last && at.real() {
			err = d.sync(at)
		}
		at.close()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (d *Drive) sync(at spot) error {
	in, err := d.enter(at)
	if err != nil {
		return err
	}
	defer in.close()
	return syncFolder(in)
}
