package location_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/server/servertest"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
	"github.com/redx-update/redx/internal/wsus/xpress"
)

func tear(t *testing.T, dir, name string) {
	t.Helper()
	path := filepath.Join(dir, name)
	whole, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, whole[:len(whole)-3], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestFaultsInAnyOrder has every operation fail in random ways: the client ends, in a bounded number of requests, and works
// again when the server does.
func TestFaultsInAnyOrder(t *testing.T) {
	site := small(t)
	codes := []soap.ErrorCode{
		soap.InvalidCookie, soap.ServerChanged, soap.ConfigChanged, soap.CookieExpired, soap.RegistrationRequired, soap.FileLocationChanged,
		soap.InvalidAuthorizationCookie, soap.RegistrationNotRequired, soap.ServerBusy, soap.InternalServerError, soap.InvalidParameters,
	}
	operations := []string{
		"GetConfig", "GetAuthorizationCookie", "GetCookie", "RegisterComputer", "SyncUpdates", "RefreshCache", "GetFileLocations",
		"GetExtendedUpdateInfo",
	}
	rapid.Check(t, func(rt *rapid.T) {
		seen := watch(site)
		for _, o := range operations {
			for _, code := range rapid.SliceOfN(rapid.SampledFrom(codes), 0, 20).Draw(rt, o) {
				seen.faults[o] = append(seen.faults[o], fault(code))
			}
		}
		c := newComputer(t, site.URL, &location.State{})
		defer c.http.CloseIdleConnections() // else a long run is out of files
		for range 2 {
			err := c.Sync(t.Context(), judge)
			if n := len(seen.take()); n > 150 {
				rt.Fatalf("%d requests; %v", n, err)
			}
			err = c.Extend(t.Context(), slices.Sorted(maps.Keys(c.State().Revisions)))
			if n := len(seen.take()); n > 150 {
				rt.Fatalf("%d requests for details; %v", n, err)
			}
		}
		watch(site)
		c.sync()
		if len(c.has()) != 3 {
			rt.Fatalf("afterwards it has %v", c.has())
		}
	})
}

// answering is a server that gives the same answer to everything.
func answering(t *testing.T, f http.HandlerFunc) *computer {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return newComputer(t, server.URL, &location.State{})
}

func TestNoServerOfThisKind(t *testing.T) {
	for name, f := range map[string]http.HandlerFunc{
		"0x80244019": http.NotFound,
		"0x80244018": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"0x80244022": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"0x8024400A": func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html><body>log in</body></html>") },
		"0x80072F7C": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusTemporaryRedirect)
		},
	} {
		var requests atomic.Int32
		c := answering(t, func(w http.ResponseWriter, r *http.Request) { requests.Add(1); f(w, r) })
		err := c.Sync(t.Context(), judge)
		if got := location.Code(err).String(); err == nil || !strings.HasPrefix(got, name) || requests.Load() > 10 {
			t.Errorf("%s: %v (%s) after %d requests", name, err, got, requests.Load())
		}
	}
}

