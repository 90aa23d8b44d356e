package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
	"github.com/redx-update/redx/internal/wsus/xpress"
)

const (
	clientPath = "/ClientWebService/client.asmx"
	authPath   = "/SimpleAuthWebService/SimpleAuth.asmx"
)

// agent is a client as Windows' is, with a connection of its own.
type agent struct {
	base   string
	http   *http.Client
	id     string
	group  string
	auth   clientws.AuthorizationCookie
	cookie *clientws.Cookie
	last   time.Time
}

func newAgent(base string, n int, group string) *agent {
	return &agent{
		base: base, id: computerID(n), group: group,
		http: &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 4}},
	}
}

// computerID is the client id of the nth computer.
func computerID(n int) string { return fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012x", n) }

func (a *agent) close() { a.http.CloseIdleConnections() }

// reply is an answer as it came.
type reply struct {
	status int
	packed bool
	body   []byte
}

// send posts a message.
func (a *agent) send(ctx context.Context, path string, message []byte) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+path, bytes.NewReader(message))
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("Accept-Encoding", "xpress")
	res, err := a.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header.Get("Content-Encoding") == "xpress", body}, err
}

func (a *agent) call(ctx context.Context, path string, request, answer soap.Body) error {
	message, err := soap.Agent.Append(nil, request)
	if err != nil {
		return err
	}
	got, err := a.send(ctx, path, message)
	if err != nil {
		return err
	}
	return got.decode(answer)
}

// right says whether an answer is one, and no fault. It is not read, which would cost the load generator as much as the
// server.
func (r *reply) right() error {
	if r.status != http.StatusOK || len(r.body) == 0 {
		return fmt.Errorf("status %d: %.300q", r.status, r.body)
	}
	return nil
}

func (r *reply) decode(answer soap.Body) (err error) {
	body := r.body
	if r.packed {
		if body, err = xpress.Decode(body, 64<<20); err != nil {
			return err
		}
	}
	m, err := soap.Open(body)
	if err != nil {
		return fmt.Errorf("%w: %.100s", err, body)
	}
	if m.Name == "Fault" {
		f, err := m.Fault()
		return errors.Join(err, f)
	}
	return m.Decode(answer)
}

// handshake gets a cookie, and registers the computer.
func (a *agent) handshake(ctx context.Context) error {
	var config clientws.GetConfigResponse
	if err := a.call(ctx, clientPath, &clientws.GetConfig{ProtocolVersion: "2.90"}, &config); err != nil {
		return err
	}
	a.last = config.Result.LastChange
	var who simpleauth.GetAuthorizationCookieResponse
	if err := a.call(ctx, authPath, &simpleauth.GetAuthorizationCookie{ClientID: a.id, TargetGroupName: a.group, DNSName: "pc-" + a.id[24:]}, &who); err != nil {
		return err
	}
	a.auth = clientws.AuthorizationCookie{PlugInID: who.Result.PlugInID, CookieData: who.Result.CookieData}
	var cookie clientws.GetCookieResponse
	if err := a.call(ctx, clientPath, a.getCookie(), &cookie); err != nil {
		return err
	}
	a.cookie = cookie.Result
	return a.call(ctx, clientPath, &clientws.RegisterComputer{Cookie: a.cookie, ComputerInfo: &clientws.ComputerInfo{DNSName: "pc", OSMajorVersion: 10}}, &clientws.RegisterComputerResponse{})
}

func (a *agent) getCookie() *clientws.GetCookie {
	return &clientws.GetCookie{
		AuthCookies: []clientws.AuthorizationCookie{a.auth}, LastChange: a.last, CurrentTime: time.Now(), ProtocolVersion: "2.90",
	}
}

// scan synchronises until nothing new comes, and gives what the computer has then.
func (a *agent) scan(ctx context.Context) (p clientws.SyncUpdateParameters, rounds int, err error) {
	for ; rounds < 1000; rounds++ {
		var answer clientws.SyncUpdatesResponse
		if err := a.call(ctx, clientPath, &clientws.SyncUpdates{Cookie: a.cookie, Parameters: &p}, &answer); err != nil {
			return p, rounds, err
		}
		a.cookie = answer.Result.NewCookie
		if len(answer.Result.NewUpdates) == 0 {
			return p, rounds + 1, nil
		}
		for i := range answer.Result.NewUpdates {
			if u := &answer.Result.NewUpdates[i]; u.IsLeaf {
				p.OtherCachedUpdateIDs = append(p.OtherCachedUpdateIDs, u.ID)
			} else {
				p.InstalledNonLeafUpdateIDs = append(p.InstalledNonLeafUpdateIDs, u.ID)
			}
		}
	}
	return p, rounds, errors.New("the scan does not end")
}

// maxExtended is how many revisions a request for their details may have.
const maxExtended = 50

// details asks for the details of revisions, as a computer does for all that it found.
func (a *agent) details(ctx context.Context, ids []int32) error {
	got := 0
	for some := range slices.Chunk(ids, maxExtended) {
		var answer clientws.GetExtendedUpdateInfoResponse
		err := a.call(ctx, clientPath, &clientws.GetExtendedUpdateInfo{
			Cookie: a.cookie, RevisionIDs: some, Locales: []string{"en-US", "en"},
			InfoTypes: []clientws.XMLUpdateFragmentType{clientws.Extended, clientws.LocalizedProperties},
		}, &answer)
		if err != nil {
			return err
		}
		got += len(answer.Result.Updates)
	}
	if got < len(ids) {
		return fmt.Errorf("%d fragments of %d revisions", got, len(ids))
	}
	return nil
}
