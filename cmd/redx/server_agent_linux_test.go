package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

const (
	clientURL = "/ClientWebService/client.asmx"
	authURL   = "/SimpleAuthWebService/SimpleAuth.asmx"
	reportURL = "/ReportingWebService/ReportingWebService.asmx"
)

// computer plays a Windows computer. Its methods give errors and do not end the test, so that many can play at once.
type computer struct {
	base   string
	client *http.Client
	id     string
	name   string
	auth   clientws.AuthorizationCookie
	cookie *clientws.Cookie
	last   time.Time
}

func newComputer(base, id, name string) *computer {
	return &computer{base: base, client: http.DefaultClient, id: id, name: name}
}

// numbered is the id of the nth computer of a test.
func numbered(n int) string { return fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012x", n) }

// call does an operation. The error is a *soap.Fault when the server said so.
func (c *computer) call(path string, request, answer soap.Body) error {
	message, err := soap.Agent.Append(nil, request)
	if err != nil {
		return err
	}
	res, err := c.client.Post(c.base+path, "text/xml; charset=utf-8", bytes.NewReader(message)) //nolint:noctx // loopback
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	m, err := soap.Open(body)
	if err != nil {
		return fmt.Errorf("status %d: %w: %.200s", res.StatusCode, err, body)
	}
	if m.Name == "Fault" {
		f, err := m.Fault()
		return errors.Join(err, f)
	}
	return m.Decode(answer)
}

// authorize says who the computer is.
func (c *computer) authorize() error {
	var who simpleauth.GetAuthorizationCookieResponse
	err := c.call(authURL, &simpleauth.GetAuthorizationCookie{ClientID: c.id, DNSName: c.name}, &who)
	if err == nil {
		c.auth = clientws.AuthorizationCookie{PlugInID: who.Result.PlugInID, CookieData: who.Result.CookieData}
	}
	return err
}

// enter gets a cookie.
func (c *computer) enter() error {
	if c.last.IsZero() {
		var config clientws.GetConfigResponse
		if err := c.call(clientURL, &clientws.GetConfig{ProtocolVersion: "2.90"}, &config); err != nil {
			return err
		}
		c.last = config.Result.LastChange
	}
	var answer clientws.GetCookieResponse
	err := c.call(clientURL, &clientws.GetCookie{
		AuthCookies: []clientws.AuthorizationCookie{c.auth}, LastChange: c.last, CurrentTime: time.Now(), ProtocolVersion: "2.90",
	}, &answer)
	if err == nil {
		c.cookie = answer.Result
	}
	return err
}

func (c *computer) register() error {
	info := &clientws.ComputerInfo{DNSName: c.name, OSMajorVersion: 10}
	return c.call(clientURL, &clientws.RegisterComputer{Cookie: c.cookie, ComputerInfo: info}, &clientws.RegisterComputerResponse{})
}

// handshake does all that comes before a synchronisation.
func (c *computer) handshake() error {
	if err := c.authorize(); err != nil {
		return err
	}
	if err := c.enter(); err != nil {
		return err
	}
	return c.register()
}

func (c *computer) synchronise() (*clientws.SyncInfo, error) {
	var answer clientws.SyncUpdatesResponse
	err := c.call(clientURL, &clientws.SyncUpdates{Cookie: c.cookie, Parameters: &clientws.SyncUpdateParameters{}}, &answer)
	return answer.Result, err
}

// failed is the event that an update could not be installed.
func failed(computer, instance, update string) reporting.Event {
	return reporting.Event{BasicData: reporting.BasicData{
		TargetID: reporting.ComputerTargetIdentifier{SID: computer}, TimeAtTarget: time.Now(), EventInstanceID: instance,
		NamespaceID: 1, EventID: 182, SourceID: 101, Win32HResult: -2147024894,
		UpdateID: &reporting.UpdateRevisionIdentifier{UpdateID: update, RevisionNumber: 100},
	}}
}

func (c *computer) report(events ...reporting.Event) error {
	var answer reporting.ReportEventBatchResponse
	err := c.call(reportURL, &reporting.ReportEventBatch{Cookie: c.cookie, ClientTime: time.Now(), EventBatch: events}, &answer)
	if err == nil && !answer.Result {
		err = errors.New("the answer is false")
	}
	return err
}

// faultCode is the code of a fault; "" for what is none.
func faultCode(err error) soap.ErrorCode {
	var f *soap.Fault
	if !errors.As(err, &f) {
		return ""
	}
	return f.Code
}

func wantFault(t *testing.T, what string, err error, code soap.ErrorCode) {
	t.Helper()
	if faultCode(err) != code {
		t.Errorf("%s: %v instead of %s", what, err, code)
	}
}
