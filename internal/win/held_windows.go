package win

import (
	"errors"

	"golang.org/x/sys/windows"
)

// Held reports that a file could not be opened since a program has it open and shares it with nobody.
func Held(err error) bool { return errors.Is(err, windows.ERROR_SHARING_VIOLATION) }
