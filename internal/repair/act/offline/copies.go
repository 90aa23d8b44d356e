package offline

import (
	"fmt"
	"io/fs"

	"github.com/redx-update/redx/internal/repair"
)

// Size adds up the files in a kept folder; repair.Unknown when not all of it can be seen.
func (d *Drive) Size(path string) repair.Bytes {
	at, err := d.inside(path)
	if err != nil {
		return repair.Unknown
	}
	defer at.close()
	var sum repair.Bytes
	err = fs.WalkDir(at.in.FS(), ".", func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
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

// Remove deletes a kept folder and all in it. It follows no link.
func (d *Drive) Remove(path string) error {
	at, err := d.find(path)
	defer at.close()
	switch {
	case err != nil:
	case at.info == nil:
		err = fs.ErrNotExist
	case !at.last || !at.real():
		err = fmt.Errorf("no real folder")
	default:
		err = at.in.RemoveAll(at.name)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
