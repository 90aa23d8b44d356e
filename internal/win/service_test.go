package win

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// answers plays back what a service says, the last one for ever.
func answers(list ...Status) func() (Status, error) {
	return func() (Status, error) {
		now := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		return now, nil
	}
}

func TestAwait(t *testing.T) {
	stopping := Status{State: StopPending, WaitHint: time.Minute}
	var counting []Status
	for i := range 200 { // a pause of one second each: far longer than the hint, but with progress
		counting = append(counting, Status{State: StopPending, WaitHint: 20 * time.Second, CheckPoint: uint32(i)})
	}
	tests := []struct {
		name string
		ask  func() (Status, error)
		took time.Duration // at least; and less than a pause more
		want error
	}{
		{"at once", answers(Status{State: Stopped}), 0, nil},
		{"soon", answers(Status{State: StopPending}, Status{State: StopPending}, Status{State: Stopped}), 2 * minPause, nil},
		{"slow and counting", answers(append(counting, Status{State: Stopped})...), 200 * time.Second, nil},
		{"stalls without a hint", answers(Status{State: StopPending}), patience, ErrStalled},
		{"stalls longer than its hint", answers(stopping), time.Minute, ErrStalled},
		{"hint beyond the deadline", answers(Status{State: StopPending, WaitHint: time.Hour}), 5 * time.Minute, context.DeadlineExceeded},
		{"starts again", answers(stopping, Status{State: Running}), patience, ErrStalled},
		{"cannot be asked", func() (Status, error) { return Status{}, ErrNoService }, 0, ErrNoService},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				begun := time.Now()
				_, err := await(ctx, in(Stopped), tt.ask)
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if took := time.Since(begun); took < tt.took || took > tt.took+2*maxPause {
					t.Errorf("took %s, want %s", took, tt.took)
				}
			})
		})
	}
}

func TestStateNames(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Stopped.String(), "stopped"},
		{Paused.String(), "paused"},
		{State(0).String(), "state 0"},
		{State(8).String(), "state 8"},
		{StartBoot.String(), "boot"},
		{StartDisabled.String(), "disabled"},
		{StartType(5).String(), "start type 5"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
