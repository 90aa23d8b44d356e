package main

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// leastLimit is the memory up to which garbage is collected as usual, in bytes.
const leastLimit = 256 << 20

// boundMemory has garbage collected earlier when memory gets short of a limit, until the context ends: a burst, of thousands
// of computers at once, otherwise takes twice what it needs and what was fragmented before. The limit follows what is in use,
// so that a large catalogue does not make the server collect all the time. GOMEMLIMIT goes before it.
func boundMemory(ctx context.Context) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	defer debug.SetMemoryLimit(math.MaxInt64)
	turn := time.NewTicker(time.Second)
	defer turn.Stop()
	var now int64
	for {
		// To set the limit stops all that runs for a moment.
		if limit := limitFor(liveHeap()); limit != now {
			now = limit
			debug.SetMemoryLimit(limit)
		}
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
	}
}

// liveHeap is what the last collection found in use.
func liveHeap() uint64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return live[0].Value.Uint64()
}

func limitFor(live uint64) int64 { return max(leastLimit, 2*int64(live)) }
