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
		Reads: []evidence.Kind{evidence.PendingUnresolved, evidence.ServicingEnd},
		ConsequenceOf: []string{
			"driver-package-missing", "driver-service-key-missing", "driver-operation-queue-damaged", "dotnet-ngen-missing",
			"shell-folder-missing", "task-cache-inconsistent", "component-payload-missing", "manifest-hash-mismatch",
		},
		Run: pendingOperationInterrupted,
	}
}

func pendingOperationInterrupted(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.PendingUnresolved) {
		if !workedLater(x.Evidence, e) {
			faults = append(faults, fault{event: e, sure: true})
		}
	}
	return gathered(faults, describePending)
}

// workedLater reports that servicing worked on any package later, and was not kept from it.
func workedLater(set *evidence.Set, e *evidence.Event) bool {
	for end := range set.Of(evidence.ServicingEnd) {
		if end.Code == hresult.OK && end.Field(evidence.Name) != "" && after(end, e) {
			return true
		}
	}
	return false
}

func describePending(f *doctor.Finding) {
	f.Title = "An unfinished operation of servicing blocks this update"
	if !f.Update.IsZero() {
		f.Title = "An unfinished operation of servicing blocks " + nameOf(f.Update)
	}
	f.Detail = "Servicing has begun something that it finishes while Windows starts, and refuses everything else until then. " +
		"Restart Windows first. If the same lines come again after the restart, the operation is stuck: start the recovery " +
		"environment and take it back there. Never edit or delete pending.xml."
	f.Next = []string{"shutdown /r /t 0", `DISM /Image:C:\ /Cleanup-Image /RevertPendingActions`, openWindowsUpdate}
}
