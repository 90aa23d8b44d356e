package win

import (
	"errors"

	"golang.org/x/sys/windows"
)

// Held reports that a file could not be opened since a program has it open and shares it with nobody.
func Held(err error) bool { return errors.Is(err, windows.ERROR_SHARING_VIOLATION) }

// Full reports that there is no room left on the volume.
func Full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
