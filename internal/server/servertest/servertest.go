// Package servertest runs the update server inside a test, as "redx server run" does: SQLite and files in a temporary folder,
// a port of its own on loopback. It is for tests of what talks to a server; no command imports it.
package servertest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/content/file"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/intake"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/store/sqlite"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// Site is a server with all that it stands on.
type Site struct {
	*httptest.Server
	Store   *sqlite.Store
	Backend *backend.Backend
	Files   string // the folder of the content

	t      testing.TB
	mu     sync.Mutex
	broken func(w http.ResponseWriter, r *http.Request) bool
}

// New starts a server that wants computers to register. It ends with the test.
func New(t testing.TB) *Site {
	t.Helper()
	dir := t.TempDir()
	s := &Site{t: t, Files: filepath.Join(dir, "content")}
	ctx := context.Background()
	var err error
	if s.Store, err = sqlite.Open(ctx, filepath.Join(dir, "redx.db")); err != nil {
		t.Fatal(err)
	}
	files, err := file.Open(s.Files)
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	s.Backend, err = backend.New(ctx, s.Store, files, server.Settings{RequireRegistration: true}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	handler := server.NewServer(server.Deps{
		Settings: s.Backend, Computers: s.Backend, Updates: s.Backend, Reports: s.Backend, Content: s.Backend.Keeper(),
		Log: quiet, Limits: server.Limits{PageSize: 3, Wait: 100 * time.Millisecond},
	})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		f := s.broken
		s.mu.Unlock()
		if f == nil || !f(w, r) {
			handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		s.Close()
		if err := files.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Break has requests go to f first, which tells whether it answered; nil ends that.
func (s *Site) Break(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = f
}

// Fault answers a request of the client web service with a fault.
func Fault(w http.ResponseWriter, code soap.ErrorCode, message string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(soap.AppendFault(nil, soap.V11, &soap.Fault{Code: code, Message: message})) // the client is gone when this fails
}

// Add takes in updates and their files.
func (s *Site) Add(updates ...Update) {
	s.t.Helper()
	dir := s.t.TempDir()
	for i, u := range updates {
		name := filepath.Join(dir, u.ID.String())
		if err := os.WriteFile(name+".xml", []byte(u.Document()), 0o600); err != nil {
			s.t.Fatal(err)
		}
		for _, f := range u.Files {
			if err := os.WriteFile(name+"."+f.Name+".payload", f.Data, 0o600); err != nil {
				s.t.Fatal(i, err)
			}
		}
	}
	in := &intake.Intake{Store: s.Store, Put: s.Backend.Keeper().Put, Log: slog.New(slog.DiscardHandler)}
	result, err := in.Paths(s.t.Context(), []string{dir})
	if err != nil || len(result.Refused) > 0 || len(result.Missing) > 0 {
		s.t.Fatalf("%+v: %v", result, err)
	}
	s.Refresh()
}

// Approve sets a choice for an update and all computers.
func (s *Site) Approve(id guid.GUID, choice deploy.Choice, deadline *time.Time) {
	s.t.Helper()
	s.Decide(deploy.Approval{Update: id, Choice: choice, Deadline: deadline})
}

// Decide sets an approval for all computers.
func (s *Site) Decide(a deploy.Approval) {
	s.t.Helper()
	a.Group = deploy.AllComputers
	if _, err := s.Store.Approve(s.t.Context(), a); err != nil {
		s.t.Fatal(err)
	}
	s.Refresh()
}

// Refresh has the server see what was changed in its store.
func (s *Site) Refresh() {
	s.t.Helper()
	if err := s.Backend.Refresh(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}
