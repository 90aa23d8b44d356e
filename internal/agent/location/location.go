// Package location is a computer's side of MS-WUSP: it visits an update location, any server that speaks the protocol, and
// keeps the computer's cache of revisions as that server wants it.
//
// It evaluates no rules (its caller says what is installed), downloads no files and schedules nothing. Its invariant: one
// visit costs a bounded number of requests, each of bounded size, whatever the server answers and in whatever order it
// fails; every fault is recovered from as the specification says, or named.
package location

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/wsus/clientws"
)

// Bounds of a visit.
const (
	maxTrips     = 200       // SyncUpdates in one synchronisation: what Windows' own agent allows itself
	maxFaults    = 12        // faults in one visit
	maxBusy      = 6         // times in one visit that a server is waited for which asks for it
	maxSilent    = 3         // and one to which there is no way
	maxAnswer    = 64 << 20  // bytes, packed or not
	maxRevisions = 250_000   // in the cache
	maxCached    = 512 << 20 // bytes of their fragments
	maxRefresh   = 10_000    // identities in a RefreshCache
	maxEvents    = 500       // in a ReportEventBatch
	maxDigests   = 1000      // in a GetFileLocations

	// usualInstalled is how many InstalledNonLeafUpdateIDs Windows' own server takes, unless it is configured otherwise.
	usualInstalled = 400

	// protocolVersion is what the specification says a client should pass (2.2.2.2.1).
	protocolVersion = "1.8"
)

// Options are what a Client needs. HTTP, URL, ClientID and Log must be set.
type Options struct {
	// URL is the update location as a policy names it, such as http://wsus.example:8530.
	URL string
	// HTTP has the TLS configuration and proxy; its redirect rule is replaced: no other host is ever followed to.
	HTTP *http.Client
	// ClientID is what the computer calls itself, a GUID; Name its DNS name; Group the target group that it claims, or "".
	ClientID, Name, Group string
	// Info is what RegisterComputer tells.
	Info clientws.ComputerInfo
	// Hardware tells the devices of the computer; nil: no drivers are asked for.
	Hardware func() (*Hardware, error)
	// Categories are those that are scanned for, below 100; none: all.
	Categories []agent.Category
	// Locales are the languages for texts, the preferred one first; English when empty.
	Locales []string
	Log     *slog.Logger
	// Now is the clock, and Wait waits or gives the context's error; nil: the real ones.
	Now  func() time.Time
	Wait func(context.Context, time.Duration) error
	// Timeout bounds one request; 0: 100 s.
	Timeout time.Duration
}

// Client talks to one update location. It is for one goroutine at a time.
type Client struct {
	o     Options
	base  *url.URL
	http  *http.Client
	state *State
}

// New makes a Client that goes on from a state, which it changes. A state of another server keeps its revisions: what they
// are called here is asked in the first visit.
func New(o Options, s *State) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("the update location %q is no http or https URL", o.URL)
	}
	base.RawQuery, base.Fragment, base.User = "", "", nil
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Timeout == 0 {
		o.Timeout = 100 * time.Second
	}
	if len(o.Locales) == 0 {
		o.Locales = []string{"en"}
	}
	client := *o.HTTP
	client.CheckRedirect = SameHost
	c := &Client{o: o, base: base, http: &client, state: s}
	c.moveTo(base.String())
	return c, nil
}

// moveTo makes the state one of this server.
func (c *Client) moveTo(server string) {
	s := c.state
	s.init()
	if s.Server == server {
		return
	}
	s.Server, s.Config, s.Cookie, s.Registered = server, nil, nil, ""
	s.Places, s.Details = map[string][]string{}, map[int32]Details{}
	s.Refresh = len(s.Revisions) > 0
}

// State gives the state, to be saved. It must not be changed while a method runs.
func (c *Client) State() *State { return c.state }

// URL gives the update location.
func (c *Client) URL() string { return strings.TrimSuffix(c.base.String(), "/") }

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// ErrRedirect says that the server wanted to send the client to another host, or from TLS to none.
var ErrRedirect = errors.New("a redirect to another host is not followed")

// SameHost is a rule for http.Client.CheckRedirect: a few redirects within one host, by one method.
func SameHost(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case r.URL.Host != first.Host || r.URL.Scheme != first.Scheme:
		return fmt.Errorf("%w: %s", ErrRedirect, r.URL.Redacted())
	case r.Method != via[0].Method, len(via) > 3:
		return fmt.Errorf("%w: %d redirects", ErrRedirect, len(via))
	}
	return nil
}

// jitter spreads a time by a half to both sides, so that computers that failed together do not come back together.
func jitter(d time.Duration) time.Duration {
	var b [1]byte
	rand.Read(b[:]) // gives all of the bytes or ends the program
	return d/2 + d*time.Duration(b[0])/256
}
