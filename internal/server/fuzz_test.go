package server

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// FuzzRequests sends the server what it has not seen. "COOKIE" stands for a cookie that is good. Whatever comes, the server must
// answer, and must not call it its own trouble.
func FuzzRequests(f *testing.F) {
	w := withDrivers()
	deps := w.deps()
	deps.Log = slog.New(slog.DiscardHandler)
	s := NewServer(deps)
	good := goodCookie(f, w, s)
	cookie := &clientws.Cookie{EncryptedData: []byte("cookie here")}
	some := []int32{1, 10, 40}
	for path, bodies := range map[string][]soap.Body{
		clientPath: {
			&clientws.GetConfig{ProtocolVersion: "1.8"}, &clientws.GetCookie{OldCookie: cookie},
			&clientws.RegisterComputer{Cookie: cookie, ComputerInfo: &clientws.ComputerInfo{}},
			&clientws.StartCategoryScan{RequestedCategories: []clientws.CategoryRelationship{{CategoryID: uid(1).String()}}},
			&clientws.SyncUpdates{Cookie: cookie, Parameters: &clientws.SyncUpdateParameters{InstalledNonLeafUpdateIDs: some, OtherCachedUpdateIDs: some}},
			&clientws.SyncUpdates{Cookie: cookie, Parameters: &clientws.SyncUpdateParameters{SkipSoftwareSync: true, SystemSpec: []clientws.Device{{HardwareIDs: []string{"pci\\ven_1"}, InstalledDriver: &clientws.InstalledDriver{}}}}},
			&clientws.SyncPrinterCatalog{Cookie: cookie, PrinterUpdateIDs: some},
			&clientws.RefreshCache{Cookie: cookie, GlobalIDs: []clientws.UpdateIdentity{{UpdateID: uid(10).String(), RevisionNumber: 100}}},
			&clientws.GetExtendedUpdateInfo{Cookie: cookie, RevisionIDs: some, InfoTypes: []clientws.XMLUpdateFragmentType{clientws.Extended, clientws.EULA}, Locales: []string{"de"}},
			&clientws.GetExtendedUpdateInfo2{Cookie: cookie, UpdateIDs: []clientws.UpdateIdentity{{UpdateID: uid(10).String(), RevisionNumber: 100}}, InfoTypes: []clientws.XMLUpdateFragmentType{clientws.FileURL}},
			&clientws.GetFileLocations{Cookie: cookie, FileDigests: [][]byte{make([]byte, 20)}},
		},
		simpleAuthPath: {&simpleauth.GetAuthorizationCookie{ClientID: "a", DNSName: "b"}},
		reportingPath:  {&reporting.ReportEventBatch{Cookie: cookie, EventBatch: []reporting.Event{{ExtendedData: &reporting.ExtendedData{}}}}},
	} {
		for _, b := range bodies {
			message, err := soap.Agent.Append(nil, b)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(path, strings.ReplaceAll(string(message), "Y29va2llIGhlcmU=", "COOKIE"))
		}
	}
	f.Fuzz(func(t *testing.T, path, message string) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte(strings.ReplaceAll(message, "COOKIE", good))))
		r.URL.Path = path
		got := httptest.NewRecorder()
		s.ServeHTTP(got, r)
		if bytes.Contains(got.Body.Bytes(), []byte("<ErrorCode>"+soap.InternalServerError)) {
			t.Errorf("%s: %s", message, got.Body)
		}
	})
}

// goodCookie gives a registered computer's cookie, in base64.
func goodCookie(f *testing.F, w *world, s *Server) string {
	f.Helper()
	server := httptest.NewServer(s)
	f.Cleanup(server.Close)
	a := &agent{t: f, w: w, server: server, id: "e1da06a3-5601-43c9-bac3-52d5db701494", protocol: "2.90"}
	message, err := soap.Agent.Append(nil, &clientws.RegisterComputer{Cookie: a.handshake().cookie})
	if err != nil {
		f.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(message), "<EncryptedData>")
	text, _, _ := strings.Cut(rest, "<")
	return text
}

// withDrivers is small with a driver (50) and a printer's driver (51).
func withDrivers() *world {
	w := small()
	w.add(50, catalog.Driver).Drivers = []catalog.DriverEntry{{HardwareID: "PCI\\VEN_1", Class: "Net", Date: w.clock, Version: 1}}
	w.add(51, catalog.Driver).Drivers = []catalog.DriverEntry{{HardwareID: "usbprint\\x", Class: "Printer", Date: w.clock, Version: 1}}
	w.approve(50, deploy.AllComputers, deploy.Install)
	w.approve(51, deploy.AllComputers, deploy.Install)
	w.compile()
	return w
}
