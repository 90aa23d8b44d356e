package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// last does what cannot be undone, after everything else has not helped: a journal of its own, which no undo takes up.
func (s *Session) last(ctx context.Context, res *Result, w Wish) error {
	if len(w.Shown.Last) == 0 {
		return nil
	}
	scene, err := s.stillLast(ctx, w)
	if err == nil && len(res.Steps) == 0 {
		err = s.save(ctx)
	}
	if err != nil {
		return err
	}
	h := journal.Header{Machine: s.Self.Machine, Root: scene.Root, Kind: journal.Cancel, Rung: repair.TransferJobs}
	if len(res.Steps) > 0 {
		h.Follows = res.Steps[len(res.Steps)-1].Journal
	}
	done := Done{Rung: h.Rung}
	done.Journal, done.Outcome, err = s.transact(h, func(_ run.Machine, log *journal.Writer) (run.Outcome, error) {
		out, err := s.cancelAll(ctx, log, &done.Jobs)
		return out, err
	})
	res.Steps = append(res.Steps, done)
	if res.State = StateOf(done.Outcome); done.Outcome != run.Committed {
		return err
	}
	_, perr := s.prove(ctx, res, updates(named(w.Shown.LastBecause, w.Findings)))
	return errors.Join(err, perr)
}

// stillLast plans once more: what was agreed to must still be all that cannot be undone, and nothing stand against it.
func (s *Session) stillLast(ctx context.Context, w Wish) (*repair.Scene, error) {
	if s.Jobs == nil || !slices.Equal(w.Shown.Last, []repair.Irreversible{repair.CancelJobs{}}) {
		return nil, fmt.Errorf("%v: it cannot be done here", w.Shown.Last)
	}
	scene, err := s.Look(ctx, repair.Targets(w.Findings, w.Shown.Root))
	if err != nil {
		return nil, err
	}
	if refusals := repair.Refuse(scene, nil, 0); len(refusals) > 0 {
		return nil, &Refused{refusals}
	}
	return scene, nil
}

// cancelAll cancels every job of Windows Update's that is in the queue now, one after the other. Each stands in the
// journal before it is cancelled, and is seen to be gone before the next one's turn.
func (s *Session) cancelAll(ctx context.Context, log *journal.Writer, gone *[]repair.Job) (run.Outcome, error) {
	p, err := log.Progress(log.Entries)
	if err != nil {
		return run.Open, err
	}
	jobs, err := s.Jobs.List(ctx)
	for _, job := range jobs {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			break
		}
		s.tell(Event{What: Cancelling, Rung: log.Rung, Journal: log.Name, Text: job.Name})
		if err = s.cancel(ctx, log, p, job); err == nil {
			*gone = append(*gone, job)
		}
	}
	if err == nil {
		err = s.noteGone(ctx, log)
	}
	if err == nil {
		err = log.Append(journal.Entry{Event: journal.Commit})
	}
	if err != nil {
		out, ended := s.noFurther(ctx, log)
		return out, errors.Join(err, ended)
	}
	if err := log.Append(journal.Entry{Event: journal.End}); err != nil {
		return run.Open, err
	}
	return run.Committed, nil
}

func (s *Session) cancel(ctx context.Context, log *journal.Writer, p journal.Progress, job repair.Job) error {
	begun := slices.Contains(p.Jobs, journal.Job{ID: job.ID})
	if !begun {
		if err := log.Append(journal.Entry{Event: journal.Cancelling, Job: &job.ID, Note: clip(job.Name)}); err != nil {
			return err
		}
	}
	if err := s.Jobs.Cancel(ctx, job); err != nil {
		return fmt.Errorf("cancel the transfer job %s: %w", job.ID, err)
	}
	return log.Append(journal.Entry{Event: journal.Cancelled, Job: &job.ID})
}

// noteGone looks which of the jobs that were begun with are in the queue no longer, and puts that into the journal. An
// error says that one still is.
func (s *Session) noteGone(ctx context.Context, log *journal.Writer) error {
	p, err := log.Progress(log.Entries)
	if err != nil {
		return err
	}
	jobs, err := s.Jobs.List(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, begun := range p.Jobs {
		there := slices.ContainsFunc(jobs, func(j repair.Job) bool { return j.ID == begun.ID })
		switch {
		case there:
			errs = append(errs, fmt.Errorf("the transfer job %s is still in the queue", begun.ID))
		case !begun.Gone:
			errs = append(errs, log.Append(journal.Entry{Event: journal.Cancelled, Job: &begun.ID}))
		}
	}
	return errors.Join(errs...)
}

// noFurther ends what was begun where it stands: what is cancelled stays so. It sees what that is, if it can.
func (s *Session) noFurther(ctx context.Context, log *journal.Writer) (run.Outcome, error) {
	p, err := log.Progress(log.Entries)
	if err != nil {
		return run.Open, err
	}
	if p.Decision == "" {
		if s.Jobs != nil && len(p.Jobs) > 0 {
			_ = s.noteGone(ctx, log) // what cannot be seen stays without a word in the journal
		}
		if err := log.Append(journal.Entry{Event: journal.Rollback}); err != nil {
			return run.Open, err
		}
	}
	if err := log.Append(journal.Entry{Event: journal.End}); err != nil {
		return run.Open, err
	}
	if len(p.Jobs) == 0 {
		return run.RolledBack, nil
	}
	return run.Partly, nil
}

// recoverJobs ends a cancelling that died in the middle. Nothing of it can be taken back, so that "taking back" is to
// go no further.
func (s *Session) recoverJobs(ctx context.Context, log *journal.Writer, mode run.Mode) (run.Outcome, error) {
	p, err := log.Progress(log.Entries)
	switch {
	case err != nil:
		return run.Open, err
	case p.Decision == journal.Commit:
		if err := log.Append(journal.Entry{Event: journal.End}); err != nil {
			return run.Open, err
		}
		return run.Committed, nil
	case p.Decision == "" && mode == run.Resume && s.Jobs != nil:
		var gone []repair.Job
		return s.cancelAll(ctx, log, &gone)
	}
	return s.noFurther(ctx, log)
}

// cancelled says of each job whether it was seen to be gone. The queue is not asked: that would start its service.
func cancelled(r record) []Check {
	var out []Check
	for _, j := range r.Jobs {
		c := Check{What: fmt.Sprintf("transfer job %s is cancelled, which cannot be undone", j.ID), OK: j.Gone}
		if !j.Gone {
			c.Seen = "it was not seen to be gone"
		}
		out = append(out, c)
	}
	return out
}
