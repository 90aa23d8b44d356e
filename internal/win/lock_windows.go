package win

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// ErrLocked says that another process has the file locked.
var ErrLocked = errors.New("another process has it locked")

// LockFile locks the first byte of an open file for this process alone, without waiting. The lock ends when the file
// is closed or the process ends.
func LockFile(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	return err
}
