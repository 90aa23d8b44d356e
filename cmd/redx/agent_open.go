package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/control"
	"github.com/redx-update/redx/internal/agent/engine/native"
	"github.com/redx-update/redx/internal/agent/heal"
	"github.com/redx-update/redx/internal/agent/home"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/lab/marker"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/act/offline"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/site"
	"github.com/redx-update/redx/internal/winsys"
)

// agentOptions are the flags of the commands of an agent.
type agentOptions struct {
	where
	server, trust string
	config        string // a file of settings in place of that in the agent's folder
	kind          string // of engine; empty: as the settings say, or native
	json          bool
}

// addPlace adds the flags that say which computer is meant.
func (o *agentOptions) addPlace(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "a mounted Windows disk, or a lab's image `PATH`; without it this computer")
	f.BoolVar(&o.json, "json", false, "print JSON (docs/json.md)")
}

func (o *agentOptions) addFlags(cmd *cobra.Command) {
	o.addPlace(cmd)
	f := cmd.Flags()
	f.StringVar(&o.server, "server", "", "the update location, `URL`; without it the one that the computer's policy names")
	f.StringVar(&o.kind, "engine", "", "who does the work: `native|wua`, redx itself or Windows' own agent")
	f.StringVar(&o.trust, "trust", "", "PEM `FILE` with the roots that signatures must lead to; without it those of this system")
}

// dial connects to the agent that runs there; control.ErrNotRunning when none does.
func (o *agentOptions) dial(ctx context.Context) (*control.Client, error) {
	h, err := o.home(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, control.ErrNotRunning
	}
	if err != nil {
		return nil, agentProblem(err)
	}
	c, err := control.Dial(ctx, h.Folder)
	if err = errors.Join(err, h.Close()); err != nil {
		return nil, agentProblem(err)
	}
	return c, nil
}

func (o *agentOptions) home(making bool) (*home.Home, error) {
	img, err := o.where.open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return home.Open(img, making)
}

// remembered gives what the agent has written down, when none runs that could be asked.
func (o *agentOptions) remembered() (agent.State, error) {
	h, err := o.home(false)
	if errors.Is(err, fs.ErrNotExist) {
		return agent.State{}, nil
	}
	if err != nil {
		return agent.State{}, err
	}
	s, _, err := agent.StateFile{Folder: h.Root}.Load()
	return s.At(time.Now()), errors.Join(err, h.Close())
}

// agentRun is an agent with what it stands on.
type agentRun struct {
	*agent.Agent
	home   *home.Home
	engine agent.Engine
	healer *heal.Healer
	log    *slog.Logger
}

