package agent_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/update"
)

// A turn that was told is the one that was had, but for what its error was made of.
func TestTurnAsJSON(t *testing.T) {
	u := offer(1)
	u.KB, u.Ready, u.Deadline = "KB5000001", true, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	u.Window = maintenance.Windows{{Days: [7]bool{6: true}, From: hour, To: 5 * hour}}
	at := agent.Attempt{
		Time: u.Deadline, ID: u.ID.GUID.String(), KB: "KB5000001", Title: u.Title, Result: update.Failed, Stage: agent.Installing,
		Code: hresult.FileNotFound, Path: `C:\x`, Why: "gone", Healing: &agent.Healing{Healed: agent.Mended},
	}
	at.Update = u.Ref
	at.Update.ID.Revision = 0 // an attempt is of an update, whichever revision
	for name, want := range map[string]agent.Turn{
		"a visit": {Scan: &agent.Scan{
			At: u.Deadline, Location: "http://x", Updates: []agent.Update{u}, Installed: 3, NotApplicable: 4,
			Undecided: []agent.Undecided{{Ref: u.Ref, Rule: "Wmi", Why: "not known"}},
		}, Attempts: []agent.Attempt{at}},
		"a failed one": {Err: errors.New("asleep"), Attempts: []agent.Attempt{}},
	} {
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got agent.Turn
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		text := cmp.Comparer(func(a, b error) bool { return a == nil && b == nil || a != nil && b != nil && a.Error() == b.Error() })
		if d := cmp.Diff(want, got, text); d != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", name, d, b)
		}
	}
}
