package check

import (
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// WimMountBroken finds the driver that mounts images, WIMMount, without its key or its file: setup and DISM cannot open
// the image that they work on.
func WimMountBroken() doctor.Check {
	return doctor.Check{
		ID:       "wimmount-broken",
		Title:    "The driver that mounts images is broken",
		Reads:    []evidence.Kind{evidence.WIMMountBroken, evidence.KeyState, evidence.ServiceFile, evidence.FileState},
		Unproven: true,
		Run:      wimMountBroken,
	}
}

func wimMountBroken(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.WIMMountBroken) {
		f := fault{event: e, sure: true}
		key, known := keyOf(x.Evidence, "WIMMount")
		switch {
		case known && key.Field(evidence.State) == evidence.Absent:
			f.more = []*evidence.Event{key}
			f.thing = doctor.Missing{Kind: doctor.MissingRegistryKey, Name: key.Field(evidence.Path)}
		case known:
			if !wimMountFile(x.Evidence, &f) {
				continue
			}
		default:
			f.thing = doctor.Missing{Kind: doctor.MissingService, Name: "WIMMount"}
		}
		faults = append(faults, f)
	}
	return gathered(faults, describeWIMMount)
}

// wimMountFile adds the driver's file when it is gone, or the ImagePath that its key lacks; false when all is there.
func wimMountFile(set *evidence.Set, f *fault) bool {
	for s := range set.Named(evidence.ServiceFile, "WIMMount") {
		state, there, absent := looked(set, s.Field(evidence.Path))
		if absent {
			f.path, f.more = s.Field(evidence.Path), []*evidence.Event{s, state}
			f.thing = doctor.Missing{Kind: doctor.MissingFile, Name: f.path}
		}
		return !there
	}
	f.thing = doctor.Missing{Kind: doctor.MissingRegistryKey, Name: `HKLM\SYSTEM\CurrentControlSet\Services\WIMMount\ImagePath`}
	return true
}

func describeWIMMount(f *doctor.Finding) {
	f.Title = "The driver that mounts images (WIMMount) is broken"
	f.Detail = "Setup and DISM open Windows images by the driver WIMMount. Its key in the registry, or the file that the key names, is not there, " +
		"so a feature update cannot begin. Restore the key from a computer of the same build, or the file by sfc."
	f.Next = []string{"sc qc wimmount", `dir %windir%\System32\drivers\wimmount.sys`, scanNow, restoreHealth}
}
