// Package console is the update server's web page: what stands how on which computers, and what is behind each red X. It
// shows what computers sent, decides about approvals at an administrator's word, and speaks no protocol of updates.
//
// It is plain HTML without any script. Its invariant: without a session nobody sees or changes anything but the login; a
// change needs a form that this server gave to this browser; and what a computer sent is text, never markup.
package console

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/store"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed static
var static embed.FS

// Catalogue is what the server knows of updates, kept in memory; package backend has it.
type Catalogue interface {
	Plan() *deploy.Plan
	Infos() map[catalog.RevisionID]store.Info
	Groups() []deploy.Group
	File(sum [20]byte) (content.Found, bool)
	// Refresh reads what was changed in the store.
	Refresh(ctx context.Context) error
}

// Store is what the console reads and changes.
type Store interface {
	store.Computers
	store.Approvals
	store.Reports
	store.Fleet
	store.Healings
}

// Deps is what a Console needs. All but Now and SetUp must be there.
type Deps struct {
	Store     Store
	Catalogue Catalogue
	Access    *access.Access
	Log       *slog.Logger
	Now       func() time.Time
	// SetUp is called when the first user was made.
	SetUp func()
}

// Console is an http.Handler.
type Console struct {
	Deps
	pages   map[string]*template.Template
	mux     *http.ServeMux
	origins *http.CrossOriginProtection
	index   atomic.Pointer[index]
}

// New makes a Console.
func New(d Deps) (*Console, error) {
	c := &Console{Deps: d, pages: map[string]*template.Template{}, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection()}
	if c.Now == nil {
		c.Now = time.Now
	}
	for _, name := range []string{"overview", "computers", "computer", "updates", "update", "login", "setup", "entered", "message"} {
		t, err := template.New(name).Funcs(functions()).ParseFS(templates, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		c.pages[name] = t
	}
	c.route()
	return c, nil
}

func (c *Console) route() {
	c.mux.HandleFunc("GET /style.css", c.style)
	c.mux.HandleFunc("GET /icon.svg", c.style)
	for pattern, do := range map[string]func(*visit) error{
		"GET /login": c.loginPage, "POST /login": c.login, "GET /login/link": c.link,
		"GET /setup": c.setupPage, "POST /setup": c.setUp,
	} {
		c.mux.Handle(pattern, c.open(do))
	}
	for pattern, do := range map[string]func(*visit) error{
		"GET /{$}": c.overview, "GET /computers": c.computers, "GET /computers/{name}": c.computer,
		"GET /updates": c.updates, "GET /updates/{id}": c.update,
		"POST /updates/{id}/approve": c.approve, "POST /updates/{id}/decline": c.decline,
		"POST /healing/resume": c.resumeHealing, "POST /logout": c.logout, "/": c.nowhere,
	} {
		c.mux.Handle(pattern, c.guarded(do))
	}
}

// maxForm bounds what a browser can send, and formTime how long it can take for that.
const (
	maxForm  = 16 << 10
	formTime = 10 * time.Second
)

func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, value := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		h.Set(name, value)
	}
	if err := c.origins.Check(r); err != nil {
		http.Error(w, "this form came from another page", http.StatusForbidden)
		return
	}
	// A ResponseWriter of a test may not be able to do this; the server's own is.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(formTime))
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	c.mux.ServeHTTP(w, r)
}

// style gives out the files that pages are made up with.
func (c *Console) style(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(w, r, static, "static"+r.URL.Path)
}
