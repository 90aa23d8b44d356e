package story

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// Soaked is how a soak went.
type Soaked struct {
	Computers, Rounds            int
	Installed, Mended, LeftAlone int      // attempts that ended so
	Wrong                        []string // ended in no way that has a name
	Heap                         []uint64 // bytes in use after each round
	Handles                      []int    // open files after each round; none where they cannot be counted
}

// Soak has a crowd of computers install one update after the other until the time is over, each with a random fault. The
// last round is gone through to its end.
func (s *Story) Soak(ctx context.Context, computers int, until time.Time) (out *Soaked, err error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if s.location, err = openLocation(ctx, s.redx, filepath.Join(s.Dir, "server")); err != nil {
		return nil, err
	}
	out = &Soaked{Computers: computers}
	all, err := s.settle(ctx, computers)
	defer func() {
		for _, c := range all {
			err = errors.Join(err, c.hosted.Close())
		}
	}()
	for err == nil && (out.Rounds == 0 || time.Now().Before(until)) {
		err = s.round(ctx, all, out)
	}
	return out, err
}

// settle makes the crowd.
func (s *Story) settle(ctx context.Context, computers int) ([]*computer, error) {
	var all []*computer
	for i := range computers {
		c := &computer{role: role{name: fmt.Sprintf("SOAK-%04d", i+1)}}
		c.disk = filepath.Join(s.Dir, "soak", c.name, "C")
		if err := os.MkdirAll(filepath.Dir(c.disk), 0o700); err != nil {
			return all, err
		}
		if err := errors.Join(s.Image(c.disk, c.name, s.location.clients), c.configure()); err != nil {
			return all, err
		}
		var err error
		if c.hosted, err = s.Host(ctx, c.disk, s.location.clients, s.by.trust); err != nil {
			return all, fmt.Errorf("%s: %w", c.name, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// round publishes an update, has every computer install it, and withdraws it: so there is no more to know in each round
// than in the one before.
func (s *Story) round(ctx context.Context, all []*computer, out *Soaked) error {
	out.Rounds++
	p := numbered(out.Rounds)
	m, err := s.location.publish(ctx, &p, s.by, s.Dir, everyone)
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	places := make(chan struct{}, atOnce)
	for _, c := range all {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			err := c.live(ctx, m)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				out.Wrong = append(out.Wrong, fmt.Sprintf("round %d, %s (%s): %v", out.Rounds, c.name, c.fault, err))
			case c.ended.Healing == "mended":
				out.Mended++
			case c.ended.Healing == "left-alone":
				out.LeftAlone++
			default:
				out.Installed++
			}
		})
	}
	wait.Wait()
	out.measure()
	return errors.Join(ctx.Err(), s.location.withdraw(ctx, m))
}

// numbered is the update of a round.
func numbered(n int) parcel {
	p := parcels()[0]
	p.id = guid.GUID{0x9e, 0x1a, 1, 0, 0x1a, 0xb0, 0x4a, 0xb0, 0x8a, 0xb0, 0, 0, 0, 0, byte(n >> 8), byte(n)}.String()
	p.KB = update.KB(fmt.Sprintf("KB9%06d", n))
	p.Title = fmt.Sprintf("Update %d for the lab (%s)", n, p.KB)
	p.Version = fmt.Sprintf("10.0.2.%d", n)
	return p
}

// live is one attempt of one computer, with a random fault. An error says that it ended in no way that has a name.
func (c *computer) live(ctx context.Context, m *made) error {
	c.fault = []fault{healthy, lostFile, lostFolder, tornStore}[rand.IntN(4)] //nolint:gosec // chance is all that is wanted
	c.ended = Computer{}
	if err := c.offered(ctx, string(m.KB)); err != nil {
		return err
	}
	if t, err := c.do(ctx, "download"); err != nil || len(t.Attempts) > 0 || t.Error != "" {
		return errors.Join(err, fmt.Errorf("the download: %+v", t))
	}
	if _, err := c.strike(); err != nil {
		return err
	}
	t, err := c.do(ctx, "install-updates")
	if err != nil {
		return err
	}
	c.took(t)
	missing, err := m.missing(c.disk)
	switch {
	case err != nil:
		return err
	case len(missing) == 0:
		return nil
	case slices.ContainsFunc(t.Attempts, func(a attempt) bool {
		return a.Healing != nil && a.Healing.Healed == "left-alone" && a.Healing.Why != ""
	}):
		return nil // with a named reason
	}
	return fmt.Errorf("%s is not there: %+v", missing[0], t)
}

// measure notes what the process holds.
func (o *Soaked) measure() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	o.Heap = append(o.Heap, m.HeapAlloc)
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		o.Handles = append(o.Handles, len(open))
	}
}
