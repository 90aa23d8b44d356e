package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// load is what came of sending requests for some time.
type load struct {
	count int
	took  time.Duration
	each  []time.Duration // sorted
}

func (l *load) rate() float64 { return float64(l.count) / l.took.Seconds() }

func (l *load) p99() time.Duration { return l.each[len(l.each)*99/100] }

func (l *load) String() string {
	return fmt.Sprintf("%.0f/s, median %s, p99 %s", l.rate(), round(l.each[len(l.each)/2]), round(l.p99()))
}

// fine is for times of which there are thousands in a second.
func fine(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// hammer has each of some clients send again and again until the time is over.
func hammer(ctx context.Context, clients int, take time.Duration, send func(ctx context.Context, client int) error) (*load, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var all load
	var failed error
	start := time.Now()
	for c := range clients {
		wg.Go(func() {
			var each []time.Duration
			var err error
			for err == nil && ctx.Err() == nil && time.Since(start) < take {
				begin := time.Now()
				if err = send(ctx, c); err == nil {
					each = append(each, time.Since(begin))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all.each = append(all.each, each...)
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	all.took, all.count = time.Since(start), len(all.each)
	if failed != nil {
		return nil, failed
	}
	if all.count == 0 {
		return nil, ctx.Err()
	}
	slices.Sort(all.each)
	return &all, nil
}
