package check

import (
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// PendingOperationInterrupted finds an operation of servicing that was begun, waits for a restart or was cut off in one,
// and keeps every other from beginning (0x80070BC9).
func PendingOperationInterrupted() doctor.Check {
	return doctor.Check{
		ID:    "pending-operation-interrupted",
		Title: "An unfinished operation of servicing blocks all others",
		Reads: []evidence.Kind{evidence.PendingUnresolved, evidence.ServicingEnd, evidence.Attempt},
		ConsequenceOf: []string{
			"driver-package-missing", "driver-service-key-missing", "driver-operation-queue-damaged", "dotnet-ngen-missing",
			"shell-folder-missing", "task-cache-inconsistent", "component-payload-missing", "manifest-hash-mismatch",
		},
		Run: pendingOperationInterrupted,
	}
}

func pendingOperationInterrupted(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	// Servicing that works on any package later is not kept from it any more.
	works := &goodEnds(x).any
	for _, e := range unsettled(x, evidence.PendingUnresolved) {
		if works.after(e) {
			continue
		}
		// Where the operations at a start ended with a failure, servicing's own line says best whether that still blocks.
		atStart := e.Code == nameNotFound
		faults = append(faults, fault{event: e, sure: !atStart, path: e.Field(evidence.Path)})
	}
	if len(faults) == 0 {
		faults = attemptsAlone(x, rebootRequired)
	}
	return gathered(faults, describePending)
}

// rebootRequired is ERROR_FAIL_REBOOT_REQUIRED.
const rebootRequired hresult.Code = 0x80070BC9

// nameNotFound is STATUS_OBJECT_NAME_NOT_FOUND.
const nameNotFound hresult.Code = 0xC0000034

func describePending(f *doctor.Finding) {
	f.Title = "Windows has not finished installing or removing something, which takes a restart; until then no update can be installed"
	if !f.Update.IsZero() {
		f.Title = "Something that Windows has not finished installing or removing blocks " + nameOf(f.Update)
	}
	f.Detail = "The part of Windows that installs updates has begun something that it finishes while Windows starts, and refuses everything else " +
		"until then. " +
		"Restart Windows once (Restart, not Shut down), then check for updates. If they still fail with the code below after that, the " +
		"operation is stuck: take it back from the recovery environment, as below. Never edit or delete pending.xml."
	f.Surer = "a line of CBS.log by which servicing refuses to begin another operation"
	f.Next = []string{"shutdown /r /t 0", openWindowsUpdate, `DISM /Image:LETTER:\ /Cleanup-Image /RevertPendingActions`}
}