// TestPermanent tells what somebody has to mend from what may pass by itself; the first is asked once, and named so.
func TestPermanent(t *testing.T) {
	says := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, text)
		}
	}
	foreign := func(class, code string) http.HandlerFunc {
		return says(500, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:`+class+
			`</faultcode><detail><ErrorCode>`+code+`</ErrorCode></detail></s:Fault></s:Body></s:Envelope>`)
	}
	for name, tt := range map[string]struct {
		answer    http.HandlerFunc
		permanent bool
	}{
		"400": {says(400, ""), true}, "401": {says(401, ""), true}, "403": {says(403, ""), true}, "404": {says(404, "<html/>"), true},
		"405": {says(405, ""), true}, "410": {says(410, ""), true}, "413": {says(413, ""), true},
		"408": {says(408, ""), false}, "429": {says(429, ""), false}, "500": {says(500, "no"), false}, "503": {says(503, ""), false},
		"407, a proxy of this network": {says(407, ""), false},
		"a page of this network":       {says(200, "<html>sign in</html>"), false},
		"a redirect of this network": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusTemporaryRedirect)
		}, false},
		"a fault of another service":                {foreign("Client", ""), true},
		"a fault with a code that nobody knows":     {foreign("Server", "OutOfCheese"), true},
		"a fault of a server that does not say why": {foreign("Server", ""), false},
		"InvalidParameters":                         {foreign("Client", "InvalidParameters"), false},
		"ServerBusy":                                {foreign("Client", "ServerBusy"), false},
	} {
		var requests atomic.Int32
		c := answering(t, func(w http.ResponseWriter, r *http.Request) { requests.Add(1); tt.answer(w, r) })
		err := c.Sync(t.Context(), judge)
		if err == nil || errors.Is(err, agent.ErrRefused) != tt.permanent || tt.permanent && requests.Load() != 1 {
			t.Errorf("%s: %v after %d requests", name, err, requests.Load())
		}
	}
}

func TestPackedBomb(t *testing.T) {
	var z xpress.Compressor
	bomb := z.Encode(nil, make([]byte, 65<<20))
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "xpress")
		_, _ = w.Write(bomb)
	})
	if err := c.Sync(t.Context(), judge); !errors.Is(err, xpress.ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

// stubborn answers as a server that does not listen: the same update each time, whatever the client says it has.
type stubborn struct {
	truncated bool
	fresh     bool // a new number each time
	n         int32
}

func (s *stubborn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer soap.Body
	switch action := r.Header.Get("SOAPAction"); {
	case strings.Contains(action, "GetConfig"):
		answer = &clientws.GetConfigResponse{Result: &clientws.Config{}}
	case strings.Contains(action, "GetCookie"):
		answer = &clientws.GetCookieResponse{Result: &clientws.Cookie{EncryptedData: []byte{1}}}
	case strings.Contains(action, "SyncUpdates"):
		if s.fresh {
			s.n++
		}
		answer = &clientws.SyncUpdatesResponse{Result: &clientws.SyncInfo{Truncated: s.truncated, NewUpdates: []clientws.UpdateInfo{{ID: s.n, XML: "<broken"}}}}
	default:
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetAuthorizationCookieResponse><GetAuthorizationCookieResult><PlugInId>SimpleTargeting</PlugInId><CookieData>AA==</CookieData></GetAuthorizationCookieResult></GetAuthorizationCookieResponse></s:Body></s:Envelope>`))
		return
	}
	b, err := soap.Client.Append(nil, answer)
	if err == nil {
		_, err = w.Write(b)
	}
	if err != nil {
		panic(err)
	}
}

func TestStubborn(t *testing.T) {
	c := answering(t, (&stubborn{}).ServeHTTP)
	c.sync()
	if r := c.State().Revisions[0]; r == nil || r.Problem == "" {
		t.Errorf("a broken revision: %+v", r)
	}
	var answer *location.AnswerError
	if err := answering(t, (&stubborn{truncated: true}).ServeHTTP).Sync(t.Context(), judge); !errors.As(err, &answer) {
		t.Errorf("for ever the same: %v", err)
	}
	err := answering(t, (&stubborn{fresh: true}).ServeHTTP).Sync(t.Context(), judge)
	if !errors.Is(err, location.ErrTrips) || location.Code(err) != 0x80244010 {
		t.Errorf("for ever more: %v", err)
	}
}

