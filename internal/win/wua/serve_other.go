//go:build !windows

package wua

import (
	"errors"
	"io"
)

// Serve answers one request of wuaclient's. There is an update agent on Windows only.
func Serve(io.Reader, io.Writer) error {
	return errors.New("there is no Windows Update agent on this system")
}
