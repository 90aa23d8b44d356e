package disksim

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"github.com/redx-update/redx/internal/agent/disk"
)

// Stat is for disk.Disk.
func (d *Disk) Stat(path string) (disk.Info, error) {
	n, err := d.there(path)
	if err != nil {
		return disk.Info{}, err
	}
	return disk.Info{Dir: n.dir, Size: int64(len(n.data)), Time: n.time}, nil
}

func (d *Disk) there(path string) (*node, error) {
	_, _, n, err := d.find(path)
	if err == nil && n == nil {
		err = missing(path)
	}
	return n, err
}

// Names is for disk.Disk.
func (d *Disk) Names(dir string) ([]string, error) {
	n, err := d.folder(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range n.below {
		names = append(names, c.name)
	}
	return names, nil
}

func (d *Disk) folder(dir string) (*node, error) {
	n, err := d.there(dir)
	if err == nil && !n.dir {
		err = fmt.Errorf("%s is no folder", dir)
	}
	return n, err
}

// Open is for disk.Disk.
func (d *Disk) Open(path string) (disk.File, error) {
	n, err := d.there(path)
	if err != nil {
		return nil, err
	}
	if n.dir {
		return nil, fmt.Errorf("%s is a folder", path)
	}
	return reading{bytes.NewReader(n.data)}, nil
}

type reading struct{ *bytes.Reader }

// Close is for disk.File.
func (reading) Close() error { return nil }

// Create is for disk.Disk.
func (d *Disk) Create(path string) (disk.NewFile, error) {
	n, err := d.make(path, false)
	if err != nil {
		return nil, err
	}
	return writing{d, n}, nil
}

// Mkdir is for disk.Disk.
func (d *Disk) Mkdir(path string) error {
	_, err := d.make(path, true)
	return err
}

func (d *Disk) make(path string, dir bool) (*node, error) {
	in, key, at, err := d.find(path)
	if err != nil {
		return nil, err
	}
	if at != nil {
		return nil, &fs.PathError{Op: "make", Path: path, Err: fs.ErrExist}
	}
	_, name := disk.Split(path)
	n := folder(name)
	n.dir, n.time = dir, d.now
	in.put(change{set: key, to: n})
	return n, nil
}

func (n *node) put(c change) {
	if c.gone != "" {
		delete(n.below, c.gone)
	}
	if c.set != "" {
		n.below[c.set] = c.to
	}
	n.since = append(n.since, c)
}

type writing struct {
	d *Disk
	n *node
}

func (w writing) Write(p []byte) (int, error) {
	if err := w.d.tick(); err != nil {
		return 0, err
	}
	w.n.data = append(w.n.data, p...)
	return len(p), nil
}

func (w writing) Sync() error {
	if err := w.d.tick(); err != nil {
		return err
	}
	w.n.safe = bytes.Clone(w.n.data)
	return nil
}

func (w writing) Close() error { return nil }

// Rename is for disk.Disk.
func (d *Disk) Rename(from, to string) error {
	in, key, at, err := d.find(from)
	if err != nil {
		return err
	}
	if at == nil {
		return missing(from)
	}
	dirFrom, _ := disk.Split(from)
	dirTo, name := disk.Split(to)
	_, toKey, taken, err := d.find(to)
	switch {
	case err != nil:
		return err
	case !strings.EqualFold(dirFrom, dirTo):
		return fmt.Errorf("rename %s to %s: in another folder", from, to)
	case taken != nil && taken.dir:
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	at.name = name
	in.put(change{set: toKey, to: at, gone: key})
	return nil
}

// Remove is for disk.Disk.
func (d *Disk) Remove(path string) error {
	in, key, at, err := d.find(path)
	switch {
	case err != nil:
		return err
	case at == nil:
		return missing(path)
	case at.dir && len(at.below) > 0:
		return fmt.Errorf("remove %s: it is not empty", path)
	}
	in.put(change{gone: key})
	return nil
}

// Sync is for disk.Disk.
func (d *Disk) Sync(dir string) error {
	n, err := d.folder(dir)
	if err != nil {
		return err
	}
	n.synced, n.since = maps.Clone(n.below), nil
	return nil
}
