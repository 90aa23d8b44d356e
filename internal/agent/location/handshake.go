package location

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// Paths as Windows' own agent writes them.
const (
	clientPath     = "ClientWebService/client.asmx"
	simpleAuthPath = "SimpleAuthWebService/SimpleAuth.asmx"
	reportingPath  = "ReportingWebService/ReportingWebService.asmx"

	plugIn = "SimpleTargeting"
	// findingsProperty announces in GetConfig that the server takes findings.
	findingsProperty = "RedxFindings"
)

// visit is one exchange of messages with a common budget.
type visit struct {
	c            *Client
	due          [steps]bool
	faults, busy int
}

// step is a part of the handshake. The numbers are their order.
type step int

const (
	getConfig step = iota
	getCookie
	refreshCache
	register
	locateFiles
	steps
)

// recovery says what is to be done about a fault (MS-WUSP 2.2.2.4).
var recovery = map[soap.ErrorCode][]step{
	soap.InvalidCookie:              {getConfig, getCookie, refreshCache},
	soap.ServerChanged:              {getConfig, getCookie, refreshCache},
	soap.ConfigChanged:              {getConfig, getCookie},
	soap.CookieExpired:              {getCookie},
	soap.InvalidAuthorizationCookie: {getCookie},
	soap.RegistrationRequired:       {register},
	soap.FileLocationChanged:        {locateFiles},
}

// visit begins one, with what is known to be missing.
func (c *Client) visit() *visit {
	v := &visit{c: c}
	s := c.state
	v.due[getConfig] = s.Config == nil
	expired := s.Cookie != nil && !c.o.Now().Before(s.Cookie.Expiration)
	v.due[getCookie] = s.Config == nil || s.Cookie == nil || expired
	v.due[refreshCache] = s.Refresh
	return v
}

// call does one operation after what has to come before it, and again after what its faults ask for. The request is made
// anew each time: the cookie and the revisions' numbers may have become others. One that cannot be made any more for that is
// nil, and ends it with ErrRenumbered.
func (v *visit) call(ctx context.Context, path string, request func(*clientws.Cookie) soap.Body, answer soap.Body) error {
	for {
		if err := v.settle(ctx); err != nil {
			return err
		}
		r := request(v.c.state.Cookie.wire())
		if r == nil {
			return ErrRenumbered
		}
		err := v.exchange(ctx, v.c.url(path), r, answer)
		if err == nil {
			return nil
		}
		if err := v.heed(ctx, err); err != nil {
			return err
		}
	}
}

// heed notes what a fault asks for. It gives the error back when there is nothing to be done about it, or no more.
func (v *visit) heed(ctx context.Context, err error) error {
	var f *soap.Fault
	if !errors.As(err, &f) {
		return err
	}
	again, known := recovery[f.Code]
	if !known {
		return err
	}
	if v.faults++; v.faults > maxFaults {
		return fmt.Errorf("the update location does not stop to fail: %w", err)
	}
	v.c.o.Log.InfoContext(ctx, "fault of the update location", slog.String("code", string(f.Code)), slog.String("fault_id", f.ID))
	for _, s := range again {
		v.due[s] = true
	}
	switch f.Code {
	case soap.InvalidCookie, soap.ServerChanged:
		v.c.state.Cookie, v.c.state.Refresh = nil, len(v.c.state.Revisions) > 0
		v.due[refreshCache] = v.c.state.Refresh
	case soap.RegistrationRequired:
		v.c.state.Registered = ""
	}
	return nil
}

// settle does what is to be done, in its order.
func (v *visit) settle(ctx context.Context) error {
	do := [steps]func(context.Context) error{
		getConfig: v.getConfig, getCookie: v.getCookie, refreshCache: v.refreshCache, register: v.register, locateFiles: v.locateFiles,
	}
	for {
		s := v.next()
		if s == steps {
			return nil
		}
		err := do[s](ctx)
		if err == nil {
			v.due[s] = false
			continue
		}
		if err := v.heed(ctx, err); err != nil {
			return err
		}
	}
}

// next gives the first step that is to be done; steps when there is none.
func (v *visit) next() step {
	s := v.c.state
	if c := s.Config; c != nil && c.Registration && s.Registered != v.c.registration() {
		v.due[register] = true
	}
	for i, due := range v.due {
		if due {
			return step(i)
		}
	}
	return steps
}

