package journal

import (
	"errors"
	"os"

	"github.com/redx-update/redx/internal/win"
)

func lockFile(f *os.File) error {
	err := win.LockFile(f)
	if errors.Is(err, win.ErrLocked) {
		return ErrLocked
	}
	return err
}

// syncFolder does nothing: Windows has no such thing for a folder. NTFS writes names to its own log in their order,
// and the file's own sync, which came before, has that log written.
func syncFolder(*os.File) error { return nil }
