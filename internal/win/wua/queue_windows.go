package wua

import (
	"errors"
	"unsafe"

	"github.com/go-ole/go-ole"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// The transfer service's classes and interfaces, and the places of its functions (bits.h).
const (
	classTransfers = "{4991D34B-80A1-4291-83B6-3328366B9097}" // BackgroundCopyManager
	manager        = "{5CE34C0D-0DC9-4C1F-897C-DAA1B78CEE7C}" // IBackgroundCopyManager

	managerGetJob   slot = 4
	managerEnumJobs slot = 5
	enumNext        slot = 3
	jobCancel       slot = 8
	jobGetID        slot = 10
	jobGetState     slot = 14
	jobGetOwner     slot = 16
	jobGetName      slot = 18

	allUsers     = 1 // BG_JOB_ENUM_ALL_USERS
	acknowledged = 7 // BG_JOB_STATE_ACKNOWLEDGED; behind it is cancelled: such a job is in the queue no longer

	noSuchJob  hresult.Code = 0x80200001 // BG_E_NOT_FOUND
	endedState hresult.Code = 0x80200002 // BG_E_INVALID_STATE
)

// maxTransfers bounds how many jobs are looked at; the service takes 300 by itself.
const maxTransfers = 10_000

// queue answers what is asked of the transfer service.
func (w *worker) queue() error {
	w.warn(impersonated())
	m, err := createBound(classTransfers, manager, "IBackgroundCopyManager")
	if err != nil {
		return err
	}
	defer m.release()
	if err := w.begin(protocol.Queue); err != nil {
		return err
	}
	if w.req.Verb == protocol.CancelTransfer {
		return w.cancelTransfer(m)
	}
	return w.transfers(m)
}

// transfers lists the jobs of all users. One that cannot be read is left out, and said.
func (w *worker) transfers(m bound) error {
	all := bound{name: "IEnumBackgroundCopyJobs"}
	if err := m.call(managerEnumJobs, "EnumJobs", allUsers, uintptr(unsafe.Pointer(&all.unknown))); err != nil {
		return err
	}
	defer all.release()
	for range maxTransfers {
		job := bound{name: "IBackgroundCopyJob"}
		var n uint32
		err := all.call(enumNext, "Next", 1, uintptr(unsafe.Pointer(&job.unknown)), uintptr(unsafe.Pointer(&n)))
		if err != nil || n == 0 || job.unknown == nil {
			return err
		}
		t, there, err := transfer(job)
		job.release()
		switch {
		case err != nil:
			w.warn(err)
		case there:
			w.answer.Transfers = append(w.answer.Transfers, t)
		}
	}
	return &callError{"IEnumBackgroundCopyJobs.Next", eFail}
}

// transfer reads a job, and whether it is in the queue still.
func transfer(job bound) (t protocol.Transfer, there bool, err error) {
	var id ole.GUID
	if err := job.call(jobGetID, "GetId", uintptr(unsafe.Pointer(&id))); err != nil {
		return t, false, err
	}
	t.ID = id.String()
	if t.Owner, err = job.text(jobGetOwner, "GetOwner"); err != nil {
		return t, false, err
	}
	if t.Name, err = job.text(jobGetName, "GetDisplayName"); err != nil {
		return t, false, err
	}
	state, err := jobState(job)
	return t, state < acknowledged, err
}

func jobState(job bound) (state uint32, err error) {
	err = job.call(jobGetState, "GetState", uintptr(unsafe.Pointer(&state)))
	return state, err
}

// cancelTransfer cancels the job that was asked for, if it is Windows Update's, and looks that it is gone.
func (w *worker) cancelTransfer(m bound) error {
	id := ole.NewGUID("{" + w.req.ID + "}")
	if id == nil {
		w.answer.Refused = &protocol.Refused{Reason: "no transfer job has the identity " + w.req.ID, Hint: "it is a GUID"}
		return nil
	}
	job, err := w.job(m, id)
	if err != nil || job.unknown == nil {
		return err
	}
	defer job.release()
	t, there, err := transfer(job)
	if err != nil {
		return err
	}
	if own, perr := guid.Parse(w.req.ID); perr != nil || !(repair.Job{ID: own, Name: t.Name, Owner: t.Owner}).Own() {
		w.answer.Refused = &protocol.Refused{Reason: "the transfer job is not Windows Update's", Hint: "its program has to cancel it"}
		return nil
	}
	if there {
		// What says that it has ended already is as good; whether it has is looked at.
		if err := job.call(jobCancel, "Cancel"); err != nil && codeIs(err) != endedState {
			return err
		}
	}
	return w.seenGone(m, id)
}

// job finds a job. One that is not there is gone, and no error.
func (w *worker) job(m bound, id *ole.GUID) (bound, error) {
	job := bound{name: "IBackgroundCopyJob"}
	err := m.call(managerGetJob, "GetJob", uintptr(unsafe.Pointer(id)), uintptr(unsafe.Pointer(&job.unknown)))
	if codeIs(err) == noSuchJob {
		w.answer.Gone, err = true, nil
	}
	return job, err
}

func (w *worker) seenGone(m bound, id *ole.GUID) error {
	job, err := w.job(m, id)
	if err != nil || job.unknown == nil {
		return err
	}
	defer job.release()
	state, err := jobState(job)
	w.answer.Gone = err == nil && state >= acknowledged
	return err
}

func codeIs(err error) hresult.Code {
	var e *callError
	if errors.As(err, &e) {
		return e.code
	}
	return hresult.OK
}
