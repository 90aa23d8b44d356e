package main

import (
	"math"
	"runtime/debug"
)

// restMemory is how far the memory of an agent that waits may grow before it is tidied up: who asks how it stands takes a
// little each time.
const restMemory = 48 << 20

// rest tidies up before the agent waits, and has nothing tidied up meanwhile: the collector would come every two minutes,
// which over a day is most of what an agent takes that does nothing.
func rest(idle bool) {
	if !idle {
		debug.SetMemoryLimit(math.MaxInt64)
		debug.SetGCPercent(100)
		return
	}
	debug.FreeOSMemory()
	debug.SetMemoryLimit(restMemory)
	debug.SetGCPercent(-1)
}
