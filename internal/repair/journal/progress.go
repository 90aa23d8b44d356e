package journal

import (
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/repair"
)

// Progress is how far a transaction got, by its journal.
type Progress struct {
	Begun    int      // acts with an intent: those before this index
	Folder   []string // by act: identity of the folder that it renames; empty when there was none
	Waits    []bool   // left to the next start of Windows, whatever became of it then
	Done     []bool
	Undone   []bool
	Decision Event // Commit, Rollback, or empty while none was taken
	Ended    bool
	Verdict  string // the last one; empty while nobody judged it
	Purging  bool   // its copies are being deleted, or are
	Purged   bool
	Jobs     []Job // that a Cancel has begun with, in their order
}

// Job is a transfer job, and whether it was cancelled and seen to be gone.
type Job struct {
	ID   guid.GUID
	Gone bool
}

// Progress follows the entries of a journal. An order that no transaction writes is ErrAltered.
func (h *Header) Progress(entries []Entry) (Progress, error) {
	p := h.start()
	for _, e := range entries {
		if err := p.next(h, e); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (h *Header) start() Progress {
	n := len(h.Acts)
	return Progress{Folder: make([]string, n), Waits: make([]bool, n), Done: make([]bool, n), Undone: make([]bool, n)}
}

func (p *Progress) next(h *Header, e Entry) error {
	if err := p.follow(h, e); err != nil {
		return fmt.Errorf("%s of act %d: %w: %w", e.Event, e.Act, ErrAltered, err)
	}
	return nil
}

func (p *Progress) follow(h *Header, e Entry) error {
	acts, cancel := len(h.Acts), h.Kind == Cancel
	if cancel {
		acts = 1 // of which every entry is
	}
	if e.Act < 0 || e.Act >= acts {
		return fmt.Errorf("there are %d acts", acts)
	}
	if p.Ended {
		return p.afterwards(e)
	}
	if cancel && e.Event != End {
		return p.cancel(e)
	}
	switch e.Event {
	case Intent, Wait, Done:
		return p.forward(h, e)
	case Commit, Rollback:
		return p.decide(e)
	case Aside, Undone:
		return p.back(h, e)
	case End:
		p.Ended = true
		if p.Decision == "" {
			return fmt.Errorf("without a decision")
		}
		return nil
	}
	return fmt.Errorf("unknown event")
}

// maxJobs bounds how many jobs one journal is about; the service itself takes a few hundred.
const maxJobs = 10_000

// cancel is what can be said while jobs are cancelled. One that has come back after a crash may be cancelled again.
func (p *Progress) cancel(e Entry) error {
	if p.Decision != "" {
		return fmt.Errorf("behind the decision")
	}
	switch e.Event {
	case Commit:
		if slices.ContainsFunc(p.Jobs, func(j Job) bool { return !j.Gone }) {
			return fmt.Errorf("before all jobs were gone")
		}
		p.Decision = Commit
		return nil
	case Rollback:
		p.Decision = Rollback
		return nil
	}
	if e.Job == nil || len(p.Jobs) >= maxJobs {
		return fmt.Errorf("without a job, or of too many")
	}
	i := slices.IndexFunc(p.Jobs, func(j Job) bool { return j.ID == *e.Job })
	switch {
	case e.Event == Cancelling && i < 0:
		p.Jobs = append(p.Jobs, Job{ID: *e.Job})
	case e.Event == Cancelling && p.Jobs[i].Gone:
		p.Jobs[i].Gone = false
	case e.Event == Cancelled && i >= 0 && !p.Jobs[i].Gone:
		p.Jobs[i].Gone = true
	default:
		return fmt.Errorf("out of order, or unknown")
	}
	return nil
}

// afterwards is what can be said of a repair that was done.
func (p *Progress) afterwards(e Entry) error {
	switch {
	case p.Decision != Commit:
		return fmt.Errorf("behind the end of what was taken back")
	case e.Event == Judged && !p.Purging && e.Verdict != "" && len(e.Verdict) <= 32:
		p.Verdict = e.Verdict
	case e.Event == Purge:
		p.Purging = true
	case e.Event == Purged && p.Purging:
		p.Purged = true
	default:
		return fmt.Errorf("behind the end")
	}
	return nil
}

func (p *Progress) forward(h *Header, e Entry) error {
	if p.Decision != "" {
		return fmt.Errorf("behind the decision")
	}
	switch e.Event {
	case Intent:
		return p.intend(h, e)
	case Wait:
		return p.wait(e)
	}
	if e.Act != p.Begun-1 && !(e.Act < p.Begun && p.Waits[e.Act]) || p.Done[e.Act] {
		return fmt.Errorf("out of order")
	}
	p.Done[e.Act] = true
	return nil
}

func (p *Progress) intend(h *Header, e Entry) error {
	switch {
	case e.Act != p.Begun:
		return fmt.Errorf("out of order")
	case e.Act > 0 && !p.Done[e.Act-1] && !p.Waits[e.Act-1]:
		return fmt.Errorf("before the one before was done")
	}
	p.Begun++
	p.Folder[e.Act] = e.Folder
	if _, ok := moved(h.Acts[e.Act]); len(e.Folder) > 64 || e.Folder != "" && !ok {
		return fmt.Errorf("it renames no such folder")
	}
	return nil
}

// wait may be said of an act again: whoever carries on tries once more before it leaves it to Windows again.
func (p *Progress) wait(e Entry) error {
	if e.Act >= p.Begun || p.Done[e.Act] || p.Folder[e.Act] == "" || e.Act != p.Begun-1 && !p.Waits[e.Act] {
		return fmt.Errorf("out of order, or it renames nothing")
	}
	p.Waits[e.Act] = true
	return nil
}

func (p *Progress) decide(e Entry) error {
	if p.Decision != "" {
		return fmt.Errorf("behind another decision")
	}
	if e.Event == Commit && slices.Contains(p.Done, false) {
		return fmt.Errorf("before all acts were done")
	}
	p.Decision = e.Event
	return nil
}

func (p *Progress) back(h *Header, e Entry) error {
	switch {
	case p.Decision == "":
		return fmt.Errorf("before the decision")
	case e.Act >= p.Begun:
		return fmt.Errorf("it was never begun")
	case p.Decision == Commit && !h.Acts[e.Act].Passing():
		return fmt.Errorf("it was to stay")
	case e.Event == Undone:
		p.Undone[e.Act] = true
		return nil
	case e.Copy == nil || !e.Copy.Undone:
		return fmt.Errorf("without a name to move to")
	}
	target, ok := moved(h.Acts[e.Act])
	if !ok || e.Copy.Of != target {
		return fmt.Errorf("nothing can stand in its way")
	}
	return e.Copy.Check(h.Root)
}

// moved is the folder that an act renames.
func moved(a repair.Reversible) (repair.Target, bool) {
	switch a := a.(type) {
	case repair.MoveAway:
		return a.Target, true
	case repair.BringBack:
		return a.Target, true
	}
	return repair.Target{}, false
}
