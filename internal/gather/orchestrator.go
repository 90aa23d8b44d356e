package gather

import (
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/uso"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// readOrchestrator reads the update orchestrator's store of completed updates.
func readOrchestrator(in *input, copied string) error {
	updates, err := uso.Updates(in.ctx, copied)
	for i := range updates {
		in.completed(&updates[i])
	}
	return err
}

func (in *input) completed(u *uso.Update) {
	a := attemptFields{update.Install, evidence.PhaseInstall, update.Succeeded}
	if u.Uninstall {
		a.operation = update.Uninstall
	}
	ref := update.Ref{KB: update.FindKB(u.Title), Title: u.Title}
	if id, err := guid.Parse(u.UpdateID[:min(len(u.UpdateID), 36)]); err == nil {
		ref.ID.GUID = id
	}
	in.out.Add(evidence.Event{
		Kind: evidence.Attempt, Source: in.record(uint64(u.Row)), Time: u.Time, Update: ref, Fields: a.fields(),
		Text: "the update orchestrator has completed " + u.Title,
	})
}
