package server

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

const (
	plugIn          = "SimpleTargeting"
	maxExtended     = 50 // revisions in a GetExtendedUpdateInfo
	protocolVersion = "3.2"
	// findingsProperty announces findingsPath to redx's own agents. All others get what Windows' own server says.
	findingsProperty = "RedxFindings"
	// maxName bounds the names that a client gives itself. A DNS name has at most 253 characters.
	maxName = 255
)

// getConfig tells a client how to go on (MS-WUSP 3.1.5.2). Without the properties, clients stop with 0x8024402a.
func (s *Server) getConfig(c *call, r *clientws.GetConfig) (soap.Body, error) {
	if _, ok := parseVersion(r.ProtocolVersion); !ok && r.ProtocolVersion != "" {
		return nil, invalid("protocolVersion")
	}
	config := &clientws.Config{
		LastChange:             c.set.Changed.Truncate(precision),
		IsRegistrationRequired: c.set.RequireRegistration,
		AuthInfo:               []clientws.AuthPlugInInfo{{PlugInID: plugIn, ServiceURL: simpleAuthRelative}},
		Properties: []clientws.ConfigurationProperty{
			{Name: "MaxExtendedUpdatesPerRequest", Value: strconv.Itoa(maxExtended)},
			{Name: "PackageServerShare", Value: c.share()},
			{Name: "ProtocolVersion", Value: protocolVersion},
			{Name: "IsInventoryRequired", Value: "0"},
			{Name: "ClientReportingLevel", Value: "2"},
		},
	}
	if c.ours() {
		config.Properties = append(config.Properties, clientws.ConfigurationProperty{Name: findingsProperty, Value: "1"})
	}
	return &clientws.GetConfigResponse{Result: config}, nil
}

// ours tells that the client is redx's own agent, which alone is told what the specification does not have.
func (c *call) ours() bool { return strings.HasPrefix(c.r.UserAgent(), "redx-agent/") }

func (c *call) share() string {
	if c.set.PackageServerShare != "" {
		return c.set.PackageServerShare
	}
	return `\\` + host(c.r) + `\UpdateServicesPackages`
}

// host is the host of the request without its port.
func host(r *http.Request) string {
	if h, _, err := net.SplitHostPort(r.Host); err == nil {
		return h
	}
	return r.Host
}

// getAuthorizationCookie lets a client say who it is (3.1.5.3).
func (s *Server) getAuthorizationCookie(c *call, r *simpleauth.GetAuthorizationCookie) (soap.Body, error) {
	switch {
	case !isName(r.ClientID):
		return nil, invalid("clientId")
	case !isName(r.DNSName):
		return nil, invalid("dnsName")
	case len(r.TargetGroupName) > 16*maxName:
		return nil, invalid("targetGroupName")
	}
	claim := Claim{ID: strings.ToLower(r.ClientID), DNSName: r.DNSName, Groups: groupNames(r.TargetGroupName), Address: remote(c.r)}
	if _, err := s.deps.Computers.Claim(c.ctx, claim); err != nil {
		return nil, err
	}
	data, err := seal(c.set.Keys[0], forAuthorization, authorization{Computer: claim.ID})
	if err != nil {
		return nil, err
	}
	return &simpleauth.GetAuthorizationCookieResponse{
		Result: &simpleauth.AuthorizationCookie{PlugInID: plugIn, CookieData: data},
	}, nil
}

// isName holds what clients call themselves to visible characters. Old clients have ids that are no GUIDs, and names with
// "_", so the rules of DNS are not applied.
func isName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '<' || c == '>' })
}

func groupNames(s string) []string {
	var names []string
	for name := range strings.SplitSeq(s, ";") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// getCookie makes a cookie for a client that has said who it is (3.1.5.4).
func (s *Server) getCookie(c *call, r *clientws.GetCookie) (soap.Body, error) {
	var who authorization
	if len(r.AuthCookies) != 1 || unseal(c.set.Keys, forAuthorization, r.AuthCookies[0].CookieData, &who) != nil {
		return nil, fault(soap.InvalidAuthorizationCookie)
	}
	protocol, ok := parseVersion(r.ProtocolVersion)
	if !ok {
		return nil, invalid("protocolVersion")
	}
	old, err := s.oldSession(c, r.OldCookie)
	if err != nil {
		return nil, err
	}
	computer, known, err := s.deps.Computers.Computer(c.ctx, who.Computer)
	if err != nil {
		return nil, err
	}
	// To a computer that was deleted since, this says to call GetAuthorizationCookie, by which it becomes known again.
	if !known || !sameTime(r.LastChange, c.set.Changed) {
		return nil, fault(soap.ConfigChanged)
	}
	ses := &session{
		Epoch: c.set.Epoch, Computer: who.Computer, Groups: sorted(computer.Groups), Protocol: protocol,
		Expires: s.now().Add(s.limits.Cookie).UTC().Truncate(precision), Config: c.set.Changed, Locations: c.set.ContentBase,
	}
	ses.inherit(old)
	cookie, err := s.cookie(&c.set, ses)
	return &clientws.GetCookieResponse{Result: cookie}, err
}

// oldSession opens the cookie that is to be renewed. A client without one sends one that has only a time.
func (s *Server) oldSession(c *call, old *clientws.Cookie) (*session, error) {
	if old == nil || len(old.EncryptedData) == 0 {
		return nil, nil //nolint:nilnil // no session is not an error
	}
	return s.open(&c.set, old)
}

// inherit takes over what the client knew already. In other groups other deployments count, so it knows nothing then.
func (ses *session) inherit(old *session) {
	if old == nil || old.Computer != ses.Computer {
		return
	}
	ses.Locations = old.Locations
	if slices.Equal(old.Groups, ses.Groups) {
		ses.Software, ses.Drivers, ses.Printers = old.Software, old.Drivers, old.Printers
	}
}

// registerComputer takes what a computer says of itself (3.1.5.5).
func (s *Server) registerComputer(c *call, r *clientws.RegisterComputer) (soap.Body, error) {
	if err := s.session(c, r.Cookie); err != nil {
		return nil, err
	}
	if r.ComputerInfo == nil {
		return nil, invalid("computerInfo")
	}
	if !c.set.RequireRegistration {
		return nil, fault(soap.RegistrationNotRequired)
	}
	if err := s.deps.Computers.Register(c.ctx, c.session.Computer, *r.ComputerInfo); err != nil {
		return nil, err
	}
	return &clientws.RegisterComputerResponse{}, nil
}

// renewed gives the session's cookie anew. It lives no longer than the old one.
func (s *Server) renewed(c *call, change func(*session)) (*clientws.Cookie, error) {
	ses := *c.session
	change(&ses)
	return s.cookie(&c.set, &ses)
}
