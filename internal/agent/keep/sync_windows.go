package keep

import (
	"os"

	"github.com/redx-update/redx/internal/win"
)

// SyncFolder makes the names in a folder safe: a file is renamed after its own sync, so that this had nothing to do with it.
func SyncFolder(in *os.Root) error { return win.FlushFolder(in.Name()) }
