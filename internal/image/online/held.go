package online

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
)

// errHeld: no way of opening it shares it with the program that has it open.
var errHeld = errors.New("a running program holds it for itself alone")

// device is an open disk or volume.
type device interface {
	io.ReaderAt
	io.Closer
}

// files gives the files of the system drive. What is held is read from the volume below, as it stands on the disk.
type files struct {
	offline.Files
	held   func(error) bool // tells the errors of opening what is held
	volume func() (offline.Files, error)

	mu  sync.Mutex
	raw offline.Files // of the volume; nil until the first held file
	err error         // why there is none
	was []string      // paths read from it
}

// newFiles opens the drive at path, by the paths of the Windows folder root. The volume is opened when it is needed.
func newFiles(path, root string, held func(error) bool, volume func() (device, error)) (*files, error) {
	drive, err := offline.OpenFolder(path, root)
	if err != nil {
		return nil, err
	}
	return &files{Files: drive, held: held, volume: func() (offline.Files, error) {
		d, err := volume()
		if err != nil {
			return nil, err
		}
		v, err := offline.OpenVolume(newPages(d), root)
		if err != nil {
			return nil, errors.Join(err, d.Close())
		}
		return v, nil
	}}, nil
}

func (f *files) Open(path string) (image.File, error) {
	file, err := f.Files.Open(path)
	if err == nil || !f.held(err) {
		return file, err
	}
	raw, err := f.below()
	if err == nil {
		file, err = raw.Open(path)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("%w, and %w", errHeld, err)}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.was, path) {
		f.was = append(f.was, path)
	}
	return file, nil
}

// below gives the files of the raw volume.
func (f *files) below() (offline.Files, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.raw == nil && f.err == nil {
		f.raw, f.err = f.volume()
	}
	return f.raw, f.err
}

func (f *files) notes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var notes []string
	for _, path := range slices.Sorted(slices.Values(f.was)) {
		notes = append(notes, path+" is in use and was read from the raw volume; its latest changes may be missing")
	}
	return notes
}

func (f *files) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.Files.Close()
	if f.raw != nil {
		err = errors.Join(err, f.raw.Close())
	}
	f.raw, f.err = nil, fs.ErrClosed
	return err
}
