// Package bits reads the queue of the Background Intelligent Transfer Service, qmgr.db of Windows 10 and later: which
// downloads are queued, from where to where, and with which errors they stand.
//
// It does not read the older qmgr0.dat. The layout of the blobs is not published: it is what ANSSI's bits_parser and
// FireEye's BitsParser describe, checked on one real queue (Windows 11, no job in error). Where a blob differs, the
// fields read so far are given together with an error.
package bits

import (
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
)

// Queue is an open qmgr.db.
type Queue struct {
	db          *ese.DB
	jobs, files *ese.Table
}

// Open reads a queue. A database without the tables Jobs and Files gives format.ErrNotThis.
func Open(r io.ReaderAt, size int64) (*Queue, error) {
	db, err := ese.Open(r, size)
	if err != nil {
		return nil, fmt.Errorf("BITS queue: %w", err)
	}
	q := &Queue{db: db}
	if q.jobs, err = db.Table("Jobs"); err != nil {
		return nil, fmt.Errorf("BITS queue: %w: %w", err, format.ErrNotThis)
	}
	if q.files, err = db.Table("Files"); err != nil {
		return nil, fmt.Errorf("BITS queue: %w: %w", err, format.ErrNotThis)
	}
	return q, nil
}

// Info gives the state of the database.
func (q *Queue) Info() ese.Info { return q.db.Info() }

// Place says where in the database a job or file stands.
type Place struct {
	Page   uint32
	Record int
}

// Job is one download job.
type Job struct {
	Place
	ID          guid.GUID
	Type        uint32 // BG_JOB_TYPE: 0 download, 1 upload, 2 upload with reply
	Priority    uint32 // BG_JOB_PRIORITY: 0 foreground, 1 high, 2 normal, 3 low
	State       State
	Name        string
	Description string
	Command     string // run when the job ends
	Arguments   string
	SID         string // of the owner
	Flags       uint32 // BG_NOTIFY flags
	Files       []guid.GUID
	Errors      []Error
	Transients  uint32 // transient errors so far
	RetryDelay  time.Duration
	Timeout     time.Duration // without progress
	Created     time.Time     // UTC
	Modified    time.Time     // UTC
}

// Error is an error that a job stands with.
type Error struct {
	Code hresult.Code
	More [4]uint32 // what follows the code; its meaning is not known
}

// State is BG_JOB_STATE of bits.h.
type State uint32

// The states that redx branches on.
const (
	InError          State = 4
	InTransientError State = 5
	Transferred      State = 6
)

func (s State) String() string {
	names := [...]string{
		"queued", "connecting", "transferring", "suspended", "error", "transient error",
		"transferred", "acknowledged", "cancelled",
	}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state %d", uint32(s))
}

// File is one file of a job.
type File struct {
	Place
	ID          guid.GUID
	Destination string
	URL         string
	Temporary   string // where it is written before the job ends
	Downloaded  uint64 // bytes
	Total       uint64 // bytes; all bits set when not known
	Drive       string
	Volume      string
}

// Jobs gives the jobs of the queue. An error comes with what could be read of its job.
func (q *Queue) Jobs() iter.Seq2[Job, error] { return each(q.jobs.Rows(), readJob) }

// DeletedJobs carves jobs that are no longer in the queue; see ese.Table.Deleted.
func (q *Queue) DeletedJobs() iter.Seq2[Job, error] { return each(q.jobs.Deleted(), readJob) }

// Files gives the files of all jobs; Job.Files names the ones of one job.
func (q *Queue) Files() iter.Seq2[File, error] { return each(q.files.Rows(), readFile) }

// DeletedFiles carves files that are no longer in the queue; see ese.Table.Deleted.
func (q *Queue) DeletedFiles() iter.Seq2[File, error] { return each(q.files.Deleted(), readFile) }

func each[T any](rows iter.Seq2[ese.Row, error], read func(ese.Row) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range rows {
			var v T
			if err == nil {
				if v, err = read(row); err != nil {
					err = &format.Error{Offset: row.Offset(), What: "BITS queue", Err: err}
				}
			}
			if !yield(v, err) {
				return
			}
		}
	}
}
