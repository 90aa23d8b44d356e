package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// ErrLocked says that another process holds the folder of journals, so that it is repairing the same Windows.
var ErrLocked = errors.New("another redx is repairing this Windows")

// ErrNotLocked says that a folder that was only looked at is not written to.
var ErrNotLocked = errors.New("the folder of journals is not held")

// suffix is that of a journal; all else in the folder is none of ours and is left alone.
const suffix = ".jsonl"

// lockName is the file that is locked. It stays: a lock on a file that can be removed is none.
const lockName = "lock"

// Dir is a folder on a disk as FS. It reaches nothing outside of it, follows no link, and reads regular files only.
type Dir struct {
	root *os.Root
	lock *os.File // nil: for looking only
}

// Lock takes the folder for one who changes things by it; ErrLocked when another process has it. The lock ends with
// the process, however that ends. The folder is the caller's to make, protect and close.
func Lock(root *os.Root) (*Dir, error) {
	f, err := openRegular(root, lockName, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("lock the folder of journals: %w", err)
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the folder of journals: %w", err), f.Close())
	}
	return &Dir{root, f}, nil
}

// Look takes the folder for one who only reads; nil for one that is not there yet.
func Look(root *os.Root) *Dir { return &Dir{root: root} }

// Unlock lets the next one in.
func (d *Dir) Unlock() error {
	if d.lock == nil {
		return nil
	}
	f := d.lock
	d.lock = nil
	return f.Close()
}

// Create is for FS.
func (d *Dir) Create(name string) (File, error) {
	if err := d.writable(name); err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return dirFile{f}, nil
}

// Open is for FS.
func (d *Dir) Open(name string) (File, error) {
	if err := d.writable(name); err != nil {
		return nil, err
	}
	f, err := openRegular(d.root, name, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	return dirFile{f}, nil
}

func (d *Dir) writable(name string) error {
	if d.lock == nil {
		return ErrNotLocked
	}
	if !strings.HasSuffix(name, suffix) {
		return fmt.Errorf("%q is no name of a journal", name)
	}
	return nil
}

// Read is for FS.
func (d *Dir) Read(name string, limit int64) ([]byte, error) {
	f, err := openRegular(d.root, name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// Names is for FS.
func (d *Dir) Names() ([]string, error) {
	if d.root == nil {
		return nil, nil
	}
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(name string) bool { return !strings.HasSuffix(name, suffix) })
	slices.Sort(all)
	return all, nil
}

// Sync is for FS.
func (d *Dir) Sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return syncFolder(f)
}

// openRegular opens a regular file and no link: what a link leads to would be read, and written, in its place.
func openRegular(root *os.Root, name string, flag int) (*os.File, error) {
	before, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0 {
		return root.OpenFile(name, flag|os.O_EXCL, 0o600)
	}
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file; somebody else put it there: remove it", name)
	}
	f, err := root.OpenFile(name, flag&^os.O_CREATE, 0)
	if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = fmt.Errorf("%s was exchanged while it was opened", name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// dirFile writes at the end; one process alone writes.
type dirFile struct{ *os.File }

func (f dirFile) Write(p []byte) (int, error) {
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}
