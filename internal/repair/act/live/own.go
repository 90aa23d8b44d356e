package live

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/redx-update/redx/internal/win"
)

// folder is redx's own folder: its copy, its journals, its history.
func (m *Machine) folder() string { return m.data + `\redx` }

// ErrNotOwn says that somebody else has, or can get at, what should be redx's alone.
var ErrNotOwn = errors.New("the folder is not redx's alone")

// OwnFolder gives redx's own folder, and makes it when it is not there.
func (m *Machine) OwnFolder() (string, error) { return m.folder(), m.ownFolder(m.folder()) }

// Journals opens the folder of journals, and makes it when it is not there. ErrNotOwn, before a byte of it is read,
// when it is not redx's alone or a link is on the way to it.
func (m *Machine) Journals() (*os.Root, error) {
	path := m.folder() + `\journal`
	if err := m.ownFolder(m.folder()); err != nil {
		return nil, err
	}
	if err := m.ownFolder(path); err != nil {
		return nil, err
	}
	return os.OpenRoot(path)
}

// ExistingJournals opens the folder of journals to read it. fs.ErrNotExist when there is none.
func (m *Machine) ExistingJournals() (*os.Root, error) {
	path := m.folder() + `\journal`
	if err := m.existing(path); err != nil {
		return nil, err
	}
	return os.OpenRoot(path)
}

// Below gives a folder of redx's own below that folder, and makes both when they are not there.
func (m *Machine) Below(name string) (string, error) {
	path := m.folder() + `\` + name
	if err := m.ownFolder(m.folder()); err != nil {
		return "", err
	}
	return path, m.ownFolder(path)
}

// ExistingBelow is Below for one who only looks. fs.ErrNotExist when there is none.
func (m *Machine) ExistingBelow(name string) (string, error) {
	path := m.folder() + `\` + name
	return path, m.existing(path)
}

// existing looks whether a folder below redx's own is there and redx's alone, and so is that one.
func (m *Machine) existing(path string) error {
	if err := m.checkOwn(m.folder()); err != nil {
		return err
	}
	return m.checkOwn(path)
}

// ownFolder makes a folder of redx's own, or finds that it is one already.
func (m *Machine) ownFolder(path string) error {
	err := m.checkOwn(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err = m.sys.MakeProtected(path); errors.Is(err, fs.ErrExist) {
		err = m.checkOwn(path) // somebody was faster
	}
	return err
}

func (m *Machine) checkOwn(path string) error {
	data, err := m.sys.Look(m.data)
	if err != nil {
		return err
	}
	if data.Reparse || !data.Folder {
		return fmt.Errorf("%w: %s is a link or no folder", ErrNotOwn, m.data)
	}
	err = m.sys.CheckProtected(path)
	if errors.Is(err, win.ErrUnprotected) {
		return fmt.Errorf("%w: %w", ErrNotOwn, err)
	}
	return err
}
