package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/wsus/soap"
)

// firstSync is a new computer's whole first synchronisation with the details of all that it found; what counts is the
// server's processor time. The first one fills caches, and is not counted.
func firstSync(ctx context.Context, w *world) ([]row, error) {
	const runs = 5
	var scans, details, wall time.Duration
	var updates, rounds int
	for n := range 1 + runs {
		a := newAgent(w.server.base, 1<<20+n, "")
		var ids []int32
		begin := time.Now()
		one, err := w.server.spent(func() error {
			if err := a.handshake(ctx); err != nil {
				return err
			}
			p, r, err := a.scan(ctx)
			ids, rounds = slices.Concat(p.InstalledNonLeafUpdateIDs, p.OtherCachedUpdateIDs), r
			return err
		})
		if err != nil {
			return nil, err
		}
		two, err := w.server.spent(func() error { return a.details(ctx, ids) })
		if err != nil {
			return nil, err
		}
		if n > 0 {
			scans, details, wall = scans+one, details+two, wall+time.Since(begin)
		}
		updates = len(ids)
		a.close()
	}
	cpu := (scans + details) / runs
	return []row{{
		what: fmt.Sprintf("first synchronisation, %d revisions in %d rounds, and their details", updates, rounds),
		goal: "1 s of CPU", figure: fmt.Sprintf("server %s of CPU", round(cpu)), met: yes(updates >= 3000 && cpu < time.Second),
		beside: fmt.Sprintf("%s and %s; %s in all", round(scans/runs), round(details/runs), round(wall/runs)),
	}}, nil
}

// storm has many new computers come at once. All must get what they need; a server that is busy says so, and they come
// again.
func storm(ctx context.Context, w *world) ([]row, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	busy, failed := 0, error(nil)
	begin := time.Now()
	cpu, err := w.server.spent(func() error {
		for n := range w.o.storm {
			wg.Go(func() {
				again, err := stormOne(ctx, w, n)
				mu.Lock()
				defer mu.Unlock()
				busy += again
				if err != nil {
					failed = err
				}
			})
		}
		wg.Wait()
		return failed
	})
	if err != nil {
		return nil, err
	}
	most, err := w.server.peak()
	if err != nil {
		return nil, err
	}
	return []row{{
		what: fmt.Sprintf("storm: %d computers synchronise for the first time at once", w.o.storm), goal: "ServerBusy at worst", met: "yes",
		figure: fmt.Sprintf("all have all after %s", time.Since(begin).Round(time.Second)),
		beside: fmt.Sprintf("%d times ServerBusy; server %s of CPU, %d MB", busy, cpu.Round(time.Second), most>>20),
	}}, nil
}

// stormOne synchronises, and comes again when the server is busy: it begins anew, which costs the server the more.
func stormOne(ctx context.Context, w *world, n int) (busy int, err error) {
	a := newAgent(w.server.base, 1<<21+n, "")
	defer a.close()
	for range 1000 {
		if err = a.handshake(ctx); err == nil {
			_, _, err = a.scan(ctx)
		}
		if !isBusy(err) {
			return busy, err
		}
		busy++
		time.Sleep(time.Second)
	}
	return busy, err
}

func isBusy(err error) bool {
	var f *soap.Fault
	return errors.As(err, &f) && f.Code == soap.ServerBusy
}

// memory is the most that the server had in all of the above.
func memory(_ context.Context, w *world) ([]row, error) {
	n, err := w.server.peak()
	return []row{{
		what: "the most memory of the server, in all of the above", figure: fmt.Sprintf("%d MB", n>>20), goal: "400 MB", met: yes(n < 400<<20), beside: "-",
	}}, err
}
