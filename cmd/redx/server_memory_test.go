package main

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	for live, want := range map[uint64]int64{0: leastLimit, 100 << 20: leastLimit, 1 << 30: 2 << 30} {
		if got := limitFor(live); got != want {
			t.Errorf("with %d bytes in use the limit is %d, want %d", live, got, want)
		}
	}
	runtime.GC()
	if liveHeap() == 0 {
		t.Error("nothing is in use")
	}
}

// TestMemoryLimitOfTheUser: a limit that is there already stays.
func TestMemoryLimitOfTheUser(t *testing.T) {
	before := debug.SetMemoryLimit(1 << 40)
	defer debug.SetMemoryLimit(before)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	boundMemory(ctx)
	if got := debug.SetMemoryLimit(-1); got != 1<<40 {
		t.Errorf("the limit is %d", got)
	}
	debug.SetMemoryLimit(math.MaxInt64)
	boundMemory(ctx)
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("the limit stays %d", got)
	}
}
