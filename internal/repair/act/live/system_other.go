//go:build !windows

package live

// Open gives ErrNoWindows.
func Open() (*Machine, error) { return nil, ErrNoWindows }
