//go:build unix

package disk

import (
	"errors"

	"golang.org/x/sys/unix"
)

func syncFolder(at spot) error {
	f, err := at.in.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // the file system has no such thing
	}
	return err
}
