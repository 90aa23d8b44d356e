// Package native is redx's own engine: it visits an update location by MS-WUSP, evaluates the rules against the computer,
// downloads, verifies digests and signatures, extracts, has the update installed, and reports. It composes location, scan,
// download, authenticode, install and trace, and decides nothing that these decide.
//
// It schedules nothing and heals nothing. Its invariant: what it installs came over the digests of the location's metadata
// and carries a signature that the computer's owner trusts; and an attempt that fails says at which stage, with the code that
// Windows' own agent has for it.
package native

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/download"
	"github.com/redx-update/redx/internal/agent/facts"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/agent/scan"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair"
)

// Options say which computer, which location, and what is trusted. Image, Top, Root, Server, Trust, HTTP and Log must be set.
type Options struct {
	// Image opens the installation to look at it, anew at each call.
	Image func() (image.Image, error)
	// Top is the folder of this machine that is the installation's drive: C:\ on a Windows that runs.
	Top string
	// Root is where SoftwareDistribution stands: the Windows folder, or C:\ProgramData\redx with Own.
	Root repair.Root
	// Lab: the image carries the lab's marker, and the engine stands in for Windows' own agent there.
	Lab bool
	// Server is the update location's URL; Group the target group that the computer claims, or "".
	Server, Group string
	// Trust are the roots that the signatures of payloads have to lead to.
	Trust *x509.CertPool
	HTTP  *http.Client
	// Categories are those that are scanned for; none: all. NoDrivers has no drivers asked for.
	Categories []agent.Category
	NoDrivers  bool
	// Bandwidth is how many bytes a second a download may take; 0: all there are.
	Bandwidth int64
	// Programs starts installers on a Windows that runs; nil where none can be.
	Programs install.Programs
	Log      *slog.Logger
	// Now is the clock, and Wait waits or gives the context's error; nil: the real ones.
	Now  func() time.Time
	Wait func(context.Context, time.Duration) error
}

// Engine implements agent.Engine and agent.Teller. Whoever has one holds the agent's lock.
type Engine struct {
	o         Options
	drive     *disk.Drive
	folder    string // the agent's own, as this machine names it
	computer  computer
	memory    memory
	client    *location.Client
	set       scan.Set
	getter    *download.Getter
	trace     *trace.Keeper
	installer *install.Installer
	offers    map[string]*offer // by update, of the last scan
	now       facts.Computer    // as it is in the scan that is made
}

var (
	_ agent.Engine = (*Engine)(nil)
	_ agent.Teller = (*Engine)(nil)
)

// stateFolder is the agent's own folder below the drive.
const stateFolder = `\ProgramData\redx\agent`

// New opens the engine, and ends what an earlier process has left.
func New(o Options) (*Engine, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	letter, _ := image.SplitDrive(o.Root.Dir)
	drive, err := disk.Open(o.Top, letter)
	if err != nil {
		return nil, fmt.Errorf("open the drive of the agent: %w", err)
	}
	e := &Engine{o: o, drive: drive, offers: map[string]*offer{}}
	if err := e.open(letter); err != nil {
		return nil, errors.Join(err, drive.Close())
	}
	return e, nil
}

func (e *Engine) open(letter string) error {
	windows, err := e.meet()
	if err != nil {
		return fmt.Errorf("look at the computer: %w", err)
	}
	for _, folder := range []string{letter + stateFolder, e.o.Root.Dir} {
		if _, err := disk.MakeAll(e.drive, folder); err != nil {
			return fmt.Errorf("make the agent's folder: %w", err)
		}
	}
	if e.folder, err = e.drive.Host(letter + stateFolder); err != nil {
		return err
	}
	if err := e.recall(); err != nil {
		return err
	}
	if err := e.connect(); err != nil {
		return err
	}
	t := trace.Options{Root: e.o.Root.Dir, Computer: e.computer.name, Client: "redx agent"}
	target := install.Running
	switch {
	case e.o.Lab:
		target, t.Logs = install.Lab, windows+`\System32\winevt\Logs`
	case e.o.Programs == nil:
		target = install.Image
	}
	e.trace = trace.New(e.drive, t)
	e.installer = &install.Installer{
		Disk: e.drive, Trace: e.trace, Target: target, State: letter + stateFolder, Windows: windows, Top: e.o.Top,
		Programs: e.o.Programs, Now: e.o.Now,
	}
	return e.recover()
}

// connect makes the client and the getter of files.
func (e *Engine) connect() error {
	state, note, err := location.Load(e.folder)
	if err != nil {
		return err
	}
	if note != "" {
		e.o.Log.Warn("what was known of the update location begins anew", slog.String("why", note))
	}
	o := location.Options{
		URL: e.o.Server, HTTP: e.o.HTTP, ClientID: e.memory.ClientID, Name: e.computer.dns(), Group: e.o.Group, Info: e.computer.info(),
		Categories: e.o.Categories, Locales: e.computer.locales(), Log: e.o.Log, Now: e.o.Now, Wait: e.o.Wait,
	}
	if !e.o.NoDrivers {
		o.Hardware = e.hardware
	}
	e.client, err = location.New(o, state)
	files := *e.o.HTTP
	files.CheckRedirect = location.SameHost
	e.getter = &download.Getter{HTTP: &files, Limit: download.NewLimit(e.o.Bandwidth), Log: e.o.Log, StatusCode: location.StatusCode}
	return err
}

// Close lets go of the drive. What is to be remembered is on the disk already.
func (e *Engine) Close() error { return e.drive.Close() }

// Tell implements agent.Teller.
func (e *Engine) Tell(ctx context.Context, findings []byte) (agent.Verdict, error) {
	v, err := e.client.Tell(ctx, findings)
	return v, errors.Join(err, e.client.State().Save(e.folder))
}
