//go:build !windows

package setup

import (
	"context"
	"errors"

	"github.com/redx-update/redx/internal/win"
)

// ErrNotWindows says that only Windows has a service manager and a registry.
var ErrNotWindows = errors.New("this computer does not run Windows")

// Install is for Windows.
func Install(context.Context, Files, []win.MachineValue) error { return ErrNotWindows }

// Uninstall is for Windows.
func Uninstall(context.Context, bool) (Removed, error) { return Removed{}, ErrNotWindows }
