package gather

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/redx-update/redx/internal/image"
)

// job is one thing to read: a file, or the registry of an installation. Each is read by one goroutine, so its events stay
// in order.
type job struct {
	cost int64 // what it takes, in bytes of text log that take as long
	read func(context.Context)
}

// readAll reads what there is, as many at once as there are processors.
func (g *gatherer) readAll(ctx context.Context) error {
	work := make(chan job)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range work {
				j.read(ctx)
			}
		})
	}
	for jobs := range g.jobs(ctx) {
		for _, j := range jobs {
			if ctx.Err() == nil {
				work <- j
			}
		}
	}
	close(work)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.recognised == 0 && g.img.Kind() == image.Logs {
		return fmt.Errorf("%s: %w", g.img.Path(), image.ErrNoLogs)
	}
	return nil
}

// maxAhead is how many files are looked for before the first is read. An installation has a few dozen.
const maxAhead = 4096

// hivesCost is what the registry takes, of which a little is read, however large it is.
const hivesCost = 64 << 20

// jobs gives what is to be read, the longest first, so that no processor is left with a long one at the end while the
// others have nothing to do.
func (g *gatherer) jobs(ctx context.Context) iter.Seq[[]job] {
	return func(yield func([]job) bool) {
		var jobs []job
		if g.img.Kind() != image.Logs {
			jobs = append(jobs, job{hivesCost, func(context.Context) { g.machine() }})
		}
		for e, err := range g.candidates() {
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				g.unread(e.Path, err)
				continue
			}
			jobs = append(jobs, job{costOf(&e), func(ctx context.Context) { g.readFile(ctx, e.Path) }})
			if len(jobs) == maxAhead {
				if !yield(longestFirst(jobs)) {
					return
				}
				jobs = nil
			}
		}
		yield(longestFirst(jobs))
	}
}

func longestFirst(jobs []job) []job {
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(b.cost, a.cost) })
	return jobs
}

// costOf guesses by the name: records of event logs and traces take longer than lines, cabinets hold more than their
// size, and of databases few pages are read.
func costOf(e *image.Entry) int64 {
	switch strings.ToLower(filepath.Ext(e.Name)) {
	case ".evtx", ".etl":
		return 8 * e.Size
	case ".cab":
		return 16 * e.Size
	case ".edb", ".db":
		return e.Size / 4
	}
	return e.Size
}
