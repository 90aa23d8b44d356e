package live

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/redx-update/redx/internal/repair"
)

// Size adds up the files below a kept folder; repair.Unknown when not all of it can be seen.
func (m *Machine) Size(path string) repair.Bytes { return m.sys.Size(path) }

// Remove deletes a kept folder and all in it. A link is not followed: the folder must be a real one, and of a link
// below it the link itself goes.
func (m *Machine) Remove(path string) error {
	at, err := m.sys.Look(path)
	if err != nil {
		return err
	}
	if at.Reparse || !at.Folder {
		return fmt.Errorf("delete %s: it is a link or no folder", path)
	}
	return m.sys.RemoveAll(path)
}

func (ownDisk) RemoveAll(path string) error { return os.RemoveAll(path) }

func (ownDisk) Size(path string) repair.Bytes {
	var sum repair.Bytes
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += repair.Bytes(info.Size())
		}
		return err
	})
	if err != nil {
		return repair.Unknown
	}
	return sum
}
