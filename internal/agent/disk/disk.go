// Package disk is the drive that an agent writes on, as Windows spells its paths: a folder of this machine that stands
// for C:, be it the running system's drive or an image. It is no general file system: files are written once, from
// their beginning, and renamed within their folder.
//
// Its invariant is that it follows nothing: every folder on the way is opened one by one and is a real folder; what is
// a link, whoever put it there, is refused. What Disk promises to keep after a power cut is only what was synced: a
// file's content by its own Sync, names by that of their folder.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
)

// ErrLink says that something on the way is a link, or neither file nor folder.
var ErrLink = errors.New("it is a link or no plain file or folder; it is not followed")

// errPath says that a path cannot be one on this drive.
var errPath = errors.New("not a path on this drive")

// Disk is the drive. Paths are whole, with backslashes: C:\Windows\x. Names compare without case, as far as ASCII goes.
// What is not there is fs.ErrNotExist.
type Disk interface {
	Stat(path string) (Info, error)
	// Names lists a folder, in any order.
	Names(dir string) ([]string, error)
	Open(path string) (File, error)
	// Create makes a file, which must not exist, in a folder that must.
	Create(path string) (NewFile, error)
	// Mkdir makes one folder.
	Mkdir(path string) error
	// Rename gives a file or folder another name in its folder. It takes the place of a file that has that name.
	Rename(from, to string) error
	// Remove removes a file or an empty folder.
	Remove(path string) error
	// Sync makes the names in a folder safe.
	Sync(dir string) error
}

// Info is what is known of a file or folder by looking.
type Info struct {
	Dir  bool
	Size int64 // bytes, of a file
	Time time.Time
}

// File is a file open for reading.
type File interface {
	io.ReadCloser
	io.ReaderAt
	Size() int64
}

// NewFile is a file that is being written. Only what was synced is safe.
type NewFile interface {
	io.WriteCloser
	Sync() error
}

// Join joins a path and names below it.
func Join(path string, names ...string) string {
	return strings.TrimRight(path, `\`) + `\` + strings.Join(names, `\`)
}

// Split gives the folder and the name that a path is made of.
func Split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '\\')
	if i < 0 {
		return "", path
	}
	if i == len(`C:`) {
		return path[:i+1], path[i+1:]
	}
	return path[:i], path[i+1:]
}

// Read gives a file's content; a file of more than limit bytes is an error.
func Read(d Disk, path string, limit int64) ([]byte, error) {
	f, err := d.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", path, f.Size(), limit)
	}
	b := make([]byte, f.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}

// Exists tells whether something is there.
func Exists(d Disk, path string) (bool, error) {
	_, err := d.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// beside is the ending of a file that is about to take the place of another.
const beside = ".redx-new"

// Replace gives a file new content, all of it or none: it is written beside, synced, and renamed. What a crash has left
// of an earlier Replace is removed.
func Replace(d Disk, path string, write func(io.Writer) error) error {
	next := path + beside
	if err := Tidy(d, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := WriteNew(d, next, write); err != nil {
		return err
	}
	if err := d.Rename(next, path); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, d.Remove(next)))
	}
	dir, _ := Split(path)
	return d.Sync(dir)
}

// Tidy removes what a Replace that was stopped has left.
func Tidy(d Disk, path string) error {
	if err := d.Remove(path + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// WriteNew makes a file with content and syncs it; its name is not synced. What cannot be written whole is removed.
func WriteNew(d Disk, path string, write func(io.Writer) error) error {
	f, err := d.Create(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, d.Remove(path)))
	}
	return nil
}

// Bytes writes what is at hand, for Replace and WriteNew.
func Bytes(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// MakeAll makes a folder and those above it that are not there, each name synced. It gives the ones it made, from the top
// down.
func MakeAll(d Disk, path string) (made []string, err error) {
	info, err := d.Stat(path)
	switch {
	case err == nil && info.Dir:
		return nil, nil
	case err == nil:
		return nil, fmt.Errorf("make %s: a file stands there: %w", path, fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	dir, name := Split(path)
	if name == "" || dir == path {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	if made, err = MakeAll(d, dir); err != nil {
		return made, err
	}
	if err := d.Mkdir(path); err != nil {
		return made, fmt.Errorf("make %s: %w", path, err)
	}
	return append(made, path), d.Sync(dir)
}

// RemoveAll removes a file or folder and what is below it; what is not there is no error. Links are not followed, and
// not removed: they are an error.
func RemoveAll(d Disk, path string) error {
	info, err := d.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	if info.Dir {
		names, err := d.Names(path)
		if err != nil {
			return fmt.Errorf("remove %s: %w", path, err)
		}
		for _, n := range names {
			if err := RemoveAll(d, Join(path, n)); err != nil {
				return err
			}
		}
	}
	return d.Remove(path)
}
