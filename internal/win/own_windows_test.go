package win_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/redx-update/redx/internal/win"
)

// runs is the body of a service that win.RunService runs: this program with "run", a manner and a name.
func runs(manner, name string) error {
	return win.RunService(name, func(ctx context.Context) error {
		switch manner {
		case "ends":
			return nil
		case "fails":
			return fmt.Errorf("look for something: %w", windows.ERROR_PATH_NOT_FOUND)
		case "fails of itself":
			return errors.New("no number")
		}
		<-ctx.Done()
		if manner == "slow" { // longer than the service manager is told to wait at first
			time.Sleep(5 * time.Second)
		}
		return ctx.Err()
	})
}

// create makes an own service, which is deleted when the test ends.
func create(t *testing.T, s *win.Services, args ...string) win.Spec {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("redx-test-%d-%d", os.Getpid(), time.Now().UnixNano())
	spec := win.Spec{
		Name: name, Title: "Redx test", Description: "A service of a test.",
		Program: program, Args: append(args, name),
	}
	if err := s.Create(spec); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Delete(name); err != nil && !errors.Is(err, win.ErrNoService) {
			t.Error(err)
		}
	})
	return spec
}

func TestCreate(t *testing.T) {
	s := services(t)
	spec := create(t, s, "run", "as a service", `with "quotes"`)
	got, err := s.Config(spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	command := windows.ComposeCommandLine(append([]string{spec.Program}, spec.Args...))
	if got.Start != win.StartAutomatic || got.Command != command || got.Account != "LocalSystem" {
		t.Errorf("got %+v, want an automatic one that runs %s", got, command)
	}
	if got.Delayed == nil || *got.Delayed {
		t.Errorf("got delay %v, want none", got.Delayed)
	}
	if st := state(t, s, spec.Name, win.Stopped); st.Shared {
		t.Error("it shares its process")
	}
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\`+spec.Name, registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if text, _, err := k.GetStringValue("Description"); err != nil || text != spec.Description {
		t.Errorf("got description %q, %v", text, err)
	}
	if err := s.Create(spec); !errors.Is(err, win.ErrExists) || !strings.Contains(err.Error(), spec.Name) {
		t.Errorf("a second time: got %v, want win.ErrExists", err)
	}
	if err := s.Delete(spec.Name); err != nil {
		t.Error(err)
	}
	if _, err := s.Status(spec.Name); !errors.Is(err, win.ErrNoService) {
		t.Errorf("deleted: got %v, want win.ErrNoService", err)
	}
	if err := s.Delete(spec.Name); !errors.Is(err, win.ErrNoService) {
		t.Errorf("delete again: got %v, want win.ErrNoService", err)
	}
	if err := s.Create(spec); err != nil {
		t.Errorf("make it once more: %v", err)
	}
}

func TestCreateOfBadNames(t *testing.T) {
	s := services(t)
	for _, spec := range []win.Spec{
		{Name: "redx\x00test", Program: "x"},
		{Name: "redx-test", Title: "\x00", Program: "x"},
		{Name: "redx-test", Program: "\x00"},
		{Name: "redx-test", Program: "x", Description: "\x00"}, // after it was created: taken back
		{Name: `redx\test`, Program: "x"},
	} {
		if err := s.Create(spec); err == nil {
			t.Errorf("created %+q", spec)
		}
	}
	if _, err := s.Status("redx-test"); !errors.Is(err, win.ErrNoService) {
		t.Errorf("got %v, want win.ErrNoService", err)
	}
}

// A service's delay outlives that it is disabled, so that its start type alone has to be given back.
func TestDelay(t *testing.T) {
	s := services(t)
	name := create(t, s, "run", "ends").Name
	want := func(start win.StartType, delayed bool) {
		t.Helper()
		got, err := s.Config(name)
		if err != nil {
			t.Fatal(err)
		}
		if got.Start != start || got.Delayed == nil || *got.Delayed != delayed {
			t.Errorf("got %s, delayed %v; want %s, delayed %v", got.Start, got.Delayed, start, delayed)
		}
	}
	set := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time nothing is written
		set(s.SetDelayed(name, true))
		want(win.StartAutomatic, true)
	}
	set(s.SetStart(name, win.StartDisabled))
	set(s.SetStart(name, win.StartAutomatic))
	want(win.StartAutomatic, true)
	set(s.Flush())
	set(s.SetDelayed(name, false))
	want(win.StartAutomatic, false)
	if err := s.SetDelayed("redx-test-no-such-service", true); !errors.Is(err, win.ErrNoService) {
		t.Errorf("got %v, want win.ErrNoService", err)
	}
}

func TestRunService(t *testing.T) {
	s := services(t)
	for _, manner := range []string{"waits", "slow"} {
		t.Run(manner, func(t *testing.T) {
			name := create(t, s, "run", manner).Name
			if err := s.Start(within(t, time.Minute), name); err != nil {
				t.Fatal(err)
			}
			stopped := make(chan error, 1)
			go func() { stopped <- s.Stop(within(t, time.Minute), name) }()
			var counted uint32
			for {
				select {
				case err := <-stopped:
					if err != nil {
						t.Error(err)
					}
					if now := state(t, s, name, win.Stopped); now.ExitCode != 0 {
						t.Errorf("exit code %d", now.ExitCode)
					}
					if manner == "slow" && counted < 2 {
						t.Errorf("it has counted to %d while it stopped", counted)
					}
					return
				case <-time.After(100 * time.Millisecond):
					if now, err := s.Status(name); err == nil && now.State == win.StopPending {
						counted = max(counted, now.CheckPoint)
					}
				}
			}
		})
	}
}

func TestRunServiceEnds(t *testing.T) {
	s := services(t)
	for manner, want := range map[string]uint32{
		"ends":            0,
		"fails":           uint32(windows.ERROR_PATH_NOT_FOUND),
		"fails of itself": uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR),
	} {
		t.Run(manner, func(t *testing.T) {
			name := create(t, s, "run", manner).Name
			if err := s.Start(within(t, time.Minute), name); err != nil {
				t.Logf("ended before anyone saw it run: %v", err)
			}
			ctx := within(t, time.Minute)
			for {
				now, err := s.Status(name)
				if err != nil {
					t.Fatal(err)
				}
				if now.State == win.Stopped {
					if now.ExitCode != want {
						t.Errorf("exit code %d, want %d", now.ExitCode, want)
					}
					return
				}
				if ctx.Err() != nil {
					t.Fatalf("it is %s", now.State)
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
}

func TestRunServiceFromAConsole(t *testing.T) {
	services(t) // only there is it known that no service manager has started the test
	err := win.RunService("redx-test", func(context.Context) error {
		t.Error("it was run")
		return nil
	})
	if !errors.Is(err, win.ErrNoManager) {
		t.Errorf("got %v, want win.ErrNoManager", err)
	}
}

func TestRights(t *testing.T) {
	elevated, err := win.Elevated()
	if err != nil {
		t.Error(err)
	}
	network, err := win.NetworkLogon()
	if err != nil {
		t.Error(err)
	}
	if network && os.Getenv("REDX_TEST_SERVICES") != "" {
		t.Error("Wine knows no network logon")
	}
	t.Logf("elevated %v, network logon %v", elevated, network)
}

func TestProcesses(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(program)
	pid := uint32(os.Getpid())
	if got, err := win.ProcessName(pid); err != nil || !strings.EqualFold(got, name) {
		t.Errorf("got %q, %v, want %q", got, err, name)
	}
	got, err := win.Processes("no-such.exe", strings.ToUpper(name))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range got {
		if !strings.EqualFold(p.Name, name) {
			t.Errorf("got %+v, want %s", p, name)
		}
		found = found || p.PID == pid
	}
	if !found {
		t.Errorf("got %v, want process %d among them", got, pid)
	}
	if got, err := win.Processes("no-such.exe"); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want none", got, err)
	}
	if _, err := win.ProcessName(pid | 1<<30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}
