package console

import (
	"context"
	"log/slog"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/server/findings"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

// mark is the picture beside an attempt; it says nothing that its status does not say in words.
type mark string

// The marks.
const (
	markFailed    mark = "failed"
	markDone      mark = "done"
	markCancelled mark = "cancelled"
	markWaiting   mark = "waiting"
)

// attempt is one entry of a computer's update history.
type attempt struct {
	store.Try
	Title       string
	Known       bool // the server has the update
	Status      string
	Mark        mark
	Explanation *hresult.Explanation // of a failure
	Found       []found
	Steps       []stage
}

// stage is one event of an attempt.
type stage struct {
	Time time.Time
	Text string
	ID   int
	Code hresult.Code
}

// found is a finding that is behind a failure.
type found struct {
	findings.Finding
	At      time.Time
	Healing *findings.Healing
}

// Mended tells that there is nothing to do about it any more.
func (f *found) Mended() bool { return f.Healing != nil && f.Healing.Healed == "mended" }

// diagnosis is what a computer sent at a time.
type diagnosis struct {
	findings.Diagnosis
	At time.Time
}

// maxDiagnoses bounds what is read of a computer's findings for one page, in bytes.
const maxDiagnoses = 4 << 20

// diagnoses gives a computer's, the latest first. What cannot be read is left out.
func (c *Console) diagnoses(ctx context.Context, computer string) ([]diagnosis, error) {
	sent, err := c.Store.Findings(ctx, computer)
	if err != nil {
		return nil, err
	}
	var all []diagnosis
	left := maxDiagnoses
	for _, f := range sent {
		if left -= len(f.JSON); left < 0 {
			break
		}
		d, err := findings.Parse(f.JSON)
		if err != nil {
			c.Log.WarnContext(ctx, "findings not shown", slog.String("computer", computer), slog.Any("error", err))
			continue
		}
		all = append(all, diagnosis{d, f.Time})
	}
	return all, nil
}

// found gives the findings that pass; what was done about them stands at the first, the cause.
func (d *diagnosis) found(pass func(*findings.Finding) bool) []found {
	var all []found
	for i := range d.Findings {
		if pass(&d.Findings[i]) {
			all = append(all, found{Finding: d.Findings[i], At: d.At})
		}
	}
	if len(all) > 0 {
		all[0].Healing = d.Healing
	}
	return all
}

// attempts puts what is known of them behind tries; both are the latest first.
func (c *Console) attempts(tries []store.Try, diagnoses []diagnosis) []attempt {
	all := make([]attempt, 0, len(tries))
	next := map[guid.GUID]time.Time{} // when the update failed again
	for i := range tries {
		t := tries[i]
		a := attempt{Try: t, Title: c.title(t.Update.GUID), Known: c.knownTitle(t.Update.GUID) != ""}
		a.Status, a.Mark = status(&t)
		for j := range t.Events {
			e := &t.Events[j]
			a.Steps = append(a.Steps, stage{e.Time, stageText(e.EventID), e.EventID, e.Code})
		}
		if a.Mark == markFailed {
			x := hresult.Explain(t.Code)
			a.Explanation, a.Found = &x, c.behind(&t, next[t.Update.GUID], diagnoses)
			next[t.Update.GUID] = t.Last
		}
		all = append(all, a)
	}
	return all
}

// clocksDiffer is by how much a computer's clock may differ from the server's, when its events are compared with when it
// sent a diagnosis.
const clocksDiffer = 5 * time.Minute

// behind finds the last diagnosis after an attempt, before the update failed again, that says something about the update
// or, if none does, about the code: the last says how a repair went.
func (c *Console) behind(t *store.Try, next time.Time, diagnoses []diagnosis) []found {
	_, info := c.info(t.Update.GUID)
	ref := update.Ref{ID: t.Update, KB: info.KB, Title: info.Title}
	for _, pass := range []func(*findings.Finding) bool{
		func(f *findings.Finding) bool { return f.About(ref) },
		func(f *findings.Finding) bool { return f.Has(t.Code) },
	} {
		for i := range diagnoses {
			d := &diagnoses[i]
			if d.At.Before(t.Last.Add(-clocksDiffer)) || !next.IsZero() && !d.At.Before(next.Add(-clocksDiffer)) {
				continue
			}
			if f := d.found(pass); len(f) > 0 {
				return f
			}
		}
	}
	return nil
}

// status says in words how an attempt stands.
func status(t *store.Try) (string, mark) {
	what := map[string]string{
		"download": "Download", "install": "Installation", "restart": "Installation, after the restart,", "commit": "Installation",
		"uninstall": "Removal", "revert": "Removal",
	}[t.Phase]
	switch {
	case t.Result == update.Failed:
		return what + " failed", markFailed
	case t.Result == update.Cancelled:
		return what + " cancelled", markCancelled
	case t.Standing == store.RestartDue:
		return what + " waits for a restart", markWaiting
	case t.Result == update.Succeeded:
		return what + " succeeded", markDone
	case t.Standing == store.Downloaded && t.Phase == "download":
		return "Downloaded", markWaiting
	}
	return what + " begun", markWaiting
}

// stageText says what an event of an attempt means (the table of MS-WUSP 2.2.2.3.1).
func stageText(id int) string {
	switch id {
	case 168:
		return "download queued"
	case 167:
		return "download started"
	case 165:
		return "download paused"
	case 166:
		return "download resumed"
	case 169, 170:
		return "download goes on"
	case 181:
		return "installation started"
	case 521:
		return "commit started"
	case 546:
		return "revert started"
	case 164:
		return "download succeeded, in part from another computer"
	case 187, 192, 200, 225, 525, 545:
		return "took too long and was ended"
	}
	e := store.Event{EventID: id, Update: update.ID{GUID: [16]byte{1}}}
	a, _ := e.Attempt()
	text := a.Phase + " " + string(a.Result)
	if a.Standing == store.RestartDue {
		text += ", a restart is needed"
	}
	return text
}

// others gives the findings of the last diagnosis that stand behind no attempt.
func others(diagnoses []diagnosis, attempts []attempt) []found {
	if len(diagnoses) == 0 {
		return nil
	}
	name := func(f *findings.Finding) [2]string { return [2]string{f.ID, f.Title} }
	shown := map[[2]string]bool{}
	for i := range attempts {
		for j := range attempts[i].Found {
			shown[name(&attempts[i].Found[j].Finding)] = true
		}
	}
	return diagnoses[0].found(func(f *findings.Finding) bool { return !shown[name(f)] })
}
