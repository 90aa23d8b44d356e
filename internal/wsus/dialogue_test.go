// Package wsus_test holds the messages of all services against a dialogue that was captured between Windows' update agent
// and Windows Server.
package wsus_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// bodies makes the struct for each element that stands in a body.
var bodies = map[string]func() soap.Body{
	"GetConfig":                      func() soap.Body { return &clientws.GetConfig{} },
	"GetConfigResponse":              func() soap.Body { return &clientws.GetConfigResponse{} },
	"GetCookie":                      func() soap.Body { return &clientws.GetCookie{} },
	"GetCookieResponse":              func() soap.Body { return &clientws.GetCookieResponse{} },
	"RegisterComputer":               func() soap.Body { return &clientws.RegisterComputer{} },
	"RegisterComputerResponse":       func() soap.Body { return &clientws.RegisterComputerResponse{} },
	"StartCategoryScan":              func() soap.Body { return &clientws.StartCategoryScan{} },
	"StartCategoryScanResponse":      func() soap.Body { return &clientws.StartCategoryScanResponse{} },
	"SyncUpdates":                    func() soap.Body { return &clientws.SyncUpdates{} },
	"SyncUpdatesResponse":            func() soap.Body { return &clientws.SyncUpdatesResponse{} },
	"SyncPrinterCatalog":             func() soap.Body { return &clientws.SyncPrinterCatalog{} },
	"SyncPrinterCatalogResponse":     func() soap.Body { return &clientws.SyncPrinterCatalogResponse{} },
	"RefreshCache":                   func() soap.Body { return &clientws.RefreshCache{} },
	"RefreshCacheResponse":           func() soap.Body { return &clientws.RefreshCacheResponse{} },
	"GetExtendedUpdateInfo":          func() soap.Body { return &clientws.GetExtendedUpdateInfo{} },
	"GetExtendedUpdateInfoResponse":  func() soap.Body { return &clientws.GetExtendedUpdateInfoResponse{} },
	"GetExtendedUpdateInfo2":         func() soap.Body { return &clientws.GetExtendedUpdateInfo2{} },
	"GetExtendedUpdateInfo2Response": func() soap.Body { return &clientws.GetExtendedUpdateInfo2Response{} },
	"GetFileLocations":               func() soap.Body { return &clientws.GetFileLocations{} },
	"GetFileLocationsResponse":       func() soap.Body { return &clientws.GetFileLocationsResponse{} },
	"GetAuthorizationCookie":         func() soap.Body { return &simpleauth.GetAuthorizationCookie{} },
	"GetAuthorizationCookieResponse": func() soap.Body { return &simpleauth.GetAuthorizationCookieResponse{} },
	"ReportEventBatch":               func() soap.Body { return &reporting.ReportEventBatch{} },
	"ReportEventBatchResponse":       func() soap.Body { return &reporting.ReportEventBatchResponse{} },
}

// TestDialogue reads every message of the captured dialogue and writes it again: each byte must come back, so nothing that
// real clients and servers say is lost.
func TestDialogue(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata.Path(t, "wsus/dialogue"), "*", "*.body"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := rewrite(t, want, styleOf(want))
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func styleOf(message []byte) soap.Style {
	switch {
	case bytes.HasPrefix(message, []byte("<?xml")):
		return soap.ASMX
	case bytes.Contains(message, []byte("<s:Body>")):
		return soap.Agent
	}
	return soap.Client
}

func rewrite(t *testing.T, message []byte, style soap.Style) []byte {
	t.Helper()
	m, err := soap.Open(message)
	if err != nil {
		t.Fatal(err)
	}
	body, ok := bodies[m.Name]
	if !ok {
		t.Fatalf("no struct for %s", m.Name)
	}
	to := body()
	if err := m.Decode(to); err != nil {
		t.Fatal(err)
	}
	out, err := style.Append(nil, to)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBodies makes sure that every struct can be written and read, and stands under its own name.
func TestBodies(t *testing.T) {
	for name, body := range bodies {
		if _, got := body().Element(); got != name {
			t.Errorf("%s calls itself %s", name, got)
		}
		out, err := soap.ASMX.Append(nil, body())
		if err != nil {
			t.Errorf("write %s: %v", name, err)
		}
		rewrite(t, out, soap.ASMX)
	}
}

func FuzzMessages(f *testing.F) {
	for _, body := range bodies {
		out, err := soap.Client.Append(nil, body())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(out)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		m, err := soap.Open(message)
		if err != nil {
			return
		}
		if m.Name == "Fault" {
			_, _ = m.Fault()
			return
		}
		body, ok := bodies[m.Name]
		if !ok {
			return
		}
		to := body()
		if m.Decode(to) != nil {
			return
		}
		out, err := soap.Client.Append(nil, to)
		if err != nil {
			t.Fatal(err)
		}
		if again := rewrite(t, out, soap.Client); !bytes.Equal(out, again) {
			t.Errorf("%s becomes %s", out, again)
		}
	})
}
