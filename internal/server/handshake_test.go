package server

import (
	"errors"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// code gives the code of a fault; "" without one.
func code(t testing.TB, err error) soap.ErrorCode {
	t.Helper()
	var f *soap.Fault
	if err != nil && !errors.As(err, &f) {
		t.Fatal(err)
	}
	if f == nil {
		return ""
	}
	return f.Code
}

func wantCode(t testing.TB, err error, want soap.ErrorCode) {
	t.Helper()
	if got := code(t, err); got != want {
		t.Errorf("fault %q, want %q", got, want)
	}
}

// wantInvalid wants the fault for a parameter.
func wantInvalid(t testing.TB, err error, path string) {
	t.Helper()
	var f *soap.Fault
	if !errors.As(err, &f) || f.Code != soap.InvalidParameters || f.Message != path {
		t.Errorf("%v, want InvalidParameters %s", err, path)
	}
}

// recoveries are what can happen to a client that has a cookie.
var recoveries = []struct {
	name    string
	happens func(w *world)
	want    soap.ErrorCode
	recover func(a *agent) // what the specification has a client do then
}{
	{
		"the cookie expires", func(w *world) { w.pass(2 * time.Hour) }, soap.CookieExpired,
		func(a *agent) { a.must(a.getCookie(a.authorize())) },
	},
	{
		"the configuration changes", func(w *world) { w.change(func(s *Settings) { s.Changed = s.Changed.Add(time.Second) }) }, soap.ConfigChanged,
		func(a *agent) { a.getConfig(); a.must(a.getCookie(a.authorize())) },
	},
	{
		"the computer moves to another group", func(w *world) { w.computers["e1da06a3-5601-43c9-bac3-52d5db701494"].Groups = []deploy.GroupID{other} }, soap.ConfigChanged,
		func(a *agent) { a.getConfig(); a.must(a.getCookie(a.authorize())) },
	},
	{
		"the computer is deleted", func(w *world) { clear(w.computers) }, soap.ConfigChanged,
		func(a *agent) { a.getConfig(); a.must(a.getCookie(a.authorize())); a.must(a.register()) },
	},
	{
		"the server begins a new life", func(w *world) { w.change(func(s *Settings) { s.Epoch[0]++ }) }, soap.ServerChanged,
		func(a *agent) {
			wantCode(a.t, a.getCookie(a.authorize()), soap.ServerChanged)
			a.again()
		},
	},
	{
		"the client comes to another server", func(w *world) { w.change(func(s *Settings) { s.Keys = [][]byte{make([]byte, 32)} }) }, soap.InvalidCookie,
		func(a *agent) {
			wantCode(a.t, a.getCookie(a.authorize()), soap.InvalidCookie)
			a.again()
		},
	},
	{
		"the server's key is replaced", func(w *world) { w.change(func(s *Settings) { s.Keys = append([][]byte{make([]byte, 32)}, s.Keys...) }) }, "",
		func(*agent) {},
	},
	{
		"registration is forgotten", func(w *world) { w.computers["e1da06a3-5601-43c9-bac3-52d5db701494"].Registered = false }, soap.RegistrationRequired,
		func(a *agent) { a.must(a.register()) },
	},
	{
		"content moves", func(w *world) { w.change(func(s *Settings) { s.ContentBase = "http://cdn.example:8530" }) }, soap.FileLocationChanged,
		func(a *agent) {
			var answer clientws.GetFileLocationsResponse
			a.must(a.client(&clientws.GetFileLocations{Cookie: a.cookie, FileDigests: [][]byte{}}, &answer))
			a.cookie = answer.Result.NewCookie
		},
	},
}

func TestRecovery(t *testing.T) {
	empty := clientws.SyncUpdateParameters{}
	for _, tt := range recoveries {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			a := newAgent(t, w).handshake()
			_, err := a.sync(empty)
			wantCode(t, err, "")
			tt.happens(w)
			_, err = a.sync(empty)
			wantCode(t, err, tt.want)
			tt.recover(a)
			_, err = a.sync(empty)
			wantCode(t, err, "")
		})
	}
}

// again is the handshake of a client that has thrown its cookie away, with RefreshCache at its end.
func (a *agent) again() {
	a.cookie = nil
	a.getConfig()
	a.must(a.getCookie(a.authorize()))
	a.must(a.client(&clientws.RefreshCache{Cookie: a.cookie, GlobalIDs: []clientws.UpdateIdentity{}}, &clientws.RefreshCacheResponse{}))
}

