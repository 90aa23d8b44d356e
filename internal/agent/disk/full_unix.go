//go:build unix

package disk

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Full tells an error that says that there is no room left.
func Full(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
