// Package facts answers the questions of applicability rules from an image: the registry, the files and the history of
// one Windows installation, running or on a disk.
//
// It changes nothing, and asks no WMI and no API, so what only a running system knows is applicability.ErrUnknown.
package facts

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/peversion"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winsys"
)

// Computer is an image as applicability.Facts.
type Computer struct {
	Image image.Image
	// Ever tells from the update history whether an update was installed; nil: not known.
	Ever func(guid.GUID) (bool, error)
}

// File looks at a file. What stands behind a reparse point cannot be known.
func (c Computer) File(path string) (applicability.File, error) {
	info, err := c.Image.FS().Stat(path)
	switch {
	case errors.Is(err, image.ErrOtherVolume):
		return applicability.File{}, fmt.Errorf("%s: %w", path, applicability.ErrUnknown)
	case err != nil:
		return applicability.File{}, err
	case info.Dir:
		return applicability.File{}, fs.ErrNotExist
	}
	return applicability.File{Size: info.Size, Modified: info.ModTime.UTC()}, nil
}

// FileVersion reads the version of a program or library.
func (c Computer) FileVersion(path string) (applicability.Version, error) {
	f, err := c.Image.FS().Open(path)
	if err != nil {
		return applicability.Version{}, err
	}
	defer f.Close()
	v, err := peversion.Read(f)
	if errors.Is(err, format.ErrNotThis) {
		err = fs.ErrNotExist // no program, so it has no version
	}
	return applicability.Version(v), err
}

// Installed asks the history.
func (c Computer) Installed(id guid.GUID) (bool, error) {
	if c.Ever == nil {
		return false, fmt.Errorf("whether %s was ever installed: %w", id, applicability.ErrUnknown)
	}
	return c.Ever(id)
}

// Key opens a key of HKEY_LOCAL_MACHINE or HKEY_CLASSES_ROOT; what belongs to users or to the running hardware is not
// known.
func (c Computer) Key(path string, view32 bool) (registry.Key, error) {
	root, rest, _ := strings.Cut(strings.Trim(path, `\`), `\`)
	switch strings.ToUpper(root) {
	case "HKEY_LOCAL_MACHINE", "HKLM":
	case "HKEY_CLASSES_ROOT", "HKCR":
		rest = `SOFTWARE\Classes\` + rest
	default:
		return nil, fmt.Errorf("key %s: %w", path, applicability.ErrUnknown)
	}
	name, below, _ := strings.Cut(rest, `\`)
	switch strings.ToUpper(name) {
	case "SOFTWARE":
		return c.software(below, view32)
	case "SYSTEM":
		return c.system(below)
	default:
		return nil, fmt.Errorf("key %s: %w", path, applicability.ErrUnknown)
	}
}

// software opens a key as programs of 64 or of 32 bits see it. A system of 32 bits has but one view.
func (c Computer) software(path string, view32 bool) (registry.Key, error) {
	root, _, err := c.Image.Hive(image.Software)
	if err != nil {
		return nil, unavailable("SOFTWARE", err)
	}
	if view32 {
		if other, err := root.Open("WOW6432Node"); err == nil {
			root = other
		}
	}
	return root.Open(path)
}

func (c Computer) system(path string) (registry.Key, error) {
	root, _, err := c.Image.Hive(image.System)
	if err != nil {
		return nil, unavailable("SYSTEM", err)
	}
	first, rest, _ := strings.Cut(path, `\`)
	if strings.EqualFold(first, "CurrentControlSet") {
		sys, err := winsys.NewSystem(root)
		if err != nil {
			return nil, unavailable("SYSTEM", err)
		}
		path = sys.ControlSet() + `\` + rest
	}
	return root.Open(path)
}

// unavailable says that a hive cannot be read: nothing is known then, not even that something is missing.
func unavailable(hive string, err error) error {
	return fmt.Errorf("registry hive %s: %w (%s)", hive, applicability.ErrUnknown, err.Error())
}
