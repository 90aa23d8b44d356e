package server

import (
	"cmp"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// What is sealed for what.
const (
	forCookie        = "redx cookie 1"
	forAuthorization = "redx authorization cookie 1"
)

// precision is that of times on the wire. A time that went to a client and back is compared with it.
const precision = 100 * time.Nanosecond

// session is the state that a client carries for the server in its cookie (MS-WUSP 2.2.3.5, 3.1.5.4). Nothing of it is kept
// here.
type session struct {
	Epoch     [16]byte
	Computer  string
	Groups    []deploy.GroupID // ordered
	Expires   time.Time
	Protocol  version
	Config    time.Time // Settings.Changed, as the client was told
	Locations string    // Settings.ContentBase, as the client was told
	// Software, Drivers and Printers are how new the deployments are that the client knows.
	Software, Drivers, Printers time.Time
}

// authorization is what an authorization cookie carries (2.2.3.4). It never expires: it says no more than the client did, and
// what the client may have is looked up whenever it is shown.
type authorization struct {
	Computer string
}

// version is a protocol version in two parts, such as 1.8 or 2.90.
type version struct{ Major, Minor int }

// parseVersion reads a version; false when it has not two parts.
func parseVersion(s string) (version, bool) {
	major, minor, ok := strings.Cut(strings.TrimSpace(s), ".")
	a, errA := strconv.ParseUint(major, 10, 16)
	b, errB := strconv.ParseUint(minor, 10, 16)
	return version{int(a), int(b)}, ok && errA == nil && errB == nil
}

// since says whether v is 1.minor or later.
func (v version) since(minor int) bool {
	return cmp.Or(cmp.Compare(v.Major, 1), cmp.Compare(v.Minor, minor)) >= 0
}

func fault(code soap.ErrorCode) error { return &soap.Fault{Code: code} }

// invalid is the fault for a parameter, by its path from the operation.
func invalid(path string) error { return &soap.Fault{Code: soap.InvalidParameters, Message: path} }

// cookie seals a session.
func (s *Server) cookie(set *Settings, ses *session) (*clientws.Cookie, error) {
	sealed, err := seal(set.Keys[0], forCookie, ses)
	if err != nil {
		return nil, err
	}
	return &clientws.Cookie{Expiration: ses.Expires, EncryptedData: sealed}, nil
}

// open reads a cookie, and refuses one of another server or of this server's other life (InvalidCookie, ServerChanged). It
// may have expired.
func (s *Server) open(set *Settings, c *clientws.Cookie) (*session, error) {
	var ses session
	if c == nil || unseal(set.Keys, forCookie, c.EncryptedData, &ses) != nil {
		return nil, fault(soap.InvalidCookie)
	}
	if ses.Epoch != set.Epoch {
		return nil, fault(soap.ServerChanged)
	}
	return &ses, nil
}

// session opens a cookie that must still be good. The clear copy of its expiry does not count: a client can change it.
func (s *Server) session(c *call, cookie *clientws.Cookie) error {
	ses, err := s.open(&c.set, cookie)
	if err != nil {
		return err
	}
	if !s.now().Before(ses.Expires) {
		return fault(soap.CookieExpired)
	}
	c.session = ses
	c.log = c.log.With(slog.String("computer", ses.Computer))
	return nil
}

// current makes sure that what the client was told when it got its cookie still holds (3.1.5.7): the configuration and its
// groups, or it has to get a new cookie; and that it is registered, if it must be.
func (s *Server) current(c *call) error {
	if !sameTime(c.session.Config, c.set.Changed) {
		return fault(soap.ConfigChanged)
	}
	computer, ok, err := s.deps.Computers.Computer(c.ctx, c.session.Computer)
	if err != nil {
		return err
	}
	// A computer that was deleted becomes known again by the same way.
	if !ok || !slices.Equal(sorted(computer.Groups), c.session.Groups) {
		return fault(soap.ConfigChanged)
	}
	if c.set.RequireRegistration && !computer.Registered {
		return fault(soap.RegistrationRequired)
	}
	if c.session.Locations != c.set.ContentBase {
		return fault(soap.FileLocationChanged)
	}
	return nil
}

func sameTime(a, b time.Time) bool { return a.Truncate(precision).Equal(b.Truncate(precision)) }

func sorted(groups []deploy.GroupID) []deploy.GroupID {
	groups = slices.Clone(groups)
	slices.Sort(groups)
	return slices.Compact(groups)
}
