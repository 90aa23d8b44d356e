// Package file keeps content in a folder of a file system, as Windows' own server does: XX/SHA1.ext. Its invariant: a
// file gets its name only when it is whole, sound and on the disk.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/redx-update/redx/internal/content"
)

// Store implements content.Store. All access goes through the root, so no link leads out of it.
type Store struct{ root *os.Root }

var _ content.Store = (*Store)(nil)

// incoming is where files are before they have their name.
const incoming = ".incoming"

// Open opens the folder, or makes it.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{root: root}
	if err := s.root.MkdirAll(incoming, 0o755); err != nil {
		_ = root.Close() // the first error says more
		return nil, err
	}
	return s, nil
}

// Close closes the folder.
func (s *Store) Close() error { return s.root.Close() }

// Sweep removes what others left half written longer than a day ago.
func (s *Store) Sweep(now time.Time) error {
	entries, err := fs.ReadDir(s.root.FS(), incoming)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if i, err := e.Info(); err == nil && now.Sub(i.ModTime()) > 24*time.Hour {
			errs = append(errs, s.root.Remove(filepath.Join(incoming, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// Put implements content.Store.
func (s *Store) Put(ctx context.Context, w content.Want, r io.Reader) error {
	f, name, err := s.create(w)
	if err != nil {
		return err
	}
	err = content.Copy(ctx, f, w, r)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = s.settle(name, filepath.FromSlash(w.Path()))
	}
	if err != nil {
		_ = s.root.Remove(name) // it is only half a file
	}
	return err
}

func (s *Store) create(w content.Want) (*os.File, string, error) {
	for n := range 1000 {
		name := filepath.Join(incoming, fmt.Sprintf("%X.%d.%d", w.SHA1, os.Getpid(), n))
		f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return f, name, err
		}
	}
	return nil, "", fmt.Errorf("no free name for %s", w.Path())
}

// settle gives a file its name, and makes the name last.
func (s *Store) settle(from, to string) error {
	if err := s.root.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := s.root.Rename(from, to); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(to), "."} {
		if err := s.sync(dir); err != nil {
			return err
		}
	}
	return nil
}

// sync makes a folder's names last. Windows has no such thing for folders, and needs none.
func (s *Store) sync(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && filepath.Separator == '/' {
		return err
	}
	return nil
}

// Open implements content.Store.
func (s *Store) Open(w content.Want) (content.Opened, error) {
	f, err := s.root.Open(filepath.FromSlash(w.Path()))
	if err != nil {
		return nil, err
	}
	i, err := f.Stat()
	if err == nil && !i.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", w.Path())
	}
	if err != nil {
		_ = f.Close() // the first error says more
		return nil, err
	}
	return opened{f, i}, nil
}

type opened struct {
	*os.File
	info fs.FileInfo
}

func (o opened) Reader() io.ReadSeeker { return o.File }
func (o opened) Modified() time.Time   { return o.info.ModTime() }
func (o opened) Stamp() content.Stamp {
	return content.NewStamp(o.info.Size(), o.info.ModTime(), inode(o.info))
}

// inode asks the system's own structure, whatever its type is; 0 where it has none.
func inode(i fs.FileInfo) uint64 {
	v := reflect.Indirect(reflect.ValueOf(i.Sys()))
	if v.Kind() != reflect.Struct {
		return 0
	}
	if f := v.FieldByName("Ino"); f.IsValid() && f.CanUint() {
		return f.Uint()
	}
	return 0
}
