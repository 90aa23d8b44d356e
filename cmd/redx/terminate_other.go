//go:build !windows

package main

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// terminations are the signals that ask a server to stop.
func terminations() []os.Signal { return []os.Signal{unix.SIGTERM} }

// onReload calls a function whenever a signal asks for the settings to be read anew, until stop.
func onReload(reload func()) (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGHUP)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-c:
				reload()
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(c); close(done) }
}

// hangups are terminations, and that of the terminal unless somebody has said that it does not count.
func hangups() []os.Signal {
	if signal.Ignored(unix.SIGHUP) {
		return terminations()
	}
	return append(terminations(), unix.SIGHUP)
}
