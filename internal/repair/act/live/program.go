package live

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ownDisk is what is the same on every system.
type ownDisk struct{}

func (ownDisk) Names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (ownDisk) Program() (string, error) { return os.Executable() }

func (ownDisk) Remove(path string) error { return os.Remove(path) }

// Below lists what stands below a folder, limit entries at most. No link is followed, and what cannot be read is left
// out.
func (ownDisk) Below(path string, limit int) (files, folders []string) {
	_ = filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || at == path:
			return nil //nolint:nilerr // who holds the rest can still be told
		case len(files)+len(folders) >= limit:
			return filepath.SkipAll
		case d.IsDir():
			folders = append(folders, at)
		case d.Type().IsRegular():
			files = append(files, at)
		}
		return nil
	})
	return files, folders
}

// CopyFile writes to a name of its own first, which an earlier try may have left.
func (ownDisk) CopyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	part := to + ".new"
	out, err := os.Create(part)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, to)
}

// SameFile compares the contents of two files. The second may be missing.
func (ownDisk) SameFile(a, b string) (bool, error) {
	x, err := digest(a)
	if err != nil {
		return false, err
	}
	y, err := digest(b)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return x == y, err
}

func digest(path string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	h.Sum(sum[:0])
	return sum, err
}
