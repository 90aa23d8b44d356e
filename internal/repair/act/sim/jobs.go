package sim

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/redx-update/redx/internal/repair"
)

// Queue is that of the transfer service, with the jobs of all programs. What was cancelled is safe some time later, and
// comes back in a power cut until then.
type Queue struct {
	world   *World
	jobs    []repair.Job
	unsafe  []repair.Job    // cancelled, and not safe yet
	Refuses map[string]bool // jobs, by identity, that do not let themselves be cancelled
}

// Enqueue adds a job.
func (q *Queue) Enqueue(jobs ...repair.Job) { q.jobs = append(q.jobs, jobs...) }

// All gives the jobs of all programs.
func (q *Queue) All() []repair.Job { return slices.Clone(q.jobs) }

// List is for session.Jobs.
func (q *Queue) List(context.Context) ([]repair.Job, error) {
	own := slices.DeleteFunc(slices.Clone(q.jobs), func(j repair.Job) bool { return !j.Own() })
	return own, q.world.tick()
}

// Cancel is for session.Jobs.
func (q *Queue) Cancel(_ context.Context, job repair.Job) error {
	if err := q.world.tick(); err != nil {
		return err
	}
	if q.Refuses[job.ID.String()] {
		return errRefused
	}
	if i := slices.Index(q.jobs, job); i >= 0 {
		q.jobs = slices.Delete(q.jobs, i, i+1)
		q.unsafe = append(q.unsafe, job)
	}
	return nil
}

func (q *Queue) cut(loss Loss, rng *rand.Rand) {
	for _, job := range q.unsafe {
		if loss == LoseAll || loss == LoseSome && rng.IntN(2) == 0 {
			q.jobs = append(q.jobs, job)
		}
	}
	q.unsafe = nil
}
