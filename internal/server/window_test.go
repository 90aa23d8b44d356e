package server

import (
	"bytes"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

const windows = "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.50"

// decide gives the approval of 10 a window.
func (w *world) decide(t *testing.T, window string) {
	t.Helper()
	list, err := maintenance.Parse(window)
	if err != nil {
		t.Fatal(err)
	}
	w.approve(10, deploy.Unassigned, deploy.Install)
	w.approvals[len(w.approvals)-1].Window = list
	w.compile()
}

// raw gives the bytes of the answer to an operation of Client.asmx.
func (a *agent) raw(request soap.Body) []byte {
	a.t.Helper()
	message, err := soap.Agent.Append(nil, request)
	a.must(err)
	_, _, body := a.post("/ClientWebService/client.asmx", message)
	return body
}

// TestWindowIsForOwnAgents: a window changes no byte of what any other client is answered.
func TestWindowIsForOwnAgents(t *testing.T) {
	for name, want := range map[string]bool{"redx-agent/1 Client-Protocol/1.8": true, windows: false, "": false, "Mozilla/5.0 redx-agent/1": false} {
		refreshed := map[string][]byte{}
		for _, window := range []string{"", "sat,sun 01:00-05:00"} {
			w := small()
			w.approvals = nil
			w.decide(t, window)
			a := newAgent(t, w)
			a.name = name
			a.handshake()
			ask := &clientws.RefreshCache{Cookie: a.cookie, GlobalIDs: []clientws.UpdateIdentity{{UpdateID: uid(10).String(), RevisionNumber: 100}}}
			refreshed[window] = a.raw(ask)
			if !bytes.Contains(refreshed[window], []byte("<Action>Install</Action>")) {
				t.Fatalf("%q: %s", name, refreshed[window])
			}
			_, p := a.scan()
			p.OtherCachedUpdateIDs = nil
			body := a.raw(&clientws.SyncUpdates{Cookie: a.cookie, Parameters: &p})
			element := []byte("<RedxWindow>" + window + "</RedxWindow></Deployment>")
			if got := bytes.Contains(body, element) && bytes.Contains(refreshed[window], element); got != (want && window != "") || bytes.Contains(body, []byte("RedxWindow")) != got {
				t.Errorf("%q, window %q: %s", name, window, body)
			}
		}
		if same := bytes.Equal(refreshed[""], refreshed["sat,sun 01:00-05:00"]); same == want {
			t.Errorf("%q: the same bytes with a window and without: %v", name, same)
		}
	}
}

// TestWindowChanges: a window that is set, changed or taken away is a changed deployment.
func TestWindowChanges(t *testing.T) {
	w := small()
	a := newAgent(t, w)
	a.name = "redx-agent/1 Client-Protocol/1.8"
	_, p := a.handshake().scan()
	for _, window := range []string{"sat,sun 01:00-05:00", "22:00-05:00", ""} {
		w.pass(24 * time.Hour)
		w.approvals = nil
		w.decide(t, window)
		a.handshake()
		info, err := a.sync(p)
		a.must(err)
		var got *clientws.Deployment
		for _, u := range info.ChangedUpdates {
			if u.ID == 10 {
				got = u.Deployment
			}
		}
		if got == nil || got.RedxWindow != window || got.LastChangeTime != w.now().UTC().Format(time.DateOnly) {
			t.Errorf("%q: changed are %v: %+v", window, ids(info.ChangedUpdates), got)
		}
		if info, err = a.sync(p); err != nil || info.ChangedUpdates != nil {
			t.Errorf("told twice: %+v, %v", info, err)
		}
	}
}
