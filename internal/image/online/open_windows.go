package online

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/redx-update/redx/internal/image"
	abstract "github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/win"
)

// Open opens this machine. It takes no rights to open it; what may not be read without those of an administrator fails
// with fs.ErrPermission when it is asked for, and a note says so.
func Open() (image.Image, error) {
	// Not GetWindowsDirectory, which on a terminal server gives each user a folder of their own.
	root, err := windows.GetSystemWindowsDirectory()
	if err != nil {
		return nil, fmt.Errorf("ask for the Windows folder: %w", err)
	}
	drive, _ := image.SplitDrive(root)
	if drive == "" {
		return nil, fmt.Errorf("the Windows folder %q: %w", root, image.ErrNoWindows)
	}
	f, err := newFiles(drive, root, win.Held, func() (device, error) { return openDevice(drive) })
	if err != nil {
		return nil, fmt.Errorf("open the system drive: %w", err)
	}
	return newMachine(root, f, liveHive, notElevated()), nil
}

func notElevated() []string {
	if elevated, err := win.Elevated(); err != nil || elevated {
		return nil
	}
	return []string{"redx runs without an administrator's rights: start it in an elevated Command Prompt to have everything read"}
}

// openDevice opens the raw volume of a drive, such as C:.
func openDevice(drive string) (device, error) {
	f, err := os.Open(`\\.\` + drive)
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("reading it from the raw volume takes an elevated Command Prompt: %w", os.ErrPermission)
	case err != nil:
		return nil, fmt.Errorf("the raw volume is not to be opened: %w", err)
	}
	return f, nil
}

// liveHive gives a hive of HKEY_LOCAL_MACHINE.
func liveHive(name image.Hive) (abstract.Key, error) {
	switch name {
	case image.System, image.Software, image.Components:
		return openKey(registry.LOCAL_MACHINE, string(name))
	}
	return nil, abstract.NotExist("open hive", string(name))
}
