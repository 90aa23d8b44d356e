//go:build !linux

package offline

import "os"

// Protect does nothing here: Windows has what is made on a drive take over the rights of redx's folder, which is made with
// its own, and macOS writes to no NTFS.
func (d *Drive) Protect(*os.Root) error { return nil }
