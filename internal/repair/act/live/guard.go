package live

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/redx-update/redx/internal/win"
)

// GuardName is the service that ends what a repair has left when Windows starts.
const GuardName = "redx-recover"

// GuardArgs is the command line of the guard behind its program.
func GuardArgs() []string { return []string{"service", "run", "recover"} }

// program is the copy of redx that the guard runs: the one that began the repair may stand on a stick.
func (m *Machine) program() string { return m.folder() + `\redx.exe` }

// Guarded reports whether the guard is there as Guard makes it.
func (s services) Guarded() (bool, error) {
	c, err := s.sys.Config(GuardName)
	if errors.Is(err, win.ErrNoService) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if c.Start != win.StartAutomatic || !strings.EqualFold(c.Command, s.sys.CommandLine(s.program(), GuardArgs())) {
		return false, nil
	}
	_, err = s.sys.Look(s.program())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Guard copies redx to its own folder and makes the service that runs it when Windows starts.
func (s services) Guard() error {
	if err := s.install(); err != nil {
		return fmt.Errorf("put redx where Windows can start it: %w", err)
	}
	spec := win.Spec{
		Name: GuardName, Title: "redx recovery", Program: s.program(), Args: GuardArgs(),
		Description: "Finishes or takes back a repair of Windows Update that was interrupted, then removes itself.",
	}
	err := s.sys.Create(spec)
	if errors.Is(err, win.ErrExists) { // but is not as it should be
		if err = s.sys.Delete(GuardName); err == nil || errors.Is(err, win.ErrNoService) {
			err = s.sys.Create(spec)
		}
	}
	// One that has removed itself is there until its process has ended.
	for pause := firstPause; errors.Is(err, win.ErrDeleting) && pause < askAgain; pause *= 2 {
		s.sleep(pause)
		err = s.sys.Create(spec)
	}
	return err
}

// install puts this program into redx's folder, unless it is there already.
func (s services) install() error {
	if err := s.ownFolder(s.folder()); err != nil {
		return err
	}
	// An earlier guard may have left it for Windows to remove when it starts next, which is when it is needed.
	if err := s.sys.ForgetRename(s.program(), ""); err != nil {
		return err
	}
	self, err := s.sys.Program()
	if err != nil {
		return err
	}
	same, err := s.sys.SameFile(self, s.program())
	if err != nil || same {
		return err
	}
	if err := s.sys.CopyFile(self, s.program()); err != nil {
		return err
	}
	return s.sys.FlushFolder(s.folder())
}

// Unguard removes the service, and the copy of redx with it. A program cannot be removed while it runs: the guard
// itself leaves its own for Windows to remove.
func (s services) Unguard() error {
	if err := s.sys.Delete(GuardName); err != nil && !errors.Is(err, win.ErrNoService) {
		return err
	}
	err := s.sys.Remove(s.program())
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.sys.RenameAtRestart(s.program(), "")
}
