package server

import (
	"net/http"
	"strings"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// The paths of MS-WUSP 2.1, in lower case: clients write them as they like. The WSDL of the reporting web service says
// WebService.asmx, real clients take the other one.
const (
	clientPath         = "/clientwebservice/client.asmx"
	simpleAuthPath     = "/simpleauthwebservice/simpleauth.asmx"
	reportingPath      = "/reportingwebservice/reportingwebservice.asmx"
	reportingWSDLPath  = "/reportingwebservice/webservice.asmx"
	findingsPath       = "/redx/v1/findings"
	contentPrefix      = "/content/"
	simpleAuthRelative = "SimpleAuthWebService/SimpleAuth.asmx"
)

func (s *Server) makeRoutes() map[string]http.Handler {
	reports := s.reportingService()
	return map[string]http.Handler{
		clientPath:        s.clientService(),
		simpleAuthPath:    s.simpleAuthService(),
		reportingPath:     reports,
		reportingWSDLPath: reports,
		findingsPath:      http.HandlerFunc(s.findings),
	}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	h, ok := s.routes[strings.ToLower(path)]
	if !ok {
		h, ok = s.routes[strings.ToLower(single(path))]
	}
	if ok {
		h.ServeHTTP(w, r)
		return
	}
	if strings.Contains(path, "//") {
		path = single(path)
		r = at(r, path)
	}
	const n = len(contentPrefix)
	if s.deps.Content != nil && len(path) > n && strings.EqualFold(path[:n], contentPrefix) {
		http.StripPrefix(path[:n], s.deps.Content).ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

// single makes one slash of several and takes those at the end away: of a policy that names the server with a slash at its
// end, clients make a path with two.
func single(path string) string {
	return "/" + strings.Join(strings.FieldsFunc(path, func(c rune) bool { return c == '/' }), "/")
}

// at gives the request with another path.
func at(r *http.Request, path string) *http.Request {
	moved := *r
	u := *r.URL
	u.Path, u.RawPath = path, ""
	moved.URL = &u
	return &moved
}

func (s *Server) clientService() *service {
	return &service{
		server: s, namespace: clientws.Namespace, style: soap.Client, cache: "private", limit: 4 << 20,
		operations: map[string]operation{
			"GetConfig":              handle(s.getConfig),
			"GetCookie":              handle(s.getCookie),
			"RegisterComputer":       handle(s.registerComputer),
			"StartCategoryScan":      handle(s.startCategoryScan),
			"SyncUpdates":            handle(s.syncUpdates),
			"SyncPrinterCatalog":     handle(s.syncPrinterCatalog),
			"RefreshCache":           handle(s.refreshCache),
			"GetExtendedUpdateInfo":  handle(s.getExtendedUpdateInfo),
			"GetExtendedUpdateInfo2": handle(s.getExtendedUpdateInfo2),
			"GetFileLocations":       handle(s.getFileLocations),
		},
	}
}

func (s *Server) simpleAuthService() *service {
	return &service{
		server: s, namespace: simpleauth.Namespace, style: soap.ASMX, cache: "private, max-age=0", limit: 64 << 10,
		operations: map[string]operation{"GetAuthorizationCookie": handle(s.getAuthorizationCookie)},
	}
}

func (s *Server) reportingService() *service {
	return &service{
		server: s, namespace: reporting.Namespace, style: soap.ASMX, cache: "private, max-age=0", limit: 4 << 20,
		operations: map[string]operation{"ReportEventBatch": handle(s.reportEventBatch)},
	}
}
