package location

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

const coreFragment = `<UpdateIdentity UpdateID="5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01" RevisionNumber="7" /><Properties UpdateType="Software" />`

// sane are answers as they should be, by operation.
func sane(tb testing.TB) map[string][]byte {
	one := &clientws.Deployment{Action: "Install"}
	out := map[string][]byte{}
	for name, b := range map[string]soap.Body{
		"GetConfig": &clientws.GetConfigResponse{Result: &clientws.Config{IsRegistrationRequired: true, Properties: []clientws.ConfigurationProperty{
			{Name: "ProtocolVersion", Value: "3.2"}, {Name: "MaxExtendedUpdatesPerRequest", Value: "50"}, {Name: findingsProperty, Value: "1"},
		}}},
		"GetAuthorizationCookie": &simpleauth.GetAuthorizationCookieResponse{Result: &simpleauth.AuthorizationCookie{PlugInID: plugIn, CookieData: []byte{1}}},
		"GetCookie":              &clientws.GetCookieResponse{Result: &clientws.Cookie{EncryptedData: []byte{1}}},
		"RegisterComputer":       &clientws.RegisterComputerResponse{},
		"StartCategoryScan":      &clientws.StartCategoryScanResponse{PreferredCategoryIDs: []string{guid.GUID{1}.String()}},
		"SyncUpdates":            &clientws.SyncUpdatesResponse{Result: &clientws.SyncInfo{ChangedUpdates: []clientws.UpdateInfo{{ID: 7, Deployment: one}}}},
		"RefreshCache": &clientws.RefreshCacheResponse{Results: []clientws.RefreshCacheResult{
			{RevisionID: 8, GlobalID: &clientws.UpdateIdentity{UpdateID: "5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01", RevisionNumber: 7}, Deployment: one},
		}},
		"GetExtendedUpdateInfo": &clientws.GetExtendedUpdateInfoResponse{Result: &clientws.ExtendedUpdateInfo{
			Updates: []clientws.UpdateData{{ID: 7, XML: "<ExtendedProperties/>"}}, FileLocations: []clientws.FileLocation{{FileDigest: make([]byte, 20), URL: "http://x/"}},
		}},
		"GetFileLocations": &clientws.GetFileLocationsResponse{Result: &clientws.GetFileLocationsResults{}},
		"ReportEventBatch": &reporting.ReportEventBatchResponse{Result: true},
	} {
		text, err := soap.Client.Append(nil, b)
		if err != nil {
			tb.Fatal(err)
		}
		out[name] = text
	}
	out["findings"] = []byte(`{"heal":true,"why":"x"}`)
	return out
}

// strange is a server that gives one answer that is anything, and sane ones beside.
type strange struct {
	sane     map[string][]byte
	name     string
	status   int
	coding   string
	body     []byte
	requests int
}

func (s *strange) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests++
	action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
	name := action[strings.LastIndexByte(action, '/')+1:]
	if name == "" {
		name = "findings"
	}
	res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(s.sane[name])), Request: r}
	if name == s.name {
		res.StatusCode, res.Body = s.status, io.NopCloser(bytes.NewReader(s.body))
		res.Header.Set("Content-Encoding", s.coding)
	}
	return res, nil
}

// FuzzAnswers has any answer come to any operation of a visit: it ends, in a bounded number of requests, and what the client
// has then is in order.
func FuzzAnswers(f *testing.F) {
	answers := sane(f)
	for name, body := range answers {
		f.Add(name, 200, "", body)
		f.Add(name, 500, "gzip", soap.AppendFault(nil, soap.V11, &soap.Fault{Code: soap.ServerChanged}))
	}
	f.Fuzz(func(t *testing.T, name string, status int, coding string, body []byte) {
		s := &strange{sane: answers, name: name, status: status, coding: coding, body: body}
		state := &State{Revisions: map[int32]*metadata.Revision{7: {ID: 7, Fragment: coreFragment}}}
		state.Revisions[7].Read()
		c, err := New(Options{
			URL: "http://x", HTTP: &http.Client{Transport: s}, ClientID: "x", Log: slog.New(slog.DiscardHandler),
			Wait: func(context.Context, time.Duration) error { return nil }, Categories: []agent.Category{{Product: guid.GUID{1}}},
			Hardware: func() (*Hardware, error) { return &Hardware{}, nil },
		}, state)
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		_ = c.Sync(ctx, func(map[int32]*metadata.Revision) []int32 { return []int32{7} }) // any error is as good as any
		_ = c.Extend(ctx, []int32{7, 8})
		_ = c.Locate(ctx, [][20]byte{{}})
		_, _ = c.Report(ctx, []reporting.Event{{}})
		_, _ = c.Tell(ctx, []byte("{}"))
		if s.requests > 500 {
			t.Errorf("%d requests", s.requests)
		}
		for id, r := range c.state.Revisions {
			if r == nil || r.ID != id {
				t.Errorf("revision %d: %+v", id, r)
			}
		}
	})
}
