package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/store"
)

// LoginLink makes a link that logs in once: base is the console's URL.
func LoginLink(ctx context.Context, s store.Accounts, base string) (string, error) {
	secret, err := access.New(s, nil).NewLink(ctx)
	return withToken(base, "/login/link", secret), err
}

// SetupLink makes the link to the page where the first user is made; earlier ones are void.
func SetupLink(ctx context.Context, s store.Accounts, base string) (string, error) {
	secret, err := access.New(s, nil).NewSetup(ctx)
	return withToken(base, "/setup", secret), err
}

func withToken(base, path, secret string) string {
	return strings.TrimSuffix(base, "/") + path + "?" + url.Values{"token": {secret}}.Encode()
}

// entry is the body of the pages login and setup.
type entry struct {
	Problem string
	Name    string
	Token   string
	Next    string
	Minimum int
}

func (c *Console) loginPage(v *visit) error {
	next := local(v.r.URL.Query().Get("next"))
	if v.in {
		return v.see(next)
	}
	if fresh, err := c.Access.IsNew(v.r.Context()); err != nil {
		return err
	} else if fresh {
		return v.see("/setup")
	}
	return c.show(v, http.StatusOK, "login", page{Title: "Log in", Body: entry{Next: next}})
}

// local lets nobody be sent elsewhere by a link to the login.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\t\r\n") {
		return "/"
	}
	return next
}

func (c *Console) login(v *visit) error {
	e := entry{Name: v.r.PostForm.Get("name"), Next: local(v.r.PostForm.Get("next"))}
	secret, err := c.Access.Login(v.r.Context(), v.address(), e.Name, v.r.PostForm.Get("password"))
	if problem, status := refused(err); problem != "" {
		c.Log.WarnContext(v.r.Context(), "login failed", slog.String("remote", v.address()), slog.String("user", clip(e.Name, 64)), slog.Any("error", err))
		e.Problem = problem
		return c.show(v, status, "login", page{Title: "Log in", Body: e})
	}
	if err != nil {
		return err
	}
	c.enter(v, secret, e.Name)
	return v.see(e.Next)
}

// refused is what a visitor is told of a login that failed.
func refused(err error) (string, int) {
	var tries *access.TriesError
	switch {
	case errors.As(err, &tries):
		return capital(tries.Error()) + ".", http.StatusTooManyRequests
	case errors.Is(err, access.ErrWrong), errors.Is(err, access.ErrToken), errors.Is(err, access.ErrIsOpen):
		return capital(err.Error()) + ".", http.StatusForbidden
	}
	return "", 0
}

func (c *Console) enter(v *visit, secret, name string) {
	c.Log.InfoContext(v.r.Context(), "logged in", slog.String("remote", v.address()), slog.String("user", name))
	v.setCookie(sessionCookie, secret)
}

// link logs in once. A browser that only looks ahead does not use the link up. The page that answers goes on by itself:
// a browser that came from another site sends the new cookie with no redirection, but with that.
func (c *Console) link(v *visit) error {
	if v.r.Method != http.MethodGet || strings.Contains(v.r.Header.Get("Sec-Purpose"), "prefetch") {
		return &refusal{http.StatusServiceUnavailable, "Open this link to log in."}
	}
	secret, err := c.Access.Link(v.r.Context(), v.address(), v.r.URL.Query().Get("token"))
	if problem, status := refused(err); problem != "" {
		return &refusal{status, problem}
	}
	if err != nil {
		return err
	}
	c.enter(v, secret, "(one-time link)")
	return c.show(v, http.StatusOK, "entered", page{Title: "Logged in"})
}

func (c *Console) setupPage(v *visit) error {
	if fresh, err := c.Access.IsNew(v.r.Context()); err != nil {
		return err
	} else if !fresh {
		return v.see("/login")
	}
	return c.show(v, http.StatusOK, "setup", page{Title: "Set up the console", Body: entry{Token: v.r.URL.Query().Get("token"), Minimum: access.MinPassword}})
}

func (c *Console) setUp(v *visit) error {
	form := v.r.PostForm
	e := entry{Token: strings.TrimSpace(form.Get("token")), Name: form.Get("name"), Minimum: access.MinPassword}
	err := errors.Join(access.CheckName(e.Name), access.CheckPassword(form.Get("password")))
	if err == nil && form.Get("password") != form.Get("again") {
		err = errors.New("the two passwords are not the same")
	}
	status := http.StatusBadRequest
	if err != nil {
		e.Problem = capital(strings.ReplaceAll(err.Error(), "\n", "; ")) + "."
	} else {
		var secret string
		secret, err = c.Access.SetUp(v.r.Context(), v.address(), e.Token, e.Name, form.Get("password"))
		if err == nil {
			if c.SetUp != nil {
				c.SetUp()
			}
			c.enter(v, secret, e.Name)
			return v.see("/")
		}
		if e.Problem, status = refused(err); e.Problem == "" {
			return err
		}
	}
	return c.show(v, status, "setup", page{Title: "Set up the console", Body: e})
}

func (c *Console) logout(v *visit) error {
	if err := c.Access.Logout(v.r.Context(), v.cookie(sessionCookie)); err != nil {
		return err
	}
	v.setCookie(sessionCookie, "")
	return v.see("/login")
}

func (c *Console) nowhere(*visit) error { return notFound("There is no such page.") }

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
