package server

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

const (
	sha1Size = 20
	// maxDigests bounds a GetFileLocations. A client that has lost all places asks for those of what it is downloading.
	maxDigests = 2000
)

// getFileLocations says where files are (MS-WUSP 3.1.5.10), and with its cookie that the client knows it now.
func (s *Server) getFileLocations(c *call, r *clientws.GetFileLocations) (soap.Body, error) {
	if err := s.session(c, r.Cookie); err != nil {
		return nil, err
	}
	if r.FileDigests == nil || len(r.FileDigests) > maxDigests {
		return nil, invalid("fileDigests")
	}
	for _, d := range r.FileDigests {
		if len(d) != sha1Size {
			return nil, invalid("fileDigests.base64Binary")
		}
	}
	files, err := s.deps.Updates.FilesByDigest(c.ctx, r.FileDigests)
	if err != nil {
		return nil, err
	}
	x := &extended{s: s, c: c}
	x.locate(files)
	cookie, err := s.renewed(c, func(ses *session) { ses.Locations = c.set.ContentBase })
	return &clientws.GetFileLocationsResponse{
		Result: &clientws.GetFileLocationsResults{FileLocations: x.files, NewCookie: cookie},
	}, err
}

// url gives the place of a file: where the settings say, or under the name and port by which the client found the server.
func (c *call) url(path string) string {
	return strings.TrimSuffix(c.contentBase(), "/") + "/Content/" + path
}

func (c *call) contentBase() string {
	switch {
	case c.set.ContentBase != "":
		return c.set.ContentBase
	case c.r.TLS == nil:
		return "http://" + hostPort(c.r)
	case c.set.PlainPort > 0:
		return "http://" + net.JoinHostPort(strings.Trim(host(c.r), "[]"), strconv.Itoa(c.set.PlainPort))
	}
	return "https://" + hostPort(c.r)
}

// hostPort is what the client calls the server; an old client that does not say gets the address that it came to.
func hostPort(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return a.String()
	}
	return "localhost"
}
