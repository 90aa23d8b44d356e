package check

import (
	"cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// DriverServiceKeyMissing finds a driver whose service has no key in the registry: its installation ends with "file not
// found", though no file is missing.
func DriverServiceKeyMissing() doctor.Check {
	return doctor.Check{
		ID:    "driver-service-key-missing",
		Title: "The registry key of a driver's service is missing",
		Reads: []evidence.Kind{
			evidence.DriverFailed, evidence.DriverService, evidence.KeyState, evidence.ServicingEnd, evidence.FileState,
		},
		ConsequenceOf: []string{"driver-package-missing"},
		Unproven:      true,
		Run:           driverServiceKeyMissing,
	}
}

func driverServiceKeyMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.DriverFailed) {
		if e.Code != hresult.FileNotFound {
			continue
		}
		if folder, ok := driverFault(x.Evidence, e); ok && folder.sure {
			continue // its folder is what is missing
		}
		if f, ok := serviceKeyFault(x.Evidence, e); ok {
			faults = append(faults, f)
		}
	}
	return gathered(faults, describeServiceKey)
}

// serviceKeyFault names the service of a driver that has no key; false when all of its services have one.
func serviceKeyFault(set *evidence.Set, e *evidence.Event) (fault, bool) {
	f := fault{event: e, sure: true}
	known := false
	for s := range set.Named(evidence.DriverService, e.Field(evidence.Name)) {
		key, ok := keyOf(set, s.Field(evidence.Service))
		known = known || ok
		if ok && key.Field(evidence.State) == evidence.Absent {
			f.thing = doctor.Missing{Kind: doctor.MissingRegistryKey, Name: key.Field(evidence.Path)}
			f.more = []*evidence.Event{s, key}
			return f, true
		}
	}
	return f, !known
}

func describeServiceKey(f *doctor.Finding) {
	inf := f.Proof[0].Field(evidence.Name)
	f.Title = "The service of " + cmp.Or(inf, "a driver") + " is missing from the registry" + failsOn(f)
	f.Detail = "Servicing could not install what the update brings for this driver: \"file not found\" is said here of the key of the driver's " +
		"service below HKLM\\SYSTEM\\CurrentControlSet\\Services, not of a file. Restore the key from a computer of the same build, or " +
		"from a backup of the registry, then install the update again."
	f.Next = []string{`findstr /i "AddService" %windir%\inf\` + inf, "sc query type= driver state= all", openWindowsUpdate}
	if !plainName(inf) {
		f.Next = []string{"sc query type= driver state= all", openWindowsUpdate}
	}
}
