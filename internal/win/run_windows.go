package win

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
)

// Controls are what a service does beside running and stopping; a nil one is not offered to the service manager. They are
// called one at a time and must return at once.
type Controls struct {
	Pause  func(paused bool)
	Reload func() // its parameters have changed
}

// RunService is the body of a program that the service manager has started: it runs the function as the service of
// that name and returns when that has ended, with its error. When the service is to stop, or Windows shuts down, ctx
// ends, and the service manager is told every few seconds that it goes on stopping until run returns.
//
// A process can do this once. ErrNoManager if the service manager did not start it, and then run is not called.
func RunService(name string, run func(ctx context.Context) error) error {
	return RunControlled(name, Controls{}, run)
}

// RunControlled is RunService for one that can be paused, or takes changed parameters.
func RunControlled(name string, c Controls, run func(ctx context.Context) error) error {
	s := &body{run: run, controls: c}
	err := svc.Run(name, s)
	if errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		err = fmt.Errorf("%w (%w)", ErrNoManager, err)
	}
	if err != nil {
		return fmt.Errorf("run as service %s: %w", name, err)
	}
	return s.err
}

// stopping is how often a service that stops says that it still does. The service manager waits for twice as long.
const stopping = 2 * time.Second

// body is a service that runs.
type body struct {
	run      func(context.Context) error
	controls Controls
	err      error
}

// Execute answers the service manager. What run returns is the service's exit code: a number of Windows if there is
// one in it, else the service's own number 1.
func (s *body) Execute(_ []string, requests <-chan svc.ChangeRequest, now chan<- svc.Status) (own bool, code uint32) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.run(ctx) }()
	state := svc.Status{State: svc.Running, Accepts: s.accepts()}
	now <- state
	var still <-chan time.Time // ticks while it stops
	for {
		select {
		case s.err = <-done:
			return exit(s.err)
		case <-still:
			state.CheckPoint++
			now <- state
		case r := <-requests:
			switch {
			case r.Cmd == svc.Interrogate:
				now <- state
			case still == nil && (r.Cmd == svc.Stop || r.Cmd == svc.Shutdown):
				cancel()
				state = svc.Status{State: svc.StopPending, CheckPoint: 1, WaitHint: uint32(2 * stopping / time.Millisecond)}
				now <- state
				t := time.NewTicker(stopping)
				defer t.Stop()
				still = t.C
			case still == nil:
				s.control(r.Cmd, &state)
				now <- state
			}
		}
	}
}

func (s *body) accepts() svc.Accepted {
	a := svc.AcceptStop | svc.AcceptShutdown
	if s.controls.Pause != nil {
		a |= svc.AcceptPauseAndContinue
	}
	if s.controls.Reload != nil {
		a |= svc.AcceptParamChange
	}
	return a
}

// control does what is asked of a service that goes on.
func (s *body) control(c svc.Cmd, state *svc.Status) {
	switch {
	case c == svc.Pause && s.controls.Pause != nil:
		s.controls.Pause(true)
		state.State = svc.Paused
	case c == svc.Continue && s.controls.Pause != nil:
		s.controls.Pause(false)
		state.State = svc.Running
	case c == svc.ParamChange && s.controls.Reload != nil:
		s.controls.Reload()
	}
}

func exit(err error) (own bool, code uint32) {
	var number windows.Errno
	switch {
	case err == nil, errors.Is(err, context.Canceled): // which is what was asked for
		return false, 0
	case errors.As(err, &number) && number != 0:
		return false, uint32(number)
	}
	return true, 1
}
