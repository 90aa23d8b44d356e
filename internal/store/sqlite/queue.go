package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// queue writes for all callers on one connection and commits what waits together: a commit costs a write to the disk's
// own medium, and ten thousand computers that register at once cannot have one each.
type queue struct {
	db   *sql.DB
	jobs chan *job
	done chan struct{}

	mu     sync.RWMutex
	closed bool
}

type job struct {
	ctx  context.Context
	do   func(context.Context, *sql.Tx) error
	err  error
	done chan struct{}
}

// maxTogether bounds a commit, so that the first of it does not wait long.
const maxTogether = 256

var errClosed = errors.New("the store is closed")

func newQueue(db *sql.DB) *queue {
	q := &queue{db: db, jobs: make(chan *job, maxTogether), done: make(chan struct{})}
	go q.run()
	return q
}

// write runs do in a transaction, and returns when it is on the disk or failed. A do that fails leaves nothing behind
// and does not disturb the others of its transaction.
func (q *queue) write(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	j := &job{ctx: ctx, do: do, done: make(chan struct{})}
	q.mu.RLock()
	if q.closed {
		q.mu.RUnlock()
		return errClosed
	}
	select {
	case q.jobs <- j:
		q.mu.RUnlock()
	case <-ctx.Done():
		q.mu.RUnlock()
		return ctx.Err()
	}
	<-j.done
	return j.err
}

func (q *queue) close() {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.jobs)
	}
	q.mu.Unlock()
	<-q.done
}

// maxPause bounds how long the queue leaves the file alone after a commit.
const maxPause = 2 * time.Millisecond

// run writes, and after each commit leaves the file to others for as long as it had it: SQLite's lock has no queue, and a
// command beside a busy server, which looks whether it is free every tenth of a second, would find it taken for ever.
func (q *queue) run() {
	defer close(q.done)
	for j := range q.jobs {
		begin := time.Now()
		q.together(q.collect(j))
		time.Sleep(min(time.Since(begin), maxPause))
	}
}

func (q *queue) collect(first *job) []*job {
	all := []*job{first}
	for len(all) < maxTogether {
		select {
		case j, ok := <-q.jobs:
			if !ok {
				return all
			}
			all = append(all, j)
		default:
			return all
		}
	}
	return all
}

// together runs jobs in one transaction. When the transaction itself fails, none of them is done.
func (q *queue) together(all []*job) {
	err := inTx(context.Background(), q.db, func(tx *sql.Tx) error {
		for _, j := range all {
			if err := j.run(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for _, j := range all {
		if err != nil {
			j.err = err
		}
		close(j.done)
	}
}

// run gives an error only when the transaction cannot go on.
func (j *job) run(tx *sql.Tx) error {
	if j.err = j.ctx.Err(); j.err == nil {
		return j.apart(tx)
	}
	return nil
}

func (j *job) apart(tx *sql.Tx) error {
	if _, err := tx.Exec("SAVEPOINT job"); err != nil {
		return err
	}
	// The caller's context must not break off in the middle of everybody's transaction.
	if j.err = j.do(context.WithoutCancel(j.ctx), tx); j.err != nil {
		if _, err := tx.Exec("ROLLBACK TO job"); err != nil {
			return err
		}
	}
	_, err := tx.Exec("RELEASE job")
	return err
}