func (v *visit) getConfig(ctx context.Context) error {
	var answer clientws.GetConfigResponse
	err := v.exchange(ctx, v.c.url(clientPath), &clientws.GetConfig{ProtocolVersion: protocolVersion}, &answer)
	if err != nil {
		return err
	}
	if answer.Result == nil {
		return &AnswerError{"GetConfig", errors.New("it has no result")}
	}
	v.c.state.Config = config(answer.Result)
	v.c.state.MaxInstalled = 0 // it may have been configured anew
	return nil
}

func config(r *clientws.Config) *Config {
	c := &Config{LastChange: r.LastChange, Registration: r.IsRegistrationRequired, SimpleAuth: simpleAuthPath, MaxExtended: 20}
	for _, a := range r.AuthInfo {
		if a.PlugInID == plugIn && a.ServiceURL != "" {
			c.SimpleAuth = a.ServiceURL
		}
	}
	for _, p := range r.Properties {
		switch p.Name {
		case "MaxExtendedUpdatesPerRequest":
			if n, err := strconv.Atoi(p.Value); err == nil {
				c.MaxExtended = min(max(n, 1), 200)
			}
		case "ProtocolVersion":
			c.Protocol = p.Value
		case findingsProperty:
			c.Findings = true
		}
	}
	return c
}

// getCookie asks for an authorization cookie first, which is for this one use.
func (v *visit) getCookie(ctx context.Context) error {
	who, err := v.authorize(ctx)
	if err != nil {
		return err
	}
	s := v.c.state
	now := v.c.o.Now().UTC()
	request := &clientws.GetCookie{
		AuthCookies: []clientws.AuthorizationCookie{*who}, OldCookie: &clientws.Cookie{Expiration: now},
		LastChange: s.Config.LastChange, CurrentTime: now, ProtocolVersion: protocolVersion,
	}
	if s.Cookie != nil {
		request.OldCookie = s.Cookie.wire()
	}
	var answer clientws.GetCookieResponse
	if err := v.exchange(ctx, v.c.url(clientPath), request, &answer); err != nil {
		return err
	}
	return v.c.take(answer.Result, "GetCookie")
}

func (v *visit) authorize(ctx context.Context) (*clientws.AuthorizationCookie, error) {
	o := &v.c.o
	request := &simpleauth.GetAuthorizationCookie{ClientID: o.ClientID, TargetGroupName: o.Group, DNSName: o.Name}
	var answer simpleauth.GetAuthorizationCookieResponse
	if err := v.exchange(ctx, v.c.url(v.c.state.Config.SimpleAuth), request, &answer); err != nil {
		return nil, err
	}
	if answer.Result == nil {
		return nil, &AnswerError{"GetAuthorizationCookie", errors.New("it has no result")}
	}
	return &clientws.AuthorizationCookie{PlugInID: answer.Result.PlugInID, CookieData: answer.Result.CookieData}, nil
}

// take keeps a new cookie.
func (c *Client) take(cookie *clientws.Cookie, operation string) error {
	if cookie == nil || len(cookie.EncryptedData) == 0 {
		return &AnswerError{operation, errors.New("it has no cookie")}
	}
	c.state.Cookie = &Cookie{cookie.Expiration, cookie.EncryptedData}
	return nil
}

// registration is the digest of what the server is to know of this computer.
func (c *Client) registration() string {
	text, err := json.Marshal(c.o.Info)
	if err != nil {
		return err.Error() // a struct of texts, numbers and times
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func (v *visit) register(ctx context.Context) error {
	request := &clientws.RegisterComputer{Cookie: v.c.state.Cookie.wire(), ComputerInfo: &v.c.o.Info}
	err := v.exchange(ctx, v.c.url(clientPath), request, &clientws.RegisterComputerResponse{})
	var f *soap.Fault
	if errors.As(err, &f) && f.Code == soap.RegistrationNotRequired {
		v.c.state.Config.Registration = false
		err = nil
	}
	if err == nil {
		v.c.state.Registered = v.c.registration()
	}
	return err
}

// url makes the URL of a service. One that leads to another host is not taken.
func (c *Client) url(ref string) string {
	u, err := url.Parse(ref)
	if err == nil {
		if u = c.base.ResolveReference(u); u.Host == c.base.Host && u.Scheme == c.base.Scheme {
			return u.String()
		}
	}
	return c.base.JoinPath(simpleAuthPath).String()
}
