package main

import "os"

// terminations are the signals that ask a server to stop.
func terminations() []os.Signal { return []os.Signal{os.Interrupt} }
