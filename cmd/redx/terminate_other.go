//go:build !windows

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminations are the signals that ask a server to stop.
func terminations() []os.Signal { return []os.Signal{unix.SIGTERM} }
