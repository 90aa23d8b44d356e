package win_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"

	"github.com/redx-update/redx/internal/win"
)

// TestMain is also the services that the tests stop and start: this program with the arguments "service" and a manner,
// or "run", a manner and the service's name.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "service" {
		if err := svc.Run("", manner(os.Args[2])); err != nil {
			os.Exit(3)
		}
		if os.Args[2] == "linger" {
			time.Sleep(time.Second) // stopped, says the service manager
		}
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "run" {
		if err := runs(os.Args[2], os.Args[3]); err != nil {
			os.Exit(3)
		}
		return
	}
	os.Exit(m.Run())
}

// manner is how the service behaves.
type manner string

const slowSteps = 8 // of 100 ms

func (m manner) Execute(_ []string, requests <-chan svc.ChangeRequest, now chan<- svc.Status) (bool, uint32) {
	now <- svc.Status{State: svc.StartPending, WaitHint: 2000}
	switch m {
	case "fails":
		return false, uint32(windows.ERROR_FILE_NOT_FOUND)
	case "starting":
		time.Sleep(700 * time.Millisecond)
	}
	accepts := svc.AcceptStop
	if m == "refuses" {
		accepts = svc.AcceptPauseAndContinue
	}
	now <- svc.Status{State: svc.Running, Accepts: accepts}
	for r := range requests {
		switch r.Cmd {
		case svc.Interrogate:
			now <- r.CurrentStatus
		case svc.Stop:
			m.stop(requests, now)
			return false, 0
		}
	}
	return false, 0
}

func (m manner) stop(requests <-chan svc.ChangeRequest, now chan<- svc.Status) {
	switch m {
	case "slow":
		for i := range uint32(slowSteps) {
			now <- svc.Status{State: svc.StopPending, WaitHint: 1000, CheckPoint: i}
			time.Sleep(100 * time.Millisecond)
		}
	case "hangs":
		now <- svc.Status{State: svc.StopPending, WaitHint: 1000}
		for range requests { // until it is killed
		}
	}
}

// services connects, or skips the test: it makes services of its own on this machine.
func services(t *testing.T) *win.Services {
	t.Helper()
	if os.Getenv("REDX_TEST_SERVICES") == "" {
		t.Skip("set REDX_TEST_SERVICES=1, as administrator, to run this: it makes services on this machine and removes them")
	}
	s, err := win.OpenServices()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// install makes a service that behaves as m says, and gives its name. It is removed when the test ends.
func install(t *testing.T, m manner) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseServiceHandle(manager) //nolint:errcheck // nothing is lost with it
	name := fmt.Sprintf("redx-test-%s-%d-%d", m, os.Getpid(), time.Now().UnixNano())
	wide, command := windows.StringToUTF16Ptr(name), windows.StringToUTF16Ptr(fmt.Sprintf(`"%s" service %s`, program, m))
	h, err := windows.CreateService(manager, wide, nil, windows.SERVICE_ALL_ACCESS, windows.SERVICE_WIN32_OWN_PROCESS,
		windows.SERVICE_DEMAND_START, windows.SERVICE_ERROR_NORMAL, command, nil, nil, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, h) })
	return name
}

func remove(t *testing.T, h windows.Handle) {
	var st windows.SERVICE_STATUS_PROCESS
	var need uint32
	err := windows.QueryServiceStatusEx(h, windows.SC_STATUS_PROCESS_INFO, (*byte)(unsafe.Pointer(&st)), uint32(unsafe.Sizeof(st)), &need)
	if err == nil && st.ProcessId != 0 {
		if p, err := windows.OpenProcess(windows.PROCESS_TERMINATE, false, st.ProcessId); err == nil {
			_ = windows.TerminateProcess(p, 1) // it may have ended by itself
			_ = windows.CloseHandle(p)
		}
	}
	if err := errors.Join(windows.DeleteService(h), windows.CloseServiceHandle(h)); err != nil {
		t.Error(err)
	}
}

