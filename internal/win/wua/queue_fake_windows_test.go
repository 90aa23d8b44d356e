package wua_test

import (
	"unsafe"

	"github.com/go-ole/go-ole"
	"golang.org/x/sys/windows"
)

// fakeJob says how a job of the fake transfer service behaves; the child gets it as JSON.
type fakeJob struct {
	ID, Name, Owner string
	State           uint32
	NoOwner         uint32 // what GetOwner fails with
	Cancel          uint32 // what Cancel fails with
	Stays           bool   // cancelled without an error, and there still
}

// tableFace is what COM sees of the service's objects: a table of functions first.
type tableFace struct {
	table *[35]uintptr
	refs  int32
	job   *fakeJob
	at    int // of the enumerator
}

// transferService is the fake service: the jobs in its queue, and the objects that somebody holds.
type transferService struct {
	jobs      []*fakeJob
	enum      uint32 // what EnumJobs fails with
	flags     uintptr
	live      map[*tableFace]bool
	cancelled []string
	tables    struct{ factory, manager, enum, job [35]uintptr }
	alloc     *windows.LazyProc
}

const (
	noJob     = 0x80200001
	sFalse    = 1
	cancelled = 8
)

// register makes CoCreateInstance in this process give the fake service.
func (q *transferService) register() error {
	ole32 := windows.NewLazySystemDLL("ole32.dll")
	q.live, q.alloc = map[*tableFace]bool{}, ole32.NewProc("CoTaskMemAlloc")
	query := windows.NewCallback(func(f *tableFace, _ *ole.GUID, out **tableFace) uintptr {
		f.refs++
		*out = f
		return 0
	})
	add := windows.NewCallback(func(f *tableFace) uintptr { f.refs++; return uintptr(f.refs) })
	release := windows.NewCallback(func(f *tableFace) uintptr {
		if f.refs--; f.refs == 0 {
			delete(q.live, f)
		}
		return uintptr(f.refs)
	})
	for _, table := range []*[35]uintptr{&q.tables.factory, &q.tables.manager, &q.tables.enum, &q.tables.job} {
		table[0], table[1], table[2] = query, add, release
	}
	q.tables.factory[3] = windows.NewCallback(func(_ *tableFace, _ uintptr, _ *ole.GUID, out **tableFace) uintptr {
		*out = q.give(&q.tables.manager, nil)
		return 0
	})
	q.tables.factory[4] = windows.NewCallback(func(*tableFace, uintptr) uintptr { return 0 })
	q.tables.manager[4] = windows.NewCallback(q.getJob)
	q.tables.manager[5] = windows.NewCallback(q.enumJobs)
	q.tables.enum[3] = windows.NewCallback(q.next)
	q.jobTable()
	var cookie uint32
	code, _, _ := ole32.NewProc("CoRegisterClassObject").Call(
		uintptr(unsafe.Pointer(ole.NewGUID("{4991D34B-80A1-4291-83B6-3328366B9097}"))),
		uintptr(unsafe.Pointer(q.give(&q.tables.factory, nil))), inProcess, multipleUse, uintptr(unsafe.Pointer(&cookie)))
	if code != 0 {
		return hr(code)
	}
	return nil
}

func (q *transferService) jobTable() {
	q.tables.job[8] = windows.NewCallback(q.cancel)
	q.tables.job[10] = windows.NewCallback(func(f *tableFace, id *ole.GUID) uintptr {
		*id = *ole.NewGUID("{" + f.job.ID + "}")
		return 0
	})
	q.tables.job[14] = windows.NewCallback(func(f *tableFace, state *uint32) uintptr { *state = f.job.State; return 0 })
	q.tables.job[16] = windows.NewCallback(func(f *tableFace, out *uintptr) uintptr {
		if f.job.NoOwner != 0 {
			return uintptr(f.job.NoOwner)
		}
		return q.text(f.job.Owner, out)
	})
	q.tables.job[18] = windows.NewCallback(func(f *tableFace, out *uintptr) uintptr { return q.text(f.job.Name, out) })
}

// text gives a copy in memory that the caller frees.
func (q *transferService) text(s string, out *uintptr) uintptr {
	words, err := windows.UTF16FromString(s)
	if err != nil {
		return fail
	}
	p, _, _ := q.alloc.Call(uintptr(2 * len(words)))
	*out = p
	copy(unsafe.Slice(*(**uint16)(unsafe.Pointer(out)), len(words)), words)
	return 0
}

func (q *transferService) give(table *[35]uintptr, job *fakeJob) *tableFace {
	f := &tableFace{table: table, refs: 1, job: job}
	q.live[f] = true
	return f
}

func (q *transferService) getJob(_ *tableFace, id *ole.GUID, out **tableFace) uintptr {
	for _, j := range q.jobs {
		if ole.IsEqualGUID(ole.NewGUID("{"+j.ID+"}"), id) {
			*out = q.give(&q.tables.job, j)
			return 0
		}
	}
	return noJob
}

func (q *transferService) enumJobs(_ *tableFace, flags uintptr, out **tableFace) uintptr {
	if q.flags = flags; q.enum != 0 {
		return uintptr(q.enum)
	}
	*out = q.give(&q.tables.enum, nil)
	return 0
}

func (q *transferService) next(f *tableFace, _ uintptr, out **tableFace, n *uint32) uintptr {
	if *n = 0; f.at >= len(q.jobs) {
		return sFalse
	}
	*out, *n = q.give(&q.tables.job, q.jobs[f.at]), 1
	f.at++
	return 0
}

func (q *transferService) cancel(f *tableFace) uintptr {
	if f.job.Cancel != 0 {
		return uintptr(f.job.Cancel)
	}
	q.cancelled = append(q.cancelled, f.job.ID)
	if f.job.Stays {
		return 0
	}
	f.job.State = cancelled
	for i, j := range q.jobs {
		if j == f.job {
			q.jobs = append(q.jobs[:i:i], q.jobs[i+1:]...)
			break
		}
	}
	return 0
}

// leaked counts the objects that somebody still holds; the factory is COM's.
func (q *transferService) leaked() int {
	n := 0
	for f := range q.live {
		if f.table != &q.tables.factory {
			n++
		}
	}
	return n
}