// openAgent makes the agent ready: it alone has the computer's agent folder from here on.
func (o *agentOptions) openAgent(ctx context.Context, std stdio) (*agentRun, error) {
	h, err := o.home(true)
	if err != nil {
		return nil, agentProblem(err)
	}
	r := &agentRun{home: h, log: slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if err := r.begin(ctx, o); err != nil {
		return nil, agentProblem(errors.Join(err, r.close()))
	}
	return r, nil
}

func (r *agentRun) begin(ctx context.Context, o *agentOptions) error {
	if err := r.home.Lock(); err != nil {
		return err
	}
	policy, err := o.settle(r)
	if err != nil {
		return err
	}
	var own bool
	if r.engine, own, err = o.openEngine(r, policy); err != nil {
		return err
	}
	r.healer = &heal.Healer{
		Engine: r.engine, Open: o.where.open, Own: own, Policy: policy, Clock: agent.SystemClock(), Random: rand.Float64, Log: r.log,
	}
	if err := r.healer.Settle(ctx); err != nil {
		return err
	}
	r.Agent = &agent.Agent{
		Engine: r.engine, Healer: r.healer, Policy: policy, Store: agent.StateFile{Folder: r.home.Root},
		Clock: agent.SystemClock(), Random: rand.Float64, Log: r.log,
	}
	return r.Open(ctx)
}

// engine says what the native engine works on: on a lab's image it stands in for Windows' own agent; anywhere else it
// keeps to redx's own folder.
func (o *agentOptions) engine(h *home.Home, policy agent.Policy, log *slog.Logger) (*native.Options, error) {
	img, err := o.where.open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	e := &native.Options{
		Image: o.where.open, Top: h.Top, HTTP: &http.Client{Timeout: 0, Transport: http.DefaultTransport}, Bandwidth: policy.Bandwidth, Log: log,
		Categories: policy.Categories, NoDrivers: !policy.Drivers,
	}
	if e.Lab, err = onLab(img, h.Top); err != nil {
		return nil, err
	}
	e.Root = site.Root(img, !e.Lab)
	if e.Server, e.Group, err = o.location(img); err != nil {
		return nil, err
	}
	if img.Kind() == image.Online {
		e.Programs = install.System{}
	}
	e.Trust, err = o.roots()
	return e, err
}

// onLab tells an image that carries the lab's marker. The running system never does.
func onLab(img image.Image, top string) (bool, error) {
	if img.Kind() != image.Offline {
		return false, nil
	}
	f, err := os.Open(filepath.Join(top, marker.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, marker.MaxSize)) // of one that is longer the beginning is none
	if err == nil {
		_, err = marker.Parse(data)
	}
	return err == nil, err
}

// location is the update location: that of the flag, or that of the computer's policy.
func (o *agentOptions) location(img image.Image) (server, group string, err error) {
	var policy winsys.Policy
	root, _, err := img.Hive(image.Software)
	if err == nil {
		policy, err = winsys.NewSoftware(root).Policy()
	}
	switch {
	case o.server != "":
		return o.server, policy.TargetGroup, nil
	case err != nil:
		return "", "", fmt.Errorf("read which update server this computer has: %w", err)
	case policy.Server == "" || !policy.UseServer:
		return "", "", &problem{
			exit: exitUsage, err: errors.New("no policy of this computer names an update server"), hint: "name one: --server http://server:8530",
		}
	}
	return policy.Server, policy.TargetGroup, nil
}

// roots are the certificates that signatures must lead to.
func (o *agentOptions) roots() (*x509.CertPool, error) {
	if o.trust == "" {
		return x509.SystemCertPool()
	}
	pool, _, err := readRoots(o.trust)
	return pool, err
}

// serve runs the agent and answers on its channel until the context ends.
func (r *agentRun) serve(ctx context.Context) error {
	l, err := control.Listen(r.home.Folder)
	if err != nil {
		return err
	}
	r.Idle = rest
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	s := &control.Server{Agent: r.Agent, Log: r.log, Check: control.Check(r.home.Folder)}
	go func() { served <- s.Serve(ctx, l) }()
	err = r.Run(ctx)
	stop()
	return errors.Join(err, <-served)
}

func (r *agentRun) close() error {
	var err error
	if r.engine != nil {
		err = r.engine.Close()
	}
	return errors.Join(err, r.home.Close())
}

// interrupted ends a context with the signals that ask a service to stop.
func interrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, terminations()...)
}

// agentProblem says what to do about an error of opening an agent.
func agentProblem(err error) error {
	var known *problem
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, journal.ErrLocked):
		return &problem{exit: exitLocked, err: err, hint: "another agent works there, or another redx repairs it: wait until it has ended"}
	case errors.Is(err, home.ErrNowhere):
		return &problem{exit: exitFailed, err: err, hint: "for a disk: mount it, and name the folder that has Windows in it"}
	case errors.Is(err, offline.ErrPlanted), errors.Is(err, live.ErrNotOwn):
		return &problem{exit: exitFailed, err: err, hint: "redx trusts nothing that others could have put there: look at it, move it away, then try again"}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, control.ErrStranger):
		return &problem{exit: exitElevation, err: err, hint: "run redx from an elevated Command Prompt, or as the owner of the image"}
	}
	return err
}
