package offline

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/redx-update/redx/internal/image"
)

// drive gives the files of a volume by the paths of its installation, such as C:\Windows\Logs.
type drive struct {
	volume volume
	base   string // what the volume is of the drive: "" the whole of it, "Windows" that folder alone
	root   string // the Windows folder, such as C:\Windows
}

func (d *drive) Open(path string) (image.File, error) {
	p, err := d.inside("open", path)
	if err != nil {
		return nil, err
	}
	f, err := d.volume.Open(p)
	return f, renamed(err, path)
}

func (d *drive) Stat(path string) (image.Info, error) {
	p, err := d.inside("stat", path)
	if err != nil {
		return image.Info{}, err
	}
	info, err := d.volume.Stat(p)
	return info, renamed(err, path)
}

func (d *drive) ReadDir(path string) ([]image.Info, error) {
	p, err := d.inside("list", path)
	if err != nil {
		return nil, err
	}
	infos, err := d.volume.ReadDir(p)
	return infos, renamed(err, path)
}

func (d *drive) Close() error { return d.volume.Close() }

// inside gives the path relative to the volume.
func (d *drive) inside(op, path string) (string, error) {
	clean, err := image.Normalize(path, d.root)
	if err != nil {
		return "", pathError(op, path, err)
	}
	letter, rel := image.SplitDrive(clean)
	own, _ := image.SplitDrive(d.root)
	if letter != "" && letter != own {
		return "", pathError(op, path, image.ErrOtherVolume)
	}
	rel = strings.TrimPrefix(rel, `\`)
	if d.base == "" {
		return rel, nil
	}
	if len(rel) >= len(d.base) && strings.EqualFold(rel[:len(d.base)], d.base) {
		if rest := rel[len(d.base):]; rest == "" || rest[0] == '\\' {
			return strings.TrimPrefix(rest, `\`), nil
		}
	}
	// Not fs.ErrNotExist: a file outside the copied folder is unknown, not missing.
	return "", pathError(op, path, fmt.Errorf("only %s was given: %w", d.root, image.ErrOtherVolume))
}

// renamed gives the error the path that was asked for.
func renamed(err error, path string) error {
	if inner, ok := err.(*fs.PathError); ok { //nolint:errorlint // volumes return it bare
		return &fs.PathError{Op: inner.Op, Path: path, Err: inner.Err}
	}
	return err
}
