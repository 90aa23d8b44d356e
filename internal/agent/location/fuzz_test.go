package location

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// FuzzSync takes in any answer to SyncUpdates, twice: the second time it is nothing new.
func FuzzSync(f *testing.F) {
	add := func(info clientws.SyncInfo) {
		b, err := soap.Client.Append(nil, &clientws.SyncUpdatesResponse{Result: &info})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	add(clientws.SyncInfo{NewUpdates: []clientws.UpdateInfo{{
		ID: 1, XML: `<UpdateIdentity UpdateID="5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01" RevisionNumber="7" /><Properties UpdateType="Software" />`,
		Deployment: &clientws.Deployment{Action: "Install", Deadline: "2026-12-01T09:00:00Z", RedxWindow: "sat,sun 01:00-05:00"},
	}}})
	add(clientws.SyncInfo{OutOfScopeRevisionIDs: []int32{7}, ChangedUpdates: []clientws.UpdateInfo{{ID: 8, Deployment: &clientws.Deployment{}}}})
	f.Fuzz(func(t *testing.T, message []byte) {
		var answer clientws.SyncUpdatesResponse
		if err := understand(&http.Response{StatusCode: http.StatusOK}, "SyncUpdates", message, &answer); err != nil || answer.Result == nil {
			return
		}
		c := &Client{o: Options{Log: slog.New(slog.DiscardHandler)}, state: &State{}}
		c.state.init()
		c.state.Revisions[7] = &metadata.Revision{ID: 7}
		seen := map[int32]bool{}
		for _, u := range answer.Result.NewUpdates {
			if seen[u.ID] {
				return
			}
			seen[u.ID] = true
		}
		for i := range 2 {
			if fresh, err := c.apply(t.Context(), answer.Result); err == nil && fresh && i > 0 && len(answer.Result.OutOfScopeRevisionIDs) == 0 && len(answer.Result.ChangedUpdates) == 0 {
				t.Error("the same answer brings something new twice")
			}
		}
		for id, r := range c.state.Revisions {
			if r.ID != id || r.Problem == "" && r.Core.Type == "" && id != 7 {
				t.Errorf("%d: %+v", id, r)
			}
		}
	})
}
