package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/redx-update/redx/internal/agent/keep"
)

// Stat is for Disk.
func (d *Drive) Stat(path string) (Info, error) {
	at, err := d.find(path)
	defer at.close()
	if err != nil {
		return Info{}, err
	}
	if at.info == nil {
		return Info{}, notThere("look at", path)
	}
	return Info{Dir: at.info.IsDir(), Size: at.info.Size(), Time: at.info.ModTime()}, nil
}

// Names is for Disk.
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
	if err != nil {
		return spot{}, err
	}
	return at.enter(dir)
}

// Open is for Disk.
func (d *Drive) Open(path string) (File, error) {
	at, err := d.find(path)
	defer at.close()
	switch {
	case err != nil:
		return nil, err
	case at.info == nil:
		return nil, notThere("open", path)
	case at.info.IsDir():
		return nil, fmt.Errorf("open %s: it is a folder", path)
	}
	f, err := at.in.Open(at.name)
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err == nil && !os.SameFile(opened, at.info) {
		err = fmt.Errorf("%s was exchanged while it was opened", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return reading{f, opened.Size()}, nil
}

type reading struct {
	*os.File
	size int64
}

// Size is for File.
func (r reading) Size() int64 { return r.size }

// Create is for Disk.
func (d *Drive) Create(path string) (NewFile, error) {
	at, err := d.free("create", path)
	defer at.close()
	if err != nil {
		return nil, err
	}
	return at.in.OpenFile(at.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// Append opens a file to write behind its end, for what comes in parts.
func (d *Drive) Append(path string) (NewFile, error) {
	at, err := d.find(path)
	defer at.close()
	switch {
	case err != nil:
		return nil, err
	case at.info == nil:
		return nil, notThere("open", path)
	case at.info.IsDir():
		return nil, fmt.Errorf("open %s: it is a folder", path)
	}
	f, err := at.in.OpenFile(at.name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err == nil && !os.SameFile(opened, at.info) {
		err = fmt.Errorf("%s was exchanged while it was opened", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Mkdir is for Disk.
func (d *Drive) Mkdir(path string) error {
	at, err := d.free("make", path)
	defer at.close()
	if err != nil {
		return err
	}
	return at.in.Mkdir(at.name, 0o755)
}

// free finds a name that nothing has.
func (d *Drive) free(op, path string) (spot, error) {
	at, err := d.find(path)
	if err == nil && at.info != nil {
		err = &fs.PathError{Op: op, Path: path, Err: fs.ErrExist}
	}
	return at, err
}

// Rename is for Disk.
func (d *Drive) Rename(from, to string) error {
	fromDir, _ := Split(from)
	toDir, toName := Split(to)
	if !strings.EqualFold(fromDir, toDir) {
		return fmt.Errorf("rename %s to %s: in another folder", from, to)
	}
	a, err := d.find(from)
	defer a.close()
	if err != nil {
		return err
	}
	if a.info == nil {
		return notThere("rename", from)
	}
	name, info, err := child(a.in, toName)
	switch {
	case err != nil:
		return err
	case !Plain(toName):
		return fmt.Errorf("rename %s: %q: %w", from, to, errPath)
	case info != nil && !info.Mode().IsRegular():
		return fmt.Errorf("rename %s to %s: %w", from, to, fs.ErrExist)
	}
	return a.in.Rename(a.name, name)
}

// Remove is for Disk.
func (d *Drive) Remove(path string) error {
	at, err := d.find(path)
	defer at.close()
	if err != nil {
		return err
	}
	if at.info == nil {
		return notThere("remove", path)
	}
	return at.in.Remove(at.name)
}

// Sync is for Disk.
func (d *Drive) Sync(dir string) error {
	at, err := d.inside(dir)
	if err != nil {
		return err
	}
	defer at.close()
	return keep.SyncFolder(at.in)
}
