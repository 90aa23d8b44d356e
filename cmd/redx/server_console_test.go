package main

import (
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestServerConsole runs the server without a user, finds the way to the setup, and logs in by a link.
func TestServerConsole(t *testing.T) {
	data := filepath.Join(t.TempDir(), "srv")
	_, console, stop := running(t, data)
	defer stop()
	token := filepath.Join(data, setupName)
	b, err := os.ReadFile(token)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(token); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file is %v, %v", info.Mode(), err)
	}
	link := strings.TrimSpace(string(b))
	if code, page := get(t, link); !strings.HasPrefix(link, console+"/setup?token=") || code != 200 || !strings.Contains(page, "Set up the console") {
		t.Errorf("%s: %d %s", link, code, page)
	}
	if code, _ := get(t, console+"/metrics"); code != 200 {
		t.Errorf("metrics from this machine: %d", code)
	}
	if page := browse(t, data)(console + "/computers"); !strings.Contains(page, "Log out") {
		t.Errorf("computers: %s", page)
	}
}

// browse logs in by a link, and gives what gets pages.
func browse(t *testing.T, data string) func(url string) string {
	t.Helper()
	var out strings.Builder
	if code := run(t.Context(), []string{"server", "login-link", "--data", data}, stdio{out: &out, err: io.Discard}); code != exitOK {
		t.Fatalf("login-link: exit code %d", code)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	page := func(url string) string {
		t.Helper()
		r, err := client.Get(url) //nolint:noctx // loopback
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != 200 {
			t.Fatalf("%s: %d %s, %v", url, r.StatusCode, b, err)
		}
		return string(b)
	}
	page(strings.TrimSpace(out.String()))
	return page
}

// TestServerWithUser: a server that has a user offers no setup, and removes what offered one.
func TestServerWithUser(t *testing.T) {
	data := filepath.Join(t.TempDir(), "srv")
	if code := run(t.Context(), []string{"server", "user", "add", "bea", "--data", data}, stdio{out: io.Discard, err: io.Discard}); code != exitOK {
		t.Fatalf("user add: exit code %d", code)
	}
	token := filepath.Join(data, setupName)
	if err := os.WriteFile(token, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, console, stop := running(t, data)
	defer stop()
	if _, err := os.Stat(token); !os.IsNotExist(err) {
		t.Errorf("the token's file is there: %v", err)
	}
	if code, page := get(t, console+"/"); code != 200 || !strings.Contains(page, "<h1>Log in</h1>") {
		t.Errorf("console: %d %s", code, page)
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	ask := func(forAll bool, path, from string, header ...string) int {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = from
		for _, name := range header {
			r.Header.Set(name, "192.0.2.1")
		}
		w := httptest.NewRecorder()
		guardMetrics(forAll, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		return w.Code
	}
	for _, tc := range []struct{ got, want int }{
		{ask(false, "/metrics", "127.0.0.1:1"), 200},
		{ask(false, "/metrics", "[::1]:1"), 200},
		{ask(false, "/metrics", "192.0.2.1:1"), 403},
		{ask(false, "/metrics", "127.0.0.1:1", "X-Forwarded-For"), 403},
		{ask(false, "/metrics", "127.0.0.1:1", "Forwarded"), 403},
		{ask(true, "/metrics", "192.0.2.1:1"), 200},
		{ask(false, "/", "192.0.2.1:1"), 200},
	} {
		if tc.got != tc.want {
			t.Errorf("got %d, want %d", tc.got, tc.want)
		}
	}
}

func TestConsoleURL(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:8540": "http://127.0.0.1:8540", "0.0.0.0:8540": "http://localhost:8540", "[::]:80": "http://localhost:80", "192.0.2.1:1": "http://192.0.2.1:1",
	} {
		a, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c := defaultConfig()
		if got := c.consoleURL(a); got != want {
			t.Errorf("%s: %s", addr, got)
		}
		c.TLS.Console = true
		if got := c.consoleURL(a); got != strings.Replace(want, "http:", "https:", 1) {
			t.Errorf("%s with TLS: %s", addr, got)
		}
		c.ConsoleURL = "https://redx.example"
		if got := c.consoleURL(a); got != c.ConsoleURL {
			t.Errorf("%s: %s", addr, got)
		}
	}
}

func TestServerSaysHowToSetUp(t *testing.T) {
	dir := t.TempDir()
	d := dataFlags{data: dir}
	var log strings.Builder
	err := d.with(t.Context(), true, func(opened *data) error {
		return offerSetup(t.Context(), stdio{err: &log}, opened, filepath.Join(dir, setupName), "http://console.example")
	})
	if err != nil || !regexp.MustCompile(`(?m)^redx:   http://console\.example/setup\?token=\S{43}$`).MatchString(log.String()) {
		t.Errorf("%s, %v", log.String(), err)
	}
}
