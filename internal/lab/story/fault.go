package story

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// strike does to the computer's disk what its role says, and names what it did it to. The fault of the server is not one
// of the computer's.
func (c *computer) strike() (string, error) {
	switch c.fault {
	case lostFile:
		file, err := c.extracted("labprint.dll")
		if err != nil {
			return "", err
		}
		return file, os.Remove(file)
	case lostFolder:
		file, err := c.extracted("labnet.dll")
		if err != nil {
			return "", err
		}
		return filepath.Dir(file), os.RemoveAll(filepath.Dir(file))
	case tornStore:
		file := c.path("Windows", "SoftwareDistribution", "DataStore", "DataStore.edb")
		return file, tear(file)
	}
	return "", nil
}

// extracted finds a file of an update between extraction and installation.
func (c *computer) extracted(name string) (string, error) {
	found, latest := "", time.Time{}
	err := filepath.WalkDir(c.path("Windows", "SoftwareDistribution", "Download"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != name {
			return err
		}
		info, err := d.Info()
		if err == nil && info.ModTime().After(latest) {
			found, latest = path, info.ModTime()
		}
		return err
	})
	if err == nil && found == "" {
		err = fmt.Errorf("%s has no extracted %s", c.name, name)
	}
	return found, err
}

// tear writes over a part of a database, as a disk that fails does.
func tear(path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	const page = 32 << 10
	if info.Size() < 4*page {
		return fmt.Errorf("%s has only %d bytes", path, info.Size())
	}
	garbage := []byte(strings.Repeat("\xA5", page))
	for at := int64(2 * page); at+page <= info.Size(); at += 2 * page {
		if _, err := f.WriteAt(garbage, at); err != nil {
			return err
		}
	}
	return nil
}

// loseWhile removes the update's file from the server while the computer downloads it, and gives the file's name.
func (l *location) loseWhile(ctx context.Context, c *computer, before, size int64, done <-chan struct{}) (string, error) {
	for {
		if got := c.arrived() - before; got > 0 && got < size {
			return l.lose(size)
		}
		select {
		case <-done:
			return "", errors.New("the download ended before the server could lose its file")
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// arrived counts what the computer has downloaded so far, of all updates that are on their way.
func (c *computer) arrived() int64 {
	var sum int64
	_ = filepath.WalkDir(c.path("Windows", "SoftwareDistribution", "Download"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil // what is renamed meanwhile is counted the next time
	})
	return sum
}

// lose removes the file of a size from the content folder.
func (l *location) lose(size int64) (string, error) {
	lost := ""
	err := filepath.WalkDir(filepath.Join(l.data, "Content"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() == size {
			lost = path
		}
		return err
	})
	if err == nil && lost == "" {
		err = fmt.Errorf("the server has no file of %d bytes", size)
	}
	if err != nil {
		return "", err
	}
	return lost, os.Remove(lost)
}