// TestManyNonLeaves has more prerequisites installed than a server takes: it is told of them in rounds, and gives what waits
// for any of them.
func TestManyNonLeaves(t *testing.T) {
	site := servertest.New(t)
	last := servertest.Update{ID: servertest.ID(1000), Title: "Fix of all"}
	var all []servertest.Update
	for i := range 420 {
		all = append(all, servertest.Update{ID: servertest.ID(i), Type: "Detectoid", Title: "d", Installed: servertest.True})
		last.Requires = append(last.Requires, servertest.ID(i))
	}
	site.Add(append(all, last)...)
	own := servertest.Update{ID: servertest.ID(1001), Type: "Detectoid", Title: "d", Installed: servertest.True}
	site.Add(own)
	fix := servertest.Update{ID: servertest.ID(1002), Title: "Fix", Requires: []guid.GUID{own.ID}}
	site.Add(fix)
	site.Approve(fix.ID, "install", nil)
	c := newComputer(t, site.URL, &location.State{})
	c.sync()
	site.Approve(last.ID, "install", nil)
	var behind []servertest.Update
	for i := 0; i < 420; i += 30 {
		u := servertest.Update{ID: servertest.ID(2000 + i), Title: "Fix of one", Requires: []guid.GUID{servertest.ID(i), own.ID}}
		behind = append(behind, u)
		site.Add(u)
		site.Approve(u.ID, "install", nil)
	}
	seen := watch(site)
	for range 3 {
		seen.take()
		c.sync()
		for _, u := range append(behind, fix) {
			if _, there := c.has()[u.ID]; !there {
				t.Errorf("%s is not there", u.ID)
			}
		}
	}
	if got := seen.take(); len(c.has()) != 422+len(behind) || len(got) != 2 {
		t.Errorf("it has %d revisions, in %d questions", len(c.has()), len(got))
	}
}

// TestDialogue replays what a real server answered to a real computer.
func TestDialogue(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(testdata.Path(t, "wsus/dialogue"), "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no dialogue: %v", err)
	}
	answers := map[string][]byte{}
	for _, dir := range folders {
		body, err := os.ReadFile(filepath.Join(dir, "response.body"))
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(filepath.Base(dir), "-")
		name, _, _ = strings.Cut(name, "-")
		answers[name] = body
	}
	var asked []string
	for _, packed := range []bool{false, true} {
		c := answering(t, func(w http.ResponseWriter, r *http.Request) {
			action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
			name := action[strings.LastIndexByte(action, '/')+1:]
			asked = append(asked, name)
			body, ok := answers[name]
			if !ok {
				http.NotFound(w, r)
				return
			}
			if packed {
				w.Header().Set("Content-Encoding", "xpress")
				body = new(xpress.Compressor).Encode(nil, body)
			}
			_, _ = w.Write(body)
		})
		c.sync()
		r := c.State().Revisions[108226]
		if r == nil || r.Leaf || r.Core.Type != "Category" || r.Deployment.Action != metadata.Evaluate || r.Problem != "" {
			t.Errorf("%+v", r)
		}
	}
	want := "GetConfig GetAuthorizationCookie GetCookie RegisterComputer SyncUpdates SyncUpdates"
	if got := strings.Join(asked[:len(asked)/2], " "); got != want {
		t.Errorf("asked %s", got)
	}
}

// TestTLS visits a server whose certificate is trusted, and one whose is not.
func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(&stubborn{})
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	server.StartTLS()
	t.Cleanup(server.Close)
	o := options(server.URL)
	o.Wait = func(context.Context, time.Duration) error { return nil }
	stranger, err := location.New(o, &location.State{})
	if err != nil {
		t.Fatal(err)
	}
	err = stranger.Sync(t.Context(), judge)
	if got := location.Code(err).String(); !strings.HasPrefix(got, "0x80072F8F") || !errors.Is(err, agent.ErrRefused) {
		t.Errorf("%v (%s)", err, got)
	}
	o.HTTP = server.Client()
	friend, err := location.New(o, &location.State{})
	if err != nil {
		t.Fatal(err)
	}
	if err := friend.Sync(t.Context(), judge); err != nil {
		t.Error(err)
	}
}

// TestDies has a server end in the middle of an answer, and come back.
func TestDies(t *testing.T) {
	site := small(t)
	c := newComputer(t, site.URL, &location.State{})
	seen := watch(site)
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("<s:Envelope"))
		panic(http.ErrAbortHandler)
	}
	for _, o := range []string{"GetConfig", "GetCookie", "SyncUpdates"} {
		seen.faults[o] = []func(http.ResponseWriter){half, half}
	}
	c.sync()
	if len(c.has()) != 3 || len(c.pauses) != 6 {
		t.Errorf("has %v after %v", c.has(), c.pauses)
	}
}
