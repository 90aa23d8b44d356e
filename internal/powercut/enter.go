package powercut

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// enter does what a call does, as programs see it; none of it is sure.
func (d *Disk) enter(c *Call) error {
	switch c.Name {
	case "open", "openat", "creat":
		return d.open(c)
	case "write", "pwrite64":
		return d.write(c)
	case "ftruncate":
		return d.truncate(c)
	case "mkdir", "mkdirat":
		return d.mkdir(c)
	case "unlink", "unlinkat", "rmdir":
		return d.remove(c)
	case "rename", "renameat", "renameat2":
		return d.rename(c)
	case "fsync", "fdatasync":
		return nil
	}
	return d.unknown(c)
}

// unknown refuses what is not modelled, when it is done to the folder.
func (d *Disk) unknown(c *Call) error {
	for _, arg := range c.Args {
		path, err := described(arg)
		if err != nil {
			path, err = quoted(arg)
		}
		if _, ok := d.below(path); err == nil && ok && filepath.IsAbs(path) {
			return errors.New("it writes in a way that is not known here")
		}
	}
	return nil
}

// open makes a file that is not there yet, or empties one.
func (d *Disk) open(c *Call) error {
	made, emptied := false, false
	for _, arg := range c.Args {
		made = made || strings.Contains(arg, "O_CREAT") || c.Name == "creat"
		emptied = emptied || strings.Contains(arg, "O_TRUNC") || c.Name == "creat"
	}
	if !made && !emptied || c.Left == 0 {
		return nil
	}
	path, err := described(c.Result)
	name, ok := d.below(path)
	if err != nil || !ok {
		return err
	}
	n := d.seen[name]
	if n == nil {
		d.change(nameChange{node: &node{}, to: name, call: c})
	} else if emptied {
		n.resize(0, c)
	}
	return nil
}

func (d *Disk) change(ch nameChange) {
	ch.apply(d.seen)
	d.names = append(d.names, ch)
}

func (n *node) resize(size int64, c *Call) {
	n.size = size
	n.changes = append(n.changes, change{at: size, call: c})
}

// file gives the file of a descriptor; nil for what is not below the root.
func (d *Disk) file(arg string) (*node, error) {
	path, err := described(arg)
	if err != nil {
		return nil, err
	}
	name, ok := d.below(path)
	if !ok || path == "" {
		return nil, nil //nolint:nilnil // nothing of ours
	}
	n := d.seen[name]
	if n == nil {
		return nil, fmt.Errorf("%s was never made", name)
	}
	return n, nil
}

// write takes a write without a place for one at the end of the file.
func (d *Disk) write(c *Call) error {
	n, err := d.file(c.Args[0])
	if err != nil || n == nil {
		return err
	}
	if len(c.Args) < 3 {
		return errors.New("a write without bytes")
	}
	data, err := quoted(c.Args[1])
	if err != nil {
		return err
	}
	if c.Left > 0 {
		count, err := strconv.Atoi(strings.Fields(c.Result)[0])
		if err != nil || count < 0 || count > len(data) {
			return fmt.Errorf("%d bytes, of which %s were written", len(data), c.Result)
		}
		data = data[:count]
	}
	at := n.size
	if c.Name == "pwrite64" {
		if at, err = strconv.ParseInt(c.Args[len(c.Args)-1], 10, 64); err != nil || at < 0 || at > maxSize {
			return fmt.Errorf("a write at %q", c.Args[len(c.Args)-1])
		}
	}
	n.size = max(n.size, at+int64(len(data)))
	if len(data) > 0 {
		n.changes = append(n.changes, change{at: at, data: []byte(data), call: c})
	}
	return nil
}

// maxSize bounds files, whatever a record says.
const maxSize = 1 << 30

func (d *Disk) truncate(c *Call) error {
	n, err := d.file(c.Args[0])
	if err != nil || n == nil {
		return err
	}
	size, err := strconv.ParseInt(c.Args[len(c.Args)-1], 10, 64)
	if err != nil || size < 0 || size > maxSize {
		return fmt.Errorf("a new size of %q", c.Args[len(c.Args)-1])
	}
	n.resize(size, c)
	return nil
}

// paths gives the names in a call's arguments; those of the *at calls come with the folder that they are below.
func (d *Disk) paths(c *Call) ([]string, error) {
	var all []string
	folder := ""
	for _, arg := range c.Args {
		if strings.HasPrefix(arg, `"`) {
			path, err := quoted(arg)
			if err != nil {
				return nil, err
			}
			if !filepath.IsAbs(path) {
				path = filepath.Join(folder, path)
			}
			all = append(all, path)
			continue
		}
		if path, err := described(arg); err == nil {
			folder = path
		}
	}
	return all, nil
}

func (d *Disk) mkdir(c *Call) error {
	paths, err := d.paths(c)
	if err != nil || len(paths) == 0 {
		return err
	}
	if name, ok := d.below(paths[0]); ok && name != "." && d.seen[name] == nil {
		d.change(nameChange{node: &node{folder: true}, to: name, call: c})
	}
	return nil
}

func (d *Disk) remove(c *Call) error {
	paths, err := d.paths(c)
	if err != nil || len(paths) == 0 {
		return err
	}
	if name, ok := d.below(paths[0]); ok && d.seen[name] != nil {
		d.change(nameChange{node: d.seen[name], from: name, call: c})
	}
	return nil
}

func (d *Disk) rename(c *Call) error {
	paths, err := d.paths(c)
	if err != nil || len(paths) != 2 {
		return err
	}
	from, ok1 := d.below(paths[0])
	to, ok2 := d.below(paths[1])
	if ok1 != ok2 {
		return errors.New("from one folder to another")
	}
	if n := d.seen[from]; ok1 && n != nil && !n.folder {
		d.change(nameChange{node: n, from: from, to: to, call: c})
	}
	return nil
}
