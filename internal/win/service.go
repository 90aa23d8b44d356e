package win

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors that callers branch on.
var (
	ErrNoService  = errors.New("no such service")
	ErrDisabled   = errors.New("the service is disabled")
	ErrRefused    = errors.New("the service does not take that request") // such as stop
	ErrDependents = errors.New("other services that run depend on it")
	ErrStalled    = errors.New("the service shows no progress")
	ErrExists     = errors.New("there is a service of that name")
	ErrDeleting   = errors.New("the service goes when the last program has let go of it")
	ErrBusy       = errors.New("the service manager takes no such request just now")
	ErrNoManager  = errors.New("not started by the service manager")
)

// State is what a service does, as SERVICE_STATUS_PROCESS has it.
type State uint32

// The states of a service.
const (
	Stopped         State = 1
	StartPending    State = 2
	StopPending     State = 3
	Running         State = 4
	ContinuePending State = 5
	PausePending    State = 6
	Paused          State = 7
)

func (s State) String() string {
	names := [...]string{
		Stopped: "stopped", StartPending: "starting", StopPending: "stopping", Running: "running",
		ContinuePending: "continuing", PausePending: "pausing", Paused: "paused",
	}
	if s == 0 || int(s) >= len(names) {
		return fmt.Sprintf("state %d", uint32(s))
	}
	return names[s]
}

// StartType says when a service is started.
type StartType uint32

// The start types of a service.
const (
	StartBoot      StartType = 0
	StartSystem    StartType = 1
	StartAutomatic StartType = 2
	StartManual    StartType = 3
	StartDisabled  StartType = 4
)

func (s StartType) String() string {
	names := [...]string{"boot", "system", "automatic", "manual", "disabled"}
	if int(s) >= len(names) {
		return fmt.Sprintf("start type %d", uint32(s))
	}
	return names[s]
}

// Status is what a service does now.
type Status struct {
	State      State
	PID        uint32 // of its process; 0 without one
	Shared     bool   // the process may run other services as well, and may go on when this one has stopped
	CheckPoint uint32 // counted up while a state is pending, by services that behave
	WaitHint   time.Duration
	ExitCode   uint32 // of the last run: a Windows error, 1077 before the first one
}

// Config is how a service is set up.
type Config struct {
	Start StartType
	// Delayed says that an automatic service is started some time after the others; nil when the system does not tell.
	Delayed *bool
	Command string // the program with its arguments
	Account string // such as LocalSystem
}

// Bounds of waiting for a service. Microsoft advises to ask again after a tenth of the hint.
const (
	minPause = 50 * time.Millisecond
	maxPause = time.Second
	// patience is how long a service may show no progress whatever its hint says; many give none.
	patience = 30 * time.Second
)

// pause is how long to wait before a service is asked again.
func pause(hint time.Duration) time.Duration { return min(max(hint/10, minPause), maxPause) }

// in tells a service in one of the states.
func in(states ...State) func(Status) bool {
	return func(now Status) bool { return slices.Contains(states, now.State) }
}

// await asks for the status until it is what is wanted. It gives up with the context, and with ErrStalled when
// neither state nor checkpoint has changed for the service's own hint and at least for patience.
func await(ctx context.Context, want func(Status) bool, ask func() (Status, error)) (Status, error) {
	last, err := ask()
	since := time.Now()
	for err == nil && !want(last) {
		if time.Since(since) > max(last.WaitHint, patience) {
			return last, fmt.Errorf("%s for %s: %w", last.State, time.Since(since).Round(time.Second), ErrStalled)
		}
		if err := sleep(ctx, pause(last.WaitHint)); err != nil {
			return last, fmt.Errorf("still %s: %w", last.State, err)
		}
		var now Status
		if now, err = ask(); now.State != last.State || now.CheckPoint != last.CheckPoint {
			since = time.Now()
		}
		last = now
	}
	return last, err
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
