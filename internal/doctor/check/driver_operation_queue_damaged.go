package check

import (
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// DriverOperationQueueDamaged finds a damaged entry in the queue of driver operations that servicing works off while
// Windows starts.
func DriverOperationQueueDamaged() doctor.Check {
	return doctor.Check{
		ID:       "driver-operation-queue-damaged",
		Title:    "The queue of driver operations is damaged",
		Reads:    []evidence.Kind{evidence.DriverQueueDamaged, evidence.ServicingEnd},
		Unproven: true,
		Run:      driverOperationQueueDamaged,
	}
}

func driverOperationQueueDamaged(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.DriverQueueDamaged) {
		faults = append(faults, fault{event: e, sure: true})
	}
	return gathered(faults, func(f *doctor.Finding) {
		f.Title = "Servicing's queue of driver operations is damaged" + failsOn(f)
		f.Detail = "What an update does to drivers is queued in the registry (Component Based Servicing, DriverOperations) and done while " +
			"Windows starts. An entry of the queue lacks the identity that it belongs to, so the whole queue fails and the update is " +
			"rolled back. Keep a copy of the key; the entry must be mended by hand. If you do not know how, ask somebody who does; an in-place " +
			"upgrade with setup of the same version comes last."
		f.Next = []string{
			`reg query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\DriverOperations" /s`,
			`reg export "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\DriverOperations" %TEMP%\DriverOperations.reg`,
		}
	})
}
