package site

import (
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
)

// EventLog tells Windows' event log how a repair goes. What it does not take is lost: no repair fails for that.
func EventLog(m *live.Machine) func(session.Event) {
	return func(e session.Event) {
		if id, text := eventOf(e); id != 0 {
			_ = m.Report(id, text)
		}
	}
}

// eventOf gives the event and its text, 0 for what the log is not told.
func eventOf(e session.Event) (live.Event, string) {
	about := fmt.Sprintf("of Windows Update's folders (step %s, journal %s)", e.Rung, e.Journal)
	if e.Rung == repair.TransferJobs {
		return jobsEvent(e)
	}
	switch {
	case e.What == session.Recovering:
		return live.RecoveryBegun, "redx goes on with an interrupted repair " + about + "."
	case e.What == session.Beginning:
		return live.Begun, "redx begins a repair, or takes one back, " + about + "."
	case e.What != session.Ended:
		return 0, ""
	case e.Outcome == run.Committed:
		return live.Done, "redx is done with the repair " + about + ". To take it back: redx repair undo"
	case e.Outcome == run.RolledBack:
		return live.TakenBack, "redx has taken back the repair " + about + ". Everything is as it was."
	case e.Outcome == run.Waiting:
		return live.RestartNeeded, "The repair " + about + " goes on when Windows is restarted."
	default:
		return live.LeftOpen, "The repair " + about + " is neither done nor taken back. It goes on when Windows is restarted, or with: redx repair resume"
	}
}

// jobsEvent is eventOf for what cannot be undone.
func jobsEvent(e session.Event) (live.Event, string) {
	about := fmt.Sprintf("the cancelling of Windows Update's own transfer jobs (journal %s)", e.Journal)
	switch {
	case e.What == session.Recovering:
		return live.RecoveryBegun, "redx ends " + about + ", which was interrupted."
	case e.What == session.Beginning:
		return live.Begun, "redx begins " + about + ". It cannot be undone."
	case e.What != session.Ended:
		return 0, ""
	case e.Outcome == run.Committed:
		return live.Done, "redx is done with " + about + "."
	case e.Outcome == run.RolledBack:
		return live.TakenBack, "redx has cancelled nothing in " + about + "."
	case e.Outcome == run.Partly:
		return live.DoneInPart, "redx could not do all of " + about + ". What was cancelled stays so."
	default:
		return live.LeftOpen, "redx has not ended " + about + ". To go on with it: redx repair resume"
	}
}

// Observers tells all that there are; nil when there is none.
func Observers(all ...func(session.Event)) func(session.Event) {
	all = slices.DeleteFunc(all, func(f func(session.Event)) bool { return f == nil })
	if len(all) == 0 {
		return nil
	}
	return func(e session.Event) {
		for _, f := range all {
			f(e)
		}
	}
}