func TestGetCookieRefuses(t *testing.T) {
	w := newWorld()
	a := newAgent(t, w)
	a.getConfig()
	auth := a.authorize()
	wantCode(t, a.getCookie(), soap.InvalidAuthorizationCookie)
	wantCode(t, a.getCookie(auth, auth), soap.InvalidAuthorizationCookie)
	forged := auth
	forged.CookieData = append([]byte{}, auth.CookieData...)
	forged.CookieData[len(forged.CookieData)-1]++
	wantCode(t, a.getCookie(forged), soap.InvalidAuthorizationCookie)
	a.must(a.getCookie(auth))
	// A cookie is no authorization cookie, and the other way round.
	wantCode(t, a.getCookie(clientws.AuthorizationCookie{CookieData: a.cookie.EncryptedData}), soap.InvalidAuthorizationCookie)
	good := a.cookie
	a.cookie = &clientws.Cookie{EncryptedData: auth.CookieData}
	wantCode(t, a.getCookie(auth), soap.InvalidCookie)
	a.cookie = good
	a.last = a.last.Add(-time.Hour)
	wantCode(t, a.getCookie(auth), soap.ConfigChanged)
	a.getConfig()
	for _, v := range []string{"", "two", "1", "1.x", "1.2.3", "-1.0"} {
		a.protocol = v
		wantInvalid(t, a.getCookie(auth), "protocolVersion")
	}
}

// TestExpiryIsSealed makes sure that the copy of the expiry that a client can read is not what counts.
func TestExpiryIsSealed(t *testing.T) {
	w := newWorld()
	a := newAgent(t, w).handshake()
	a.cookie.Expiration = time.Time{}
	_, err := a.sync(clientws.SyncUpdateParameters{})
	wantCode(t, err, "")
	first := a.cookie.Expiration
	w.pass(30 * time.Minute)
	if _, err := a.sync(clientws.SyncUpdateParameters{}); err != nil || !a.cookie.Expiration.Equal(first) {
		t.Errorf("%v; the new cookie lives until %s, the old one until %s", err, a.cookie.Expiration, first)
	}
	w.pass(time.Hour)
	a.cookie.Expiration = w.now().Add(day)
	_, err = a.sync(clientws.SyncUpdateParameters{})
	wantCode(t, err, soap.CookieExpired)
}

func TestNamesAreChecked(t *testing.T) {
	a := newAgent(t, newWorld())
	long := string(make([]byte, 300))
	for _, tt := range []struct{ id, dns, groups, path string }{
		{"", "pc", "", "clientId"},
		{"a b", "pc", "", "clientId"},
		{long, "pc", "", "clientId"},
		{"id", "", "", "dnsName"},
		{"id", "<script>", "", "dnsName"},
	} {
		err := a.call("/simpleauthwebservice/SIMPLEAUTH.ASMX", &simpleauth.GetAuthorizationCookie{ClientID: tt.id, DNSName: tt.dns, TargetGroupName: tt.groups}, &simpleauth.GetAuthorizationCookieResponse{})
		wantInvalid(t, err, tt.path)
	}
}

func TestProtocolVersions(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{{"1.8", true}, {"2.90", true}, {" 1.8\n", true}, {"", false}, {"1", false}, {"1.x", false}, {"-1.8", false}, {"1.8.1", false}} {
		if _, ok := parseVersion(tt.text); ok != tt.want {
			t.Errorf("%q: %v", tt.text, ok)
		}
	}
}

func TestRegistrationNotRequired(t *testing.T) {
	w := newWorld()
	w.change(func(s *Settings) { s.RequireRegistration = false })
	a := newAgent(t, w)
	a.getConfig()
	a.must(a.getCookie(a.authorize()))
	wantCode(t, a.register(), soap.RegistrationNotRequired)
	_, err := a.sync(clientws.SyncUpdateParameters{})
	wantCode(t, err, "")
}

func TestServersOwnTroubleIsNotTold(t *testing.T) {
	w := newWorld()
	a := newAgent(t, w)
	a.id = "00000000-0000-0000-0000-00000000dead"
	a.getConfig()
	err := a.getCookie(a.authorize())
	var f *soap.Fault
	if !errors.As(err, &f) || f.Code != soap.InternalServerError || f.Message != "" {
		t.Errorf("fault %+v", f)
	}
}
