// Package site opens an installation, the Windows that runs or a folder that is a drive, as a repair needs it: the
// session that repairs it, its journals, its vault, and the facts that a plan hangs on. It is what the commands and the
// agent have in common, and decides nothing of a repair.
//
// Its invariant is that opening changes nothing: redx's own folders are made, and others kept out, by Hold alone.
package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/act/offline"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/look"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/vault"
)

// Options say which installation, and which of its folders.
type Options struct {
	// Open opens the installation to look at it, anew at each call.
	Open func() (image.Image, error)
	// Own is for the SoftwareDistribution of redx's own agent, ProgramData\redx, instead of Windows'. No service is touched.
	Own bool
	// Busy tells whether Windows' own agent installs something; nil: it is not asked.
	Busy live.Installer
	// Extra is what else can be asked for the history, when that is saved; nil: nothing.
	Extra []gather.Source
	// Observe is told what happens, Told of each saving of the history; nil: nobody wants to know.
	Observe func(session.Event)
	Told    func(vault.Saved)
}

// Site is an installation that is open for a repair.
type Site struct {
	*session.Session // nil where nothing can be repaired: logs, a raw image, the Windows folder alone
	Kind             image.Kind
	Path             string

	options Options
	root    repair.Root
	facts   func(ctx context.Context, s *repair.Scene)
	own     func(making bool) (*os.Root, error) // the folder of journals
	home    string                              // redx's own folder, as this machine names it; known when own has made it
	held    *journal.Dir
	protect func() error // gives redx's own folder on a drive to its administrators alone; nil where it need not be
	forget  func() error // ends that the event log knows redx; nil where there is none
	closers []io.Closer
}

// Open opens an installation. Nothing is changed by that.
func Open(o Options) (*Site, error) {
	img, err := o.Open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	s := &Site{options: o, Kind: img.Kind(), Path: img.Path(), root: Root(img, o.Own), facts: func(context.Context, *repair.Scene) {}}
	switch s.Kind {
	case image.Online:
		err = s.live()
	case image.Offline:
		err = s.offline(img)
	}
	if err == nil && s.Session != nil {
		err = s.prepare(img)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Root is the folder in which SoftwareDistribution stands: Windows' or that of redx's own agent.
func Root(img image.Image, own bool) repair.Root {
	windows := look.Root(img)
	if !own {
		return windows
	}
	drive, _ := image.SplitDrive(windows.Dir)
	return repair.Root{Dir: drive + vault.Folder, Own: true}
}

// Root is the folder in which the SoftwareDistribution that is repaired stands.
func (s *Site) Root() repair.Root { return s.root }

func (s *Site) offline(img image.Image) error {
	top := ""
	if on, ok := img.(interface{ Top() string }); ok {
		top = on.Top()
	}
	if top == "" {
		dirty, err := closedBadly(img)
		s.facts = func(_ context.Context, scene *repair.Scene) {
			scene.ReadOnly, scene.Dirty = Unwritable(s.Path), dirty
			if err != nil {
				scene.Unseen = append(scene.Unseen, fmt.Sprintf("whether the volume was closed properly: %v", err))
			}
		}
		return nil
	}
	d, err := offline.Open(top, look.Root(img))
	if err != nil {
		return err
	}
	s.closers = append(s.closers, d)
	s.facts = func(_ context.Context, scene *repair.Scene) { d.Facts(scene) }
	s.own = func(making bool) (*os.Root, error) { return s.onDrive(d, making) }
	s.Session = &session.Session{Machine: run.Machine{Files: d, Pause: patience}, Copies: d, Sound: s.sound}
	return nil
}

func (s *Site) onDrive(d *offline.Drive, making bool) (*os.Root, error) {
	open := d.Own
	if making {
		open = d.MakeOwn
	}
	home, journals, err := open()
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, home)
	s.home = home.Name()
	if making {
		s.protect = func() error { return d.Protect(home) }
		_ = s.protect() // a crash leaves it so; what cannot be done is told by Close
	}
	return journals, nil
}

// closedBadly asks an image that is a raw volume for its state.
func closedBadly(img image.Image) (bool, error) {
	if raw, ok := img.(interface{ Dirty() (bool, error) }); ok {
		return raw.Dirty()
	}
	return false, nil
}

// Unwritable says why nothing can be repaired at a path that is no drive.
func Unwritable(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "only the Windows folder was given; redx needs the whole drive, for its journal among other things"
	}
	return "an image file is only read; mount it to repair what is in it"
}

