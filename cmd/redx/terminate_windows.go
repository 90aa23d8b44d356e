package main

import "os"

// terminations are the signals that ask a server to stop.
func terminations() []os.Signal { return []os.Signal{os.Interrupt} }

// onReload does nothing: Windows has the service manager ask for that.
func onReload(func()) (stop func()) { return func() {} }

// hangups are the same: Windows ends a console's programs with it.
func hangups() []os.Signal { return terminations() }
