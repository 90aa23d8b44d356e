package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/server/console"
	"github.com/redx-update/redx/internal/server/metrics"
)

const (
	// setupName is the file with the link to the page where the first user is made; only the server's account reads it.
	setupName = "setup-token"
	// consoleSetting is where the console was when the server last ran.
	consoleSetting = "console.url"
)

// newConsole makes what answers on the console's port. As long as there is no user, it says how to make one.
func newConsole(ctx context.Context, std stdio, log *slog.Logger, c *serverConfig, opened *data, b *backend.Backend, m *metrics.Metrics, at net.Addr) (http.Handler, error) {
	base := c.consoleURL(at)
	if err := opened.SetSetting(ctx, consoleSetting, base); err != nil {
		return nil, err
	}
	token := filepath.Join(opened.folder, setupName)
	doors := access.New(opened.Store, nil)
	pages, err := console.New(console.Deps{
		Store: opened.Store, Catalogue: b, Access: doors, Log: log,
		SetUp: func() { removeToken(log, token) },
	})
	if err != nil {
		return nil, err
	}
	fresh, err := doors.IsNew(ctx)
	if err != nil {
		return nil, err
	}
	if !fresh {
		removeToken(log, token)
	} else if err := offerSetup(ctx, std, opened, token, base); err != nil {
		return nil, err
	}
	return guardMetrics(c.Metrics == metricsForAll, m.Serve(pages)), nil
}

func removeToken(log *slog.Logger, path string) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("setup token not removed", slog.Any("error", err))
	}
}

// offerSetup makes a new token at every start, so that one that somebody saw long ago opens nothing.
func offerSetup(ctx context.Context, std stdio, opened *data, path, base string) error {
	link, err := console.SetupLink(ctx, opened.Store, base)
	if err != nil {
		return err
	}
	// What is there may be readable by others: a new file is not.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(path, []byte(link+"\n"), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "redx: the console has no user yet; make one within a day at\nredx:   %s\n", link)
	return nil
}

// consoleURL is where the console is for people.
func (c *serverConfig) consoleURL(at net.Addr) string {
	if c.ConsoleURL != "" {
		return c.ConsoleURL
	}
	scheme := "http"
	if c.TLS.Console {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return scheme + "://" + at.String()
	}
	if ip, err := netip.ParseAddr(host); err != nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// guardMetrics keeps /metrics to this machine, unless it is for all. What a proxy passes on is not from this machine.
func guardMetrics(forAll bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" && !forAll && !isLocal(r) {
			http.Error(w, "metrics are for this machine alone", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLocal(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	passedOn := r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != ""
	return err == nil && from.Addr().Unmap().IsLoopback() && !passedOn
}

// retention is how much of what computers reported is kept.
func (c *serverConfig) retention() backend.Retention {
	return backend.Retention{Time: time.Duration(c.KeepEvents) * 24 * time.Hour, Events: keptEvents}
}

// keptEvents bounds what one computer can fill the store with, beside the time that events are kept for.
const keptEvents = 5000