// patience waits three seconds in all for who holds a folder of a disk that is looked at from another Windows.
func patience(attempt int) bool {
	const first, most = 100 * time.Millisecond, 5
	if attempt >= most {
		return false
	}
	time.Sleep(first << attempt)
	return true
}

func (s *Site) live() error {
	m, err := live.Open()
	if err != nil {
		return err
	}
	s.closers = append(s.closers, m)
	on := m
	if s.options.Own {
		on = m.Own()
	}
	s.facts = func(ctx context.Context, scene *repair.Scene) { on.Facts(ctx, scene, s.options.Busy) }
	s.own = func(making bool) (*os.Root, error) {
		if !making {
			return m.ExistingJournals()
		}
		var err error
		if s.home, err = m.OwnFolder(); err != nil {
			return nil, err
		}
		return m.Journals()
	}
	s.forget = m.ForgetSource
	s.options.Observe = Observers(s.options.Observe, EventLog(m))
	s.Session = &session.Session{Machine: on.Run(), Copies: m}
	return nil
}

// prepare learns whose journals there can be, and opens them for looking.
func (s *Site) prepare(img image.Image) error {
	s.Self = journal.Self{Machine: look.Image(img, nil).Machine, Roots: []repair.Root{Root(img, false), Root(img, true)}}
	s.Look = s.look
	s.Observe = s.options.Observe
	journals, err := s.own(false)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission): // what may not be read may not be repaired either
		s.Journals = journal.Look(nil)
		return nil
	case err != nil:
		return err
	}
	s.closers = append(s.closers, journals)
	s.Journals = journal.Look(journals)
	return nil
}

// Forget ends that the event log knows redx, for when nothing is kept any more. What it wrote stays there.
func (s *Site) Forget() error {
	if s.forget == nil {
		return nil
	}
	return s.forget()
}

// Gather reads all evidence anew.
func (s *Site) Gather(ctx context.Context) (*evidence.Set, error) { return s.gather(ctx, nil) }

// history reads all evidence anew, with what else can be asked for the history.
func (s *Site) history(ctx context.Context) (*evidence.Set, error) {
	return s.gather(ctx, s.options.Extra)
}

func (s *Site) gather(ctx context.Context, extra []gather.Source) (*evidence.Set, error) {
	img, err := s.options.Open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return gather.Gather(ctx, img, gather.Options{Extra: extra})
}

// Scene looks at everything that a plan which moves the targets hangs on.
func (s *Site) Scene(ctx context.Context, img image.Image, targets []repair.Target) *repair.Scene {
	scene := look.At(img, s.root, targets)
	s.facts(ctx, scene)
	return scene
}

// look is for session.Session.
func (s *Site) look(ctx context.Context, targets []repair.Target) (*repair.Scene, error) {
	img, err := s.options.Open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return s.Scene(ctx, img, targets), nil
}

// sound is for session.Session: what a crash has left is ended also while a restart is pending.
func (s *Site) sound(ctx context.Context) error {
	scene, err := s.look(ctx, nil)
	if err != nil {
		return err
	}
	refusals := slices.DeleteFunc(repair.Refuse(scene, nil, 0), func(r repair.Refusal) bool {
		return r.Reason == repair.RestartPending || r.Reason == repair.InstallRunning
	})
	if len(refusals) > 0 {
		return &session.Refused{Refusals: refusals}
	}
	return nil
}

// Hold takes the journals for changing, and makes redx's own folders where they are not there; others are kept out until
// the site is closed. journal.ErrLocked when somebody else has them.
func (s *Site) Hold() error {
	if s.held != nil {
		return nil
	}
	journals, err := s.own(true)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, journals)
	if s.held, err = journal.Lock(journals); err != nil {
		return err
	}
	s.Journals = s.held
	s.Vault = &vault.Keeper{Folder: s.home, Gather: s.history, Told: s.options.Told}
	return nil
}

// Close lets go of the installation.
func (s *Site) Close() error {
	var errs []error
	if s.protect != nil {
		errs = append(errs, s.protect())
	}
	if s.held != nil {
		errs = append(errs, s.held.Unlock())
	}
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c.Close())
	}
	s.closers, s.protect = nil, nil
	return errors.Join(errs...)
}
