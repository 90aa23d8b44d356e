package wua_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	redx "github.com/redx-update/redx/internal/agent"
	engine "github.com/redx-update/redx/internal/agent/engine/wua"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

func TestOffers(t *testing.T) {
	c, report := conversation(t, script{DownloadOutcome: succeeded})
	answer, err := c.Ask(t.Context(), protocol.Request{Verb: protocol.Offers})
	if err != nil {
		t.Fatal(err)
	}
	want := &protocol.Answer{Offered: 2, RestartNeeded: true, Updates: []protocol.Update{
		{ID: "b1f9e1f4-0c6e-4f39-8c56-6d1b0e2a7c11", Revision: 200, KB: "KB2267602", Title: "Definition"},
		{
			ID: wanted.ID.GUID.String(), Revision: 200, KB: "KB5034122", Title: "Cumulative für Windows (KB5034122)", Downloaded: true,
			MayRestart: true, Bytes: 5 << 30,
		},
	}, Warnings: []*protocol.Failure{{Step: protocol.Search, Call: "IUpdate.MaxDownloadSize", Code: unknownName}}} // the other has none
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	got := report()
	if got.Leaked != 0 {
		t.Errorf("%d objects were not released", got.Leaked)
	}
	if diff := cmp.Diff([]string{"IsInstalled=0 and IsHidden=0 and BrowseOnly=0"}, got.Searches); diff != "" {
		t.Errorf("searches (-want +got):\n%s", diff)
	}
}

// TestEngine has the agent of the child do what an engine is asked to.
func TestEngine(t *testing.T) {
	open := func(s script) *engine.Engine {
		c, _ := conversation(t, s)
		return &engine.Engine{Agent: c, Now: time.Now}
	}
	e := open(script{DownloadOutcome: succeeded, InstallOutcome: succeeded})
	scan, err := e.Scan(t.Context())
	if err != nil || len(scan.Updates) != 2 || !scan.Updates[1].Ready {
		t.Fatalf("%+v, %v", scan, err)
	}
	u := scan.Updates[1]
	if err := e.Download(t.Context(), u, func(int64, int64) {}); err != nil {
		t.Error(err)
	}
	if res, err := e.Install(t.Context(), u); err != nil || !res.RestartNeeded {
		t.Errorf("%+v, %v", res, err)
	}
	var f *redx.Failure
	_, err = open(script{DownloadOutcome: succeeded, InstallOutcome: broken, InstallResult: 0x80070002}).Install(t.Context(), u)
	if !errors.As(err, &f) || f.Code != hresult.FileNotFound || f.Stage != redx.Installing {
		t.Errorf("%v", err)
	}
	if _, err = open(script{Search: 0x8024402C, Thrown: true}).Scan(t.Context()); !errors.Is(err, redx.ErrUnreachable) {
		t.Errorf("%v", err)
	}
}
