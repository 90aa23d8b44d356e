package main

import "time"

// tick limits how often progress is drawn: at most ten times a second.
type tick struct{ last time.Time }

func (t *tick) due() bool {
	now := time.Now()
	if now.Sub(t.last) < 100*time.Millisecond {
		return false
	}
	t.last = now
	return true
}
