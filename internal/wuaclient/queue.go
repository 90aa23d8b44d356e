package wuaclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// Queue is that of the transfer service (BITS), as a repair needs it: of all jobs in it, Windows Update's own.
type Queue struct{ Agent Agent }

// List gives Windows Update's jobs. Those of other programs, and any of which the owner could not be told, are left out.
func (q Queue) List(ctx context.Context) ([]repair.Job, error) {
	answer, err := q.ask(ctx, protocol.Request{Verb: protocol.Transfers})
	if err != nil {
		return nil, fmt.Errorf("list the transfer jobs: %w", err)
	}
	var own []repair.Job
	for _, t := range answer.Transfers {
		id, err := guid.Parse(t.ID)
		if job := (repair.Job{ID: id, Name: t.Name, Owner: t.Owner}); err == nil && job.Own() {
			own = append(own, job)
		}
	}
	return own, nil
}

var (
	errNotOwn = errors.New("it is not Windows Update's")
	errStays  = errors.New("it was cancelled, and is in the queue still")
)

// Cancel cancels a job of Windows Update's, and sees that it is gone. What it has fetched is deleted by the service.
func (q Queue) Cancel(ctx context.Context, job repair.Job) error {
	if !job.Own() {
		return errNotOwn
	}
	answer, err := q.ask(ctx, protocol.Request{Verb: protocol.CancelTransfer, ID: job.ID.String()})
	if err == nil && !answer.Gone {
		err = errStays
	}
	return err
}

func (q Queue) ask(ctx context.Context, req protocol.Request) (*protocol.Answer, error) {
	answer, err := q.Agent.Ask(ctx, req)
	switch {
	case err != nil:
		return nil, err
	case answer.Refused != nil:
		return nil, errors.New(answer.Refused.Reason)
	case answer.Failure != nil:
		return nil, fmt.Errorf("%s: %s", answer.Failure.Call, answer.Failure.Code)
	}
	return answer, nil
}
