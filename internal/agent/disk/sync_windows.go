package disk

import "github.com/redx-update/redx/internal/win"

func syncFolder(at spot) error { return win.FlushFolder(at.host) }
