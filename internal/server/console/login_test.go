package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/server/console"
	"github.com/redx-update/redx/internal/store"
)

const password = "correct horse battery"

// kept is the password as it is kept: made once, since that takes a while.
var kept = sync.OnceValues(func() (string, error) { return access.Hash(password) })

// withUser is a world with the user bea.
func withUser(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	hash, err := kept()
	w.check(err)
	w.check(w.store.AddAccount(t.Context(), store.Account{Name: "bea", Password: hash, Created: now}))
	return w
}

// TestNobodySeesAnything: without a session every page but those of the login leads there, and nothing is changed.
func TestNobodySeesAnything(t *testing.T) {
	w := withUser(t)
	g := w.update(1, "Secret title", "KB5000001")
	v := w.visitor()
	for _, path := range []string{"/", "/computers", "/computers/pc?id=x", "/updates", "/updates/" + g.String(), "/nowhere"} {
		r, body := v.get(path)
		want := "/login?next=" + url.QueryEscape(path)
		if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != want || strings.Contains(body, "Secret") {
			t.Errorf("%s: %d to %s", path, r.StatusCode, r.Header.Get("Location"))
		}
	}
	for _, path := range []string{"/updates/" + g.String() + "/approve", "/updates/" + g.String() + "/decline", "/logout"} {
		if r, _ := v.post("/login", path, "group", "1", "choice", "install"); r.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	if all, err := w.store.Approvals(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("approvals: %+v, %v", all, err)
	}
}

func TestLogin(t *testing.T) {
	w := withUser(t)
	v := w.visitor()
	r, body := v.post("/login", "/login", "name", "bea", "password", "wrong", "next", "/updates")
	if r.StatusCode != http.StatusForbidden || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, `value="bea"`) || strings.Contains(body, "wrong<") {
		t.Errorf("a wrong password: %d %s", r.StatusCode, body)
	}
	r, _ = v.post("/login", "/login", "name", "bea", "password", password, "next", "/updates")
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/updates" {
		t.Fatalf("login: %d to %s", r.StatusCode, r.Header.Get("Location"))
	}
	for _, c := range r.Cookies {
		if c.Name == "redx" && (!c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure) {
			t.Errorf("cookie %+v", c)
		}
	}
	has(t, v.page("/"), "bea", "Log out")
	old := v.client.Jar.Cookies(mustURL(t, w.http.URL))
	if r, _ := v.post("/", "/logout"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("logout: %d", r.StatusCode)
	}
	v.client.Jar.SetCookies(mustURL(t, w.http.URL), old) // somebody kept it
	if r, _ := v.get("/"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("after the logout: %d", r.StatusCode)
	}
	if strings.Contains(w.log.String(), password) || strings.Contains(w.log.String(), "wrong ") || strings.Contains(w.log.String(), old[0].Value) {
		t.Error("the log has a secret")
	}
}

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestLoginLeadsNowhereElse: a link to the login cannot send people to another site.
func TestLoginLeadsNowhereElse(t *testing.T) {
	w := withUser(t)
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, `\\evil.example`, "evil", "", "javascript:alert(1)", "/\t/evil.example", "%"} {
		v := w.admin()
		r, _ := v.get("/login?" + url.Values{"next": {next}}.Encode())
		if r.Header.Get("Location") != "/" {
			t.Errorf("%q leads to %q", next, r.Header.Get("Location"))
		}
	}
	if r, _ := w.admin().get("/login?next=%2Fcomputers%3Fq%3Dx"); r.Header.Get("Location") != "/computers?q=x" {
		t.Errorf("a page of our own leads to %q", r.Header.Get("Location"))
	}
}

func TestTooManyTries(t *testing.T) {
	w := withUser(t)
	v := w.visitor()
	tooLong := strings.Repeat("x", 300)
	for range 10 {
		v.post("/login", "/login", "name", "bea", "password", tooLong)
	}
	r, body := v.post("/login", "/login", "name", "bea", "password", password)
	if r.StatusCode != http.StatusTooManyRequests || !strings.Contains(body, "too many logins") && !strings.Contains(body, "Too many logins") {
		t.Errorf("the eleventh try: %d %s", r.StatusCode, body)
	}
}

