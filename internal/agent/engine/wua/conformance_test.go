package wua_test

import (
	"context"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent/engine/enginetest"
	"github.com/redx-update/redx/internal/agent/engine/wua"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// windows is Windows' own agent on a computer that needs one update, as far as its answers show it.
type windows struct {
	downloaded, installed, silent bool
	fails                         hresult.Code // of an installation; OK: it works
}

// Ask answers as the child does that asks the agent.
func (w *windows) Ask(ctx context.Context, req protocol.Request) (*protocol.Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if w.silent {
		return &protocol.Answer{Failure: &protocol.Failure{Step: protocol.Search, Call: "Search", Code: 0x80072EE2}}, nil
	}
	u := protocol.Update{ID: id, Revision: 200, KB: "KB5034122", Title: "Cumulative", Bytes: 7, Downloaded: w.downloaded}
	a := &protocol.Answer{}
	if w.installed {
		return a, nil
	}
	a.Offered = 1
	if req.Verb == protocol.Offers {
		a.Updates = []protocol.Update{u}
		return a, nil
	}
	w.downloaded = true
	a.Update, a.Download = &u, &protocol.Result{Outcome: protocol.Succeeded}
	if !req.Install {
		return a, nil
	}
	a.Install = &protocol.Result{Outcome: protocol.Succeeded}
	if w.fails != hresult.OK {
		a.Install = &protocol.Result{Outcome: protocol.Failed, Code: w.fails}
	}
	w.installed = w.fails == hresult.OK
	return a, nil
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, func(*testing.T) *enginetest.Subject {
		w := &windows{}
		return &enginetest.Subject{
			Engine: &wua.Engine{Agent: w, Location: protocol.ManagedServer, Now: time.Now},
			Needed: guid.MustParse(id), Fetches: true,
			Silence: func(silent bool) { w.silent = silent },
			Spoil: func() hresult.Code {
				w.fails = hresult.FileNotFound
				return w.fails
			},
			Mend: func() { w.fails = hresult.OK },
		}
	})
}
