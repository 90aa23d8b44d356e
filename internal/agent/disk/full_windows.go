package disk

import "github.com/redx-update/redx/internal/win"

// Full tells an error that says that there is no room left.
func Full(err error) bool { return win.Full(err) }