func TestSetUp(t *testing.T) {
	w := newWorld(t)
	v := w.visitor()
	for _, path := range []string{"/", "/login", "/updates"} {
		if r, _ := v.get(path); r.Header.Get("Location") != "/setup" {
			t.Errorf("%s leads to %q", path, r.Header.Get("Location"))
		}
	}
	link, err := console.SetupLink(t.Context(), w.store, "http://console.example/")
	w.check(err)
	path, ok := strings.CutPrefix(link, "http://console.example")
	if !ok {
		t.Fatalf("link %s", link)
	}
	token := mustURL(t, link).Query().Get("token")
	if !strings.Contains(v.page(path), token) {
		t.Error("the page does not have the link's token")
	}
	for what, fields := range map[string][]string{
		"no token":   {"name", "bea", "password", password, "again", password},
		"short":      {"token", token, "name", "bea", "password", "short", "again", "short"},
		"not alike":  {"token", token, "name", "bea", "password", password, "again", password + "!"},
		"name":       {"token", token, "name", "be a", "password", password, "again", password},
		"wrong link": {"token", token + "x", "name", "bea", "password", password, "again", password},
	} {
		if r, body := v.post(path, "/setup", fields...); r.StatusCode < 400 || r.StatusCode >= 500 || !strings.Contains(body, `role="alert"`) || w.setUp {
			t.Errorf("%s: %d", what, r.StatusCode)
		}
	}
	r, body := v.post(path, "/setup", "token", token, "name", "bea", "password", password, "again", password)
	if r.StatusCode != http.StatusSeeOther || !w.setUp {
		t.Fatalf("set up: %d %s", r.StatusCode, body)
	}
	has(t, v.page("/"), "bea")
	if r, _ := w.visitor().get("/setup"); r.Header.Get("Location") != "/login" {
		t.Errorf("the setup is still open: %d", r.StatusCode)
	}
	if r, _ := w.visitor().post("/login", "/setup", "token", token, "name", "eve", "password", password, "again", password); r.StatusCode != http.StatusForbidden {
		t.Errorf("a second set up: %d", r.StatusCode)
	}
}

func TestLoginLink(t *testing.T) {
	w := withUser(t)
	link, err := console.LoginLink(t.Context(), w.store, w.http.URL)
	w.check(err)
	path := strings.TrimPrefix(link, w.http.URL)
	ahead, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	w.check(err)
	ahead.Header.Set("Sec-Purpose", "prefetch;prerender")
	if r, _ := w.visitor().do(ahead); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a browser that looks ahead: %d", r.StatusCode)
	}
	ahead.Method = http.MethodHead
	if r, _ := w.visitor().do(ahead); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("HEAD: %d", r.StatusCode)
	}
	v := w.visitor()
	v.page(path)
	has(t, v.page("/"), "one-time link")
	if r, _ := w.visitor().get(path); r.StatusCode != http.StatusForbidden {
		t.Errorf("the link again: %d", r.StatusCode)
	}
	if strings.Contains(w.log.String(), mustURL(t, link).Query().Get("token")) {
		t.Error("the log has the token")
	}
}

// TestTLS: with TLS the cookies are for TLS alone, and of this host by their names.
func TestTLS(t *testing.T) {
	w := withUser(t)
	secure := httptest.NewTLSServer(w.http.Config.Handler)
	defer secure.Close()
	v := w.visitor()
	v.client.Transport = secure.Client().Transport
	w.http.URL = secure.URL
	r, _ := v.post("/login", "/login", "name", "bea", "password", password)
	if r.StatusCode != http.StatusSeeOther || len(r.Cookies) != 1 || r.Cookies[0].Name != "__Host-redx" || !r.Cookies[0].Secure {
		t.Errorf("login: %d, cookies %+v", r.StatusCode, r.Cookies)
	}
	has(t, v.page("/"), "bea")
}
