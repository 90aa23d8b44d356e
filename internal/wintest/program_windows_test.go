package wintest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/redx-update/redx/internal/win"
)

// TestMain is the test program's other sides: each verb is what verbs says.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && verbs[os.Args[1]] != nil {
		if err := verbs[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var verbs = map[string]func(args []string) error{
	"service":    serve,   // NAME MANNER [PATH]: the body of a service
	"install":    install, // NAME START MANNER [PATH]: START is a number, with a d for delayed
	"quiet":      func(names []string) error { return each(names, quiet) },
	"remove":     func(names []string) error { return each(names, remove) },
	"start":      func(names []string) error { return each(names, start) },
	"stop":       func(names []string) error { return each(names, stop) },
	"state":      state,         // NAME...: JSON
	"hold":       holdOpen,      // PATH: until its input ends
	"die":        die,           // N: repairs, and dies before the N-th act
	"setup":      installUpdate, // FROM TO: what an update's own program does
	"traces":     traces,        // of the agent that was taken off
	"setPolicy":  setPolicy,     // NAME TEXT: of the update agent
	"dropPolicy": dropPolicy,    // of the update agent
	"forget":     forget,        // takes redx's renames off the list of those at the next start
}

func each(names []string, do func(*win.Services, string) error) error {
	s, err := win.OpenServices()
	if err != nil {
		return err
	}
	defer s.Close()
	for _, name := range names {
		if err := do(s, name); err != nil {
			return err
		}
	}
	return nil
}

// install makes a service that behaves as its manner says. One that is there becomes so.
func install(args []string) error {
	name, manner := args[0], args[2:]
	number, delayed := strings.CutSuffix(args[1], "d")
	start, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	spec := win.Spec{Name: name, Title: name, Program: program, Args: append([]string{"service", name}, manner...)}
	return each([]string{name}, func(s *win.Services, name string) error {
		err := s.Create(spec)
		if errors.Is(err, win.ErrExists) {
			err = errors.Join(kill(s, name), reconfigure(spec), s.SetStart(name, win.StartAutomatic))
		}
		if err != nil {
			return err
		}
		return errors.Join(s.SetDelayed(name, delayed), s.SetStart(name, win.StartType(start)))
	})
}

// reconfigure gives a service another program. It is not made anew: one that Wine starts with a delay, it holds on to
// for two minutes after each start of Windows.
func reconfigure(spec win.Spec) error {
	m, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return err
	}
	defer windows.CloseServiceHandle(m) //nolint:errcheck // nothing is lost with it
	h, err := windows.OpenService(m, windows.StringToUTF16Ptr(spec.Name), windows.SERVICE_CHANGE_CONFIG)
	if err != nil {
		return err
	}
	defer windows.CloseServiceHandle(h) //nolint:errcheck // nothing is lost with it
	const same = windows.SERVICE_NO_CHANGE
	command := windows.StringToUTF16Ptr(win.CommandLine(spec.Program, spec.Args))
	return windows.ChangeServiceConfig(h, windows.SERVICE_WIN32_OWN_PROCESS, same, same, command, nil, nil, nil, nil, nil, nil)
}

// quiet ends what a test has installed: it does not run, and does not start by itself.
func quiet(s *win.Services, name string) error {
	c, err := s.Config(name)
	if errors.Is(err, win.ErrNoService) {
		return nil
	}
	err = errors.Join(err, kill(s, name))
	if c.Start == win.StartAutomatic {
		err = errors.Join(err, s.SetDelayed(name, false))
	}
	return errors.Join(err, s.SetStart(name, win.StartManual))
}

// kill ends a service's process, whatever it does just now.
func kill(s *win.Services, name string) error {
	now, err := s.Status(name)
	if err != nil || now.PID == 0 || now.Shared {
		return err
	}
	p, err := windows.OpenProcess(windows.PROCESS_TERMINATE|windows.SYNCHRONIZE, false, now.PID)
	if err != nil {
		return nil // it has ended by itself
	}
	defer windows.CloseHandle(p)       //nolint:errcheck // nothing is lost with it
	_ = windows.TerminateProcess(p, 1) // as well
	_, err = windows.WaitForSingleObject(p, 5000)
	return err
}

// remove deletes a service.
func remove(s *win.Services, name string) error {
	if err := s.Delete(name); err != nil && !errors.Is(err, win.ErrNoService) {
		return err
	}
	return nil
}

func start(s *win.Services, name string) error {
	ctx, cancel := within(20 * time.Second)
	defer cancel()
	return s.Start(ctx, name)
}

func stop(s *win.Services, name string) error {
	ctx, cancel := within(20 * time.Second)
	defer cancel()
	return s.Stop(ctx, name)
}

// serviceState is what the tests compare.
type serviceState struct {
	Name             string
	Present, Running bool
	Start            int
	Delayed          bool
}

// stateOf looks at a service, which may go while it is looked at.
func stateOf(s *win.Services, name string) (serviceState, error) {
	st := serviceState{Name: name}
	c, err := s.Config(name)
	now, err2 := s.Status(name)
	err = errors.Join(err, err2)
	if errors.Is(err, win.ErrNoService) {
		return st, nil
	}
	st.Present, st.Running, st.Start = true, now.State != win.Stopped, int(c.Start)
	st.Delayed = c.Delayed != nil && *c.Delayed
	return st, err
}

func state(names []string) error {
	var all []serviceState
	err := each(names, func(s *win.Services, name string) error {
		st, err := stateOf(s, name)
		all = append(all, st)
		return err
	})
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(all))
}

// openFolder opens a folder itself so that it cannot be renamed.
func openFolder(path string) (windows.Handle, error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(p, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
}

// forget takes off Windows' list what an earlier test has left there.
func forget([]string) error {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Session Manager`, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	if err := k.DeleteValue("PendingFileRenameOperations"); !errors.Is(err, registry.ErrNotExist) {
		return err
	}
	return nil
}

// holdOpen holds a folder until nobody listens any more.
func holdOpen(args []string) error {
	h, err := openFolder(args[0])
	if err != nil {
		return err
	}
	fmt.Println("held") //nolint:forbidigo // it is the program's answer
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, windows.CloseHandle(h))
}
