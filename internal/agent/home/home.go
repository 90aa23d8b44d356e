// Package home opens the folder in which the agent of an installation keeps what is its own: ProgramData\redx\agent, of
// the Windows that runs or of a drive that stands in a folder here. It holds the agent's state, its policy, and the lock
// that only one agent has at a time.
//
// It reads none of that. Its invariant: the folder is redx's own on every step of the way, or it is not opened.
package home

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/act/offline"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/look"
)

// Name is the folder below ProgramData\redx.
const Name = "agent"

// ErrNowhere says that no agent can work there: the image is only read, or is no whole drive.
var ErrNowhere = errors.New("no agent can work there: it wants the running Windows, or a folder that is the whole drive")

// Home is the folder, open.
type Home struct {
	Folder string   // as this machine names it
	Top    string   // the folder of this machine that stands for the drive, such as C:\ of the running Windows
	Root   *os.Root // Folder
	lock   *journal.Dir
	// protect gives what was made on a drive to that Windows' administrators alone; nil where there is nothing to do.
	protect func() error
}

// Open opens the folder of an installation's agent, and makes it when that is wanted. fs.ErrNotExist when it is not there.
func Open(img image.Image, making bool) (*Home, error) {
	switch img.Kind() {
	case image.Online:
		return onLive(img, making)
	case image.Offline:
		if on, ok := img.(interface{ Top() string }); ok && on.Top() != "" {
			return onDrive(img, on.Top(), making)
		}
	}
	return nil, ErrNowhere
}

func onDrive(img image.Image, top string, making bool) (h *Home, err error) {
	windows := look.Root(img)
	d, err := offline.Open(top, windows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	open := d.Own
	if making {
		open = d.MakeOwn
	}
	own, journals, err := open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, journals.Close(), own.Close()) }()
	root, err := d.Below(own, Name, making)
	if err != nil {
		return nil, err
	}
	h = &Home{Folder: filepath.Join(own.Name(), Name), Top: top, Root: root}
	if making {
		_ = d.Protect(own) // an end without Close leaves it so; what cannot be done is told by Close
		h.protect = func() error { return protect(top, windows) }
	}
	return h, nil
}

// protect does for all that is in redx's own folder on a drive what a redx that runs there wants to find.
func protect(top string, windows repair.Root) (err error) {
	d, err := offline.Open(top, windows)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	own, journals, err := d.Own()
	if err != nil {
		return err
	}
	return errors.Join(d.Protect(own), journals.Close(), own.Close())
}

func onLive(img image.Image, making bool) (h *Home, err error) {
	m, err := live.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	open := m.ExistingBelow
	if making {
		open = m.Below
	}
	folder, err := open(Name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	drive, _ := image.SplitDrive(look.Root(img).Dir)
	return &Home{Folder: folder, Top: drive + `\`, Root: root}, nil
}

// Lock keeps every other agent out, until Close. journal.ErrLocked when another one is in.
func (h *Home) Lock() (err error) {
	h.lock, err = journal.Lock(h.Root)
	return err
}

// Close lets the next one in.
func (h *Home) Close() error {
	var err error
	if h.protect != nil {
		err = h.protect()
	}
	if h.lock != nil {
		err = errors.Join(err, h.lock.Unlock())
	}
	return errors.Join(err, h.Root.Close())
}
