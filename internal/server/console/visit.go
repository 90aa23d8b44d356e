package console

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/store"
)

// visit is one request on its way.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	session store.Session
	in      bool // there is a session
}

// page is what every template gets.
type page struct {
	Title   string // also its heading
	Section string // of the navigation
	In      bool
	Account string
	Form    string // what a form must bring back
	Body    any
}

// refusal is an error that the visitor is told of.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

func notFound(text string) error { return &refusal{http.StatusNotFound, text} }

// open serves those who are not logged in too.
func (c *Console) open(do func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{w: w, r: r}
		c.end(v, c.run(v, do))
	})
}

// guarded serves those who are logged in, and shows others the way to the login.
func (c *Console) guarded(do func(*visit) error) http.Handler {
	return c.open(func(v *visit) error {
		if v.in {
			return do(v)
		}
		fresh, err := c.Access.IsNew(v.r.Context())
		switch {
		case err != nil:
			return err
		case v.r.Method != http.MethodGet && v.r.Method != http.MethodHead:
			return &refusal{http.StatusForbidden, "You are not logged in any more. Log in and try again."}
		case fresh:
			return v.see("/setup")
		}
		return v.see("/login?" + url.Values{"next": {v.r.URL.RequestURI()}}.Encode())
	})
}

func (c *Console) run(v *visit, do func(*visit) error) error {
	var err error
	if v.session, v.in, err = c.Access.Session(v.r.Context(), v.cookie(sessionCookie)); err != nil {
		return err
	}
	if v.r.Method == http.MethodPost {
		if err := v.r.ParseForm(); err != nil {
			return &refusal{http.StatusBadRequest, "The form could not be read."}
		}
		if !v.formIsOurs() {
			return &refusal{http.StatusForbidden, "This form is no longer valid. Go back, load the page again, and try once more."}
		}
	}
	return do(v)
}

// end tells the visitor what went wrong, if it did. What is the server's own trouble, only the log says.
func (c *Console) end(v *visit, err error) {
	var no *refusal
	var tries *access.TriesError
	switch {
	case err == nil:
		return
	case errors.As(err, &no):
	case errors.As(err, &tries):
		no = &refusal{http.StatusTooManyRequests, capital(tries.Error()) + "."}
	default:
		c.Log.ErrorContext(v.r.Context(), "page not shown", slog.String("path", v.r.URL.Path), slog.Any("error", err))
		no = &refusal{http.StatusInternalServerError, "The server has a problem of its own; its log says which."}
	}
	title := http.StatusText(no.status)
	if err := c.show(v, no.status, "message", page{Title: title, Body: no.text}); err != nil {
		c.Log.ErrorContext(v.r.Context(), "page not made", slog.Any("error", err))
	}
}

// show writes a page, once it is whole.
func (c *Console) show(v *visit, status int, name string, p page) error {
	p.In, p.Account, p.Form = v.in, v.session.Account, v.form()
	var b bytes.Buffer
	if err := c.pages[name].ExecuteTemplate(&b, "layout", p); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(bytes.Map(visible, b.Bytes())) // the visitor is gone when this fails
	return nil
}

// visible keeps characters that steer, such as those that turn the direction of writing, from making a name look like
// another.
func visible(c rune) rune {
	if c != '\n' && (unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Bidi_Control, c)) {
		return utf8.RuneError
	}
	return c
}

// see sends the browser to another page of this server.
func (v *visit) see(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// The cookies. What a form must bring back belongs to one of them: to the session, or before there is one to formCookie.
const (
	sessionCookie = "redx"
	formCookie    = "redx-form"
)

// cookieName: with TLS the browser holds a cookie to this host and to TLS by its name.
func (v *visit) cookieName(name string) string {
	if v.r.TLS != nil {
		return "__Host-" + name
	}
	return name
}

func (v *visit) cookie(name string) string {
	c, err := v.r.Cookie(v.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie keeps a secret in the browser; an empty one removes it.
func (v *visit) setCookie(name, value string) {
	age := int(access.Longest.Seconds())
	if value == "" {
		age = -1
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: v.cookieName(name), Value: value, Path: "/", MaxAge: age, Secure: v.r.TLS != nil, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// form gives what a form must bring back.
func (v *visit) form() string {
	if v.in {
		return formValue(v.cookie(sessionCookie))
	}
	secret := v.cookie(formCookie)
	if secret == "" {
		b := make([]byte, 32)
		rand.Read(b) // gives all of the bytes or ends the program
		secret = base64.RawURLEncoding.EncodeToString(b)
		v.setCookie(formCookie, secret)
	}
	return formValue(secret)
}

func formValue(secret string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("form"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (v *visit) formIsOurs() bool {
	secret := v.cookie(formCookie)
	if v.in {
		secret = v.cookie(sessionCookie)
	}
	return secret != "" && hmac.Equal([]byte(formValue(secret)), []byte(v.r.PostForm.Get("form")))
}

// address is where the visitor comes from.
func (v *visit) address() string {
	host, _, err := net.SplitHostPort(v.r.RemoteAddr)
	if err != nil {
		return v.r.RemoteAddr
	}
	return host
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