// state wants a service to be in a state.
func state(t *testing.T, s *win.Services, name string, want win.State) win.Status {
	t.Helper()
	got, err := s.Status(name)
	if err != nil {
		t.Fatal(err)
	}
	if got.State != want {
		t.Fatalf("%s is %s, want %s", name, got.State, want)
	}
	return got
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestStartAndStop(t *testing.T) {
	s := services(t)
	for _, tt := range []struct {
		manner manner
		least  time.Duration // that stopping takes
	}{
		{"good", 0},
		{"slow", slowSteps * 100 * time.Millisecond},
		{"linger", time.Second}, // the process holds on to what it holds after "stopped"
	} {
		t.Run(string(tt.manner), func(t *testing.T) {
			name := install(t, tt.manner)
			state(t, s, name, win.Stopped)
			for range 2 { // the second time it is left alone
				if err := s.Start(within(t, time.Minute), name); err != nil {
					t.Fatal(err)
				}
			}
			running := state(t, s, name, win.Running)
			if running.PID == 0 || running.Shared {
				t.Errorf("got %+v, want a process of its own", running)
			}
			begun := time.Now()
			for range 2 {
				if err := s.Stop(within(t, time.Minute), name); err != nil {
					t.Fatal(err)
				}
				if p, err := windows.OpenProcess(windows.SYNCHRONIZE, false, running.PID); err == nil {
					if event, _ := windows.WaitForSingleObject(p, 0); event != windows.WAIT_OBJECT_0 {
						t.Error("its process is still there")
					}
					_ = windows.CloseHandle(p)
				}
			}
			if took := time.Since(begun); took < tt.least {
				t.Errorf("took %s, want at least %s", took, tt.least)
			}
			state(t, s, name, win.Stopped)
		})
	}
}

func TestStopWhileItStarts(t *testing.T) {
	s := services(t)
	name := install(t, "starting")
	started := make(chan error)
	go func() { started <- s.Start(within(t, time.Minute), name) }()
	for state := win.Stopped; state == win.Stopped; {
		now, err := s.Status(name)
		if err != nil {
			t.Fatal(err)
		}
		state = now.State
	}
	if err := s.Stop(within(t, time.Minute), name); err != nil {
		t.Error(err)
	}
	if err := <-started; err != nil {
		t.Logf("stopped before anyone saw it run: %v", err)
	}
	state(t, s, name, win.Stopped)
}

func TestStopFails(t *testing.T) {
	s := services(t)
	for _, tt := range []struct {
		manner manner
		wait   time.Duration
		want   error
		left   win.State
	}{
		{"refuses", time.Minute, win.ErrRefused, win.Running},
		{"hangs", time.Second, context.DeadlineExceeded, win.StopPending},
	} {
		t.Run(string(tt.manner), func(t *testing.T) {
			name := install(t, tt.manner)
			if err := s.Start(within(t, time.Minute), name); err != nil {
				t.Fatal(err)
			}
			err := s.Stop(within(t, tt.wait), name)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want %v with the service's name", err, tt.want)
			}
			state(t, s, name, tt.left)
		})
	}
}

// A service that is killed while it stops has stopped, whatever the service manager says of it.
func TestStopOfTheKilled(t *testing.T) {
	s := services(t)
	name := install(t, "hangs")
	if err := s.Start(within(t, time.Minute), name); err != nil {
		t.Fatal(err)
	}
	pid := state(t, s, name, win.Running).PID
	stopped := make(chan error)
	go func() { stopped <- s.Stop(within(t, time.Minute), name) }()
	for state := win.Running; state == win.Running; {
		now, err := s.Status(name)
		if err != nil {
			t.Fatal(err)
		}
		state = now.State
	}
	p, err := windows.OpenProcess(windows.PROCESS_TERMINATE, false, pid)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(p) //nolint:errcheck // nothing is lost with it
	if err := windows.TerminateProcess(p, 1); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestStartFails(t *testing.T) {
	s := services(t)
	name := install(t, "fails")
	if err := s.Start(within(t, time.Minute), name); !errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
		t.Errorf("got %v, want the service's own error", err)
	}
	if err := s.SetStart(name, win.StartDisabled); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(within(t, time.Minute), name); !errors.Is(err, win.ErrDisabled) {
		t.Errorf("got %v, want win.ErrDisabled", err)
	}
}

func TestConfig(t *testing.T) {
	s := services(t)
	name := install(t, "good")
	before, err := s.Config(name)
	if err != nil {
		t.Fatal(err)
	}
	if before.Start != win.StartManual || !strings.HasSuffix(before.Command, " service good") || before.Account != "LocalSystem" {
		t.Errorf("got %+v", before)
	}
	for _, start := range []win.StartType{win.StartDisabled, win.StartAutomatic, win.StartManual} {
		if err := s.SetStart(name, start); err != nil {
			t.Fatal(err)
		}
		got, err := s.Config(name)
		if err != nil {
			t.Fatal(err)
		}
		if got.Start != start || got.Command != before.Command || got.Account != before.Account {
			t.Errorf("made %s: got %+v", start, got)
		}
	}
}

func TestNoSuchService(t *testing.T) {
	s := services(t)
	const name = "redx-test-no-such-service"
	ctx := within(t, time.Second)
	for call, f := range map[string]func() error{
		"status":     func() error { _, err := s.Status(name); return err },
		"config":     func() error { _, err := s.Config(name); return err },
		"dependents": func() error { _, err := s.Dependents(name); return err },
		"set start":  func() error { return s.SetStart(name, win.StartManual) },
		"start":      func() error { return s.Start(ctx, name) },
		"stop":       func() error { return s.Stop(ctx, name) },
	} {
		if err := f(); !errors.Is(err, win.ErrNoService) || !errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
			t.Errorf("%s: got %v, want win.ErrNoService", call, err)
		}
	}
}

// Wine never names dependents, so there only the call is tried.
func TestDependents(t *testing.T) {
	s := services(t)
	if got, err := s.Dependents(install(t, "good")); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want none", got, err)
	}
	if got, err := s.Dependents("RpcSs"); err != nil {
		t.Error(err)
	} else {
		t.Logf("on RpcSs depend %v", got)
	}
}
