package live

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/win"
)

// Bounds of waiting for a service. One that shows no progress is given up earlier, by its own hints.
const (
	stopWithin  = 3 * time.Minute
	startWithin = 2 * time.Minute
	// settleWithin is how long one that is already about to stop is waited for before it is taken for running.
	settleWithin = 15 * time.Second
	// askAgain is how long a service is asked again to stop that takes no such request just now, and the service
	// manager to start one while it is locked.
	askAgain = 30 * time.Second
)

// services are the services of this Windows, for package run.
type services struct{ *Machine }

func (s services) Service(name string) (run.Service, error) {
	c, err := s.sys.Config(name)
	if errors.Is(err, win.ErrNoService) {
		return run.Service{}, nil
	}
	if err != nil {
		return run.Service{}, err
	}
	now, err := s.settled(name)
	// One that is on its way, to either side, has a process that holds things.
	delayed := c.Start == win.StartAutomatic && c.Delayed != nil && *c.Delayed
	return run.Service{Present: true, Running: now.State != win.Stopped, Start: int(c.Start), Delayed: delayed}, err
}

// settled gives one that is about to stop the time to do it: a repair that died has asked it to, and taken for running
// it would not be started again.
func (s services) settled(name string) (win.Status, error) {
	now, err := s.sys.Status(name)
	if err != nil || now.State != win.StopPending {
		return now, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleWithin)
	defer cancel()
	_ = s.sys.Stop(ctx, name) // whether it has stopped is looked at
	return s.sys.Status(name)
}

// SetDelayed has an automatic service started some time after the others.
func (s services) SetDelayed(name string) error { return s.sys.SetDelayed(name, true) }

// SetStart changes the start type and nothing else. Whether an automatic service is delayed has an entry of its own; that
// it outlives being disabled is not relied on.
func (s services) SetStart(name string, start int) error {
	err := s.sys.SetStart(name, win.StartType(start))
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %w", run.ErrDenied, err)
	}
	return err
}

// Stop never ends a process: when the service does not stop, it says so. What runs on top of it now and was not to be
// stopped is left alone as well, for nobody would start it again.
func (s services) Stop(name string) error {
	err := s.ask(stopWithin, func(ctx context.Context) error { return s.sys.Stop(ctx, name) }, win.ErrRefused)
	if errors.Is(err, win.ErrDependents) {
		if on, listErr := s.sys.Dependents(name); listErr == nil && len(on) > 0 {
			return fmt.Errorf("%w: %s", err, strings.Join(on, ", "))
		}
	}
	return err
}

func (s services) Start(name string) error {
	return s.ask(startWithin, func(ctx context.Context) error { return s.sys.Start(ctx, name) }, win.ErrBusy)
}

// ask asks, and asks again for a while as long as the answer is "not now".
func (s services) ask(within time.Duration, do func(context.Context) error, notNow error) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	pause := firstPause
	for waited := time.Duration(0); ; waited += pause {
		err := do(ctx)
		if !errors.Is(err, notNow) || waited >= askAgain {
			return err
		}
		pause = min(2*pause, longest)
		s.sleep(pause)
	}
}

// Sync makes safe what was changed of services, and what Windows shall rename when it starts next.
func (s services) Sync() error { return errors.Join(s.sys.Flush(), s.sys.FlushRenames()) }
