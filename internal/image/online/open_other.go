//go:build !windows

package online

import "github.com/redx-update/redx/internal/image"

// Open fails with ErrNotWindows.
func Open() (image.Image, error) { return nil, ErrNotWindows }
