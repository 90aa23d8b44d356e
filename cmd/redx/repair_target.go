package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/act/offline"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/look"
	repairrun "github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/vault"
	"github.com/redx-update/redx/internal/wuaclient"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// target is the installation that a repair is about.
type target struct {
	*session.Session // nil where nothing can be repaired: logs, a raw image, the Windows folder alone
	std              stdio
	options          *repairOptions
	image            report.Image
	facts            func(ctx context.Context, s *repair.Scene)
	own              func(making bool) (*os.Root, error) // the folder of journals
	log              func(session.Event)                 // the event log of a Windows that runs
	home             string                              // redx's own folder, as this machine names it; known when own has made it
	held             *journal.Dir
	closers          []io.Closer
}

// target opens what the flags name for a repair. Nothing is changed by that.
func (o *repairOptions) target(std stdio) (*target, error) {
	img, err := o.open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	t := &target{std: std, options: o, image: report.Image{Kind: img.Kind(), Path: img.Path()}, facts: func(context.Context, *repair.Scene) {}}
	switch img.Kind() {
	case image.Online:
		err = t.live()
	case image.Offline:
		err = t.offline(img)
	}
	if err == nil && t.Session != nil {
		err = t.prepare(img)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *target) offline(img image.Image) error {
	top := ""
	if on, ok := img.(interface{ Top() string }); ok {
		top = on.Top()
	}
	if top == "" {
		t.facts = func(_ context.Context, s *repair.Scene) { s.ReadOnly = unwritable(t.options.image) }
		return nil
	}
	d, err := offline.Open(top, look.Root(img))
	if err != nil {
		return err
	}
	t.closers = append(t.closers, d)
	t.facts = func(_ context.Context, s *repair.Scene) { d.Facts(s) }
	t.own = func(making bool) (*os.Root, error) {
		open := d.Own
		if making {
			open = d.MakeOwn
		}
		home, journals, err := open()
		if err == nil {
			t.closers = append(t.closers, home)
			t.home = home.Name()
		}
		return journals, err
	}
	t.Session = &session.Session{Machine: repairrun.Machine{Files: d, Pause: patience}, Copies: d, Sound: t.sound}
	return nil
}

func unwritable(path string) string {
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

func (t *target) live() error {
	m, err := live.Open()
	if err != nil {
		return err
	}
	t.closers = append(t.closers, m)
	agent, err := newAgent()
	if err != nil {
		return err
	}
	t.facts = func(ctx context.Context, s *repair.Scene) { m.Facts(ctx, s, agent) }
	t.own = func(making bool) (*os.Root, error) {
		if !making {
			return m.ExistingJournals()
		}
		var err error
		if t.home, err = m.OwnFolder(); err != nil {
			return nil, err
		}
		return m.Journals()
	}
	t.log = eventLog(m)
	t.Session = &session.Session{Machine: m.Run(), Copies: m, Jobs: wuaclient.Queue{Agent: agent}}
	t.Prover = &wuaclient.Prover{
		Agent: agent, Location: protocol.Location(t.options.location), Install: t.options.install, Gather: t.gather,
	}
	return nil
}

// gather reads all evidence anew.
func (t *target) gather(ctx context.Context) (*evidence.Set, error) {
	img, err := t.options.open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return gather.Gather(ctx, img, gather.Options{})
}

// prepare learns whose journals there can be, and opens them for looking.
func (t *target) prepare(img image.Image) error {
	root := look.Root(img)
	t.Self = journal.Self{Machine: look.Image(img, nil).Machine, Roots: []repair.Root{root}}
	t.Look = t.look
	t.Observe = observers(t.progress(), t.log)
	journals, err := t.own(false)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission): // what may not be read may not be repaired either
		t.Journals = journal.Look(nil)
		return nil
	case err != nil:
		return t.problem(err)
	}
	t.closers = append(t.closers, journals)
	t.Journals = journal.Look(journals)
	return nil
}

// look is for session.Session.
func (t *target) look(ctx context.Context, targets []repair.Target) (*repair.Scene, error) {
	img, err := t.options.open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	scene := look.Image(img, targets)
	t.facts(ctx, scene)
	return scene, nil
}

// sound is for session.Session: what a crash has left is ended also while a restart is pending.
func (t *target) sound(ctx context.Context) error {
	scene, err := t.look(ctx, nil)
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

// hold takes the journals for changing; others are kept out until the target is closed.
func (t *target) hold() error {
	if t.held != nil {
		return nil
	}
	journals, err := t.own(true)
	if err != nil {
		return err
	}
	t.closers = append(t.closers, journals)
	if t.held, err = journal.Lock(journals); err != nil {
		return err
	}
	t.Journals = t.held
	t.Vault = &vault.Keeper{Folder: t.home, Gather: t.gather, Told: t.saved}
	return nil
}

// saved says of the vault only what nobody expects.
func (t *target) saved(s vault.Saved) {
	if s.Aside != "" {
		fmt.Fprintf(t.std.err, "redx: note: the saved history could not be used (%s); it was put aside as %s\n", s.Why, s.Aside)
	}
}

// first says that an earlier repair was never ended, and unless it is only to be looked at, ends it.
func (t *target) first(ctx context.Context, looking bool) error {
	if t.Session == nil {
		return nil
	}
	names, err := t.Journals.Names()
	if err != nil || len(names) == 0 {
		return err
	}
	if !looking {
		if err := t.hold(); err != nil {
			return err
		}
		left, err := t.Settle(ctx)
		t.recovered(left)
		return err
	}
	st, err := t.Status()
	for _, one := range st.Steps {
		if one.State == "open" || one.State == "waits-for-restart" {
			fmt.Fprintf(t.std.err, "redx: note: an earlier repair (journal %s) is %s; a repair ends it first\n", one.Journal, one.State)
		}
	}
	return err
}

func (t *target) close() {
	var errs []error
	if t.held != nil {
		errs = append(errs, t.held.Unlock())
	}
	for _, c := range slices.Backward(t.closers) {
		errs = append(errs, c.Close())
	}
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintf(t.std.err, "redx: warning: %v\n", err)
	}
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t'&|<>()$;") {
		return `"` + path + `"`
	}
	return path
}
