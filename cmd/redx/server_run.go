package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/server/metrics"
	"github.com/redx-update/redx/internal/store"
)

type runOptions struct {
	dataFlags
	listen, console, config string
}

func newServerRunCommand(std stdio) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run --data FOLDER",
		Short: "Run the server",
		Long: `Run serves Windows computers until it is interrupted; then it finishes what it is doing. Settings are in
FOLDER/redx.toml (docs/server.md), and the flags go before them. /healthz says whether the server works. The console is a
web page behind a login (docs/console.md); its port has /metrics too, figures for Prometheus, for this machine alone.
As long as the console has no user, run prints where the first one can be made.

EXIT STATUS
  0  stopped    1  failed    2  wrong usage`,
		Example: "  redx server run --data /srv/redx --listen :8530 --console 127.0.0.1:8540",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runServer(cmd.Context(), std, &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "the server's `FOLDER`")
	f.StringVar(&o.listen, "listen", "", "where Windows computers connect, `ADDR` (default :8530)")
	f.StringVar(&o.console, "console", "", "where the console is, `ADDR` (default 127.0.0.1:8540)")
	f.StringVar(&o.config, "config", "", "settings `FILE` (default FOLDER/redx.toml)")
	if err := cmd.MarkFlagRequired("data"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

func runServer(ctx context.Context, std stdio, o *runOptions) error {
	ctx, stop := signal.NotifyContext(ctx, terminations()...)
	defer stop()
	c, err := readConfig(o.config, o.data)
	if err != nil {
		return err
	}
	if o.listen != "" {
		c.Listen = o.listen
	}
	if o.console != "" {
		c.Console = o.console
	}
	// Before anything is made: a slip in an address leaves no folder behind.
	ports, err := listen(&c)
	if err != nil {
		return err
	}
	defer closeAll(ports)
	return o.with(ctx, true, func(opened *data) error { return serve(ctx, std, newLog(std, &c), &c, opened, ports) })
}

func newLog(std stdio, c *serverConfig) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(std.err, options))
	}
	return slog.New(slog.NewTextHandler(std.err, options))
}

// listener is one port with what answers there.
type listener struct {
	name string
	net.Listener
	handler http.Handler
}

func serve(ctx context.Context, std stdio, log *slog.Logger, c *serverConfig, opened *data, ports []listener) error {
	go boundMemory(ctx)
	if err := opened.SetSetting(ctx, store.TargetingSetting, c.Clients.Targeting); err != nil {
		return err
	}
	if err := opened.files.Sweep(time.Now()); err != nil {
		log.Warn("half files not removed", slog.Any("error", err))
	}
	plain, ok := ports[0].Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("%s is no TCP address", ports[0].Addr())
	}
	b, err := backend.New(ctx, opened.Store, opened.files, c.settings(plain.Port), log)
	if err != nil {
		return err
	}
	b.SetHealing(backend.HealingRule{Share: c.Healing.Share, Computers: c.Healing.Computers})
	m := metrics.New(b)
	clients := server.NewServer(server.Deps{
		Settings: b, Computers: b, Updates: b, Reports: b, Content: b.Keeper(), Log: log, Observe: m.Observe,
		Limits: server.Limits{PageSize: c.Clients.PageSize},
	})
	for i := range ports {
		ports[i].handler = healthy(clients, opened.Store)
	}
	pages, err := newConsole(ctx, std, log, c, opened, b, m, ports[1].Addr())
	if err != nil {
		return err
	}
	ports[1].handler = healthy(pages, opened.Store)
	return runAll(ctx, log, b, c, ports)
}

// listen opens the ports: that of the clients, that of the console, and perhaps one with TLS.
func listen(c *serverConfig) ([]listener, error) {
	var config *tls.Config
	if c.TLS.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.TLS.Certificate, c.TLS.Key)
		if err != nil {
			return nil, err
		}
		config = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	var ports []listener
	open := func(name, addr string, secure bool) error {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if secure {
			l = tls.NewListener(l, config)
		}
		ports = append(ports, listener{name: name, Listener: l})
		return nil
	}
	err := errors.Join(open("clients", c.Listen, false), open("console", c.Console, c.TLS.Console))
	if err == nil && c.TLS.Listen != "" {
		err = open("clients with TLS", c.TLS.Listen, true)
	}
	if err != nil {
		closeAll(ports)
		return nil, err
	}
	return ports, nil
}

func closeAll(ports []listener) {
	for _, p := range ports {
		_ = p.Close() // the servers have closed them, unless something went wrong before
	}
}

// healthy answers /healthz on every port: whether the store can be read.
func healthy(next http.Handler, s store.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if _, err := s.Version(r.Context()); err != nil {
			http.Error(w, "the store cannot be read", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n")) // the client is gone when this fails
	})
}

// shutdownTime is how long requests may go on after the interrupt.
const shutdownTime = 20 * time.Second

// runAll serves until the context ends or a port fails.
func runAll(ctx context.Context, log *slog.Logger, b *backend.Backend, c *serverConfig, ports []listener) error {
	failed := make(chan error, len(ports))
	var servers []*http.Server
	for _, p := range ports {
		s := &http.Server{
			Handler: p.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		}
		servers = append(servers, s)
		log.Info("listening", slog.String("for", p.name), slog.String("addr", p.Addr().String()))
		go func() {
			if err := s.Serve(p.Listener); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s: %w", p.name, err)
			}
		}()
	}
	// What the requests of the last moment have gathered is written too.
	own, stopOwn := context.WithCancel(context.WithoutCancel(ctx))
	defer stopOwn()
	var pruning sync.WaitGroup
	pruning.Go(func() { b.Prune(own, c.retention()) })
	written := make(chan error, 1)
	go func() {
		written <- b.Run(own, backend.Rhythm{Refresh: time.Second, Look: time.Duration(c.Content.Look), Scrub: time.Duration(c.Content.Scrub)})
	}()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	log.Info("stopping")
	err = errors.Join(err, shutdown(servers))
	stopOwn()
	pruning.Wait()
	return errors.Join(err, <-written)
}

func shutdown(servers []*http.Server) error {
	ctx, stop := context.WithTimeout(context.Background(), shutdownTime)
	defer stop()
	var errs []error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}
