package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/home"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/win"
)

// registryOf is this computer's registry.
type registryOf struct{}

func (registryOf) Read(key, name string) (win.MachineValue, error) {
	return win.ReadMachineValue(key, name)
}
func (registryOf) Write(v win.MachineValue) error { return win.WriteMachineValue(v) }

// programName is the copy of redx that the service runs: the one that installs it may stand on a stick.
const programName = "redx.exe"

// Pauses before Windows starts a service again that has failed.
const (
	firstAgain = time.Minute
	thenAgain  = 5 * time.Minute
	lastAgain  = 30 * time.Minute
)

// Install puts the agent onto this computer and starts it; one that is installed already is replaced. The policy is that
// of an update location that was asked for, mostly none. What fails half-way is taken back.
func Install(ctx context.Context, f Files, policy []win.MachineValue) (err error) {
	m, err := live.Open()
	if err != nil {
		return err
	}
	defer m.Close()
	path, err := m.Below(home.Name)
	if err != nil {
		return err
	}
	folder, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	s, err := win.OpenServices()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := remove(ctx, s); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, takeBack(context.WithoutCancel(ctx), s, folder))
		}
	}()
	if err := f.Write(folder, agent.SettingsName); err != nil {
		return err
	}
	if err := copyProgram(folder); err != nil {
		return fmt.Errorf("put redx where the service finds it: %w", err)
	}
	if len(policy) > 0 {
		if err := SetLocation(folder, registryOf{}, policy); err != nil {
			return err
		}
	}
	return start(ctx, s, path+`\`+programName)
}

// start makes the service and starts it.
func start(ctx context.Context, s *win.Services, program string) error {
	spec := win.Spec{
		Name: Name, Title: "redx agent", Program: program, Args: Args(),
		Description: "Gets updates from the organization's update server, installs them, and mends what keeps them from being installed.",
	}
	err := s.Create(spec)
	for pause := 100 * time.Millisecond; errors.Is(err, win.ErrDeleting) && pause < time.Minute; pause *= 2 {
		time.Sleep(pause) // the old one goes when the last program has let go of it
		err = s.Create(spec)
	}
	if err != nil {
		return err
	}
	return errors.Join(win.AddEventSource(Name), s.SetDelayed(Name, true), s.SetRecovery(Name, firstAgain, thenAgain, lastAgain), s.Start(ctx, Name))
}

// copyProgram puts this program into the folder.
func copyProgram(folder *os.Root) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if strings.EqualFold(filepath.Dir(self), folder.Name()) {
		return nil // it is that very one
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := folder.Create(programName + ".new")
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return folder.Rename(programName+".new", programName)
}

// remove stops and removes the service; none is no error.
func remove(ctx context.Context, s *win.Services) error {
	err := s.Stop(ctx, Name)
	if err == nil {
		err = s.Delete(Name)
	}
	if errors.Is(err, win.ErrNoService) {
		return nil
	}
	return err
}

func takeBack(ctx context.Context, s *win.Services, folder *os.Root) error {
	_, perr := RestoreLocation(folder, registryOf{})
	return errors.Join(remove(ctx, s), perr, win.RemoveEventSource(Name))
}

// Uninstall stops the agent and takes off this computer all that Install and the agent have put there: service, program,
// settings, downloads, policy. The history that redx has kept, and what it needs to undo repairs, go only with all.
func Uninstall(ctx context.Context, all bool) (r Removed, err error) {
	m, err := live.Open()
	if err != nil {
		return r, err
	}
	defer m.Close()
	s, err := win.OpenServices()
	if err != nil {
		return r, err
	}
	defer s.Close()
	if err := errors.Join(remove(ctx, s), win.RemoveEventSource(Name)); err != nil {
		return r, err
	}
	path, err := m.ExistingBelow(home.Name)
	switch {
	case err == nil:
		if r.Policy, err = restore(path); err != nil {
			return r, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return r, err
	}
	own := filepath.Dir(path)
	if err := sweep(own, all); err != nil {
		return r, err
	}
	if names, err := os.ReadDir(own); err == nil && len(names) > 0 {
		r.Kept = own
	}
	return r, nil
}

func restore(path string) ([]string, error) {
	folder, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return RestoreLocation(folder, registryOf{})
}

// sweep removes what the agent has put into redx's own folder, and that folder when nothing is left in it.
func sweep(own string, all bool) error {
	names, err := os.ReadDir(own)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, n := range names {
		name := strings.ToLower(n.Name())
		if all || name == home.Name || name == "softwaredistribution" || strings.HasPrefix(name, "sdtemp") {
			errs = append(errs, removeAll(filepath.Join(own, n.Name())))
		}
	}
	_ = os.Remove(own) // only when it is empty
	return errors.Join(errs...)
}

// removeAll removes a folder. A program that runs cannot be removed: Windows does that when it starts next.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	for pause := 50 * time.Millisecond; err != nil && pause < 4*time.Second; pause *= 2 {
		time.Sleep(pause) // who has just ended may be held for a moment
		err = os.RemoveAll(path)
	}
	program := path + `\` + programName
	if _, serr := os.Stat(program); err == nil || serr != nil {
		return err
	}
	return errors.Join(win.RenameAtRestart(program, ""), win.RenameAtRestart(path, ""))
}
