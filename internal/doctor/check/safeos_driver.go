package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// safeDriverExtends are the places of the safe phase where setup brings in drivers, and where it starts with them.
var safeDriverExtends = []string{
	"0x20007", // install drivers
	"0x20010", // add driver
	"0x20017", // boot
	"0x20004", // install the recovery environment
}

// driverFailure is what setup says when a driver is at fault.
const driverFailure hresult.Code = 0xc1900101

// SafeOSDriver finds a feature update that fails at a driver in setup's safe phase, before the new Windows is started.
func SafeOSDriver() doctor.Check {
	return doctor.Check{
		ID:            "safeos-driver",
		Title:         "A feature update fails at a driver in the safe phase",
		Reads:         []evidence.Kind{evidence.SetupFailed, evidence.Attempt},
		ConsequenceOf: []string{"driver-package-missing"},
		Run:           safeOSDriver,
	}
}

func safeOSDriver(x *doctor.Exam) []doctor.Finding {
	failed := setupFailures(x, func(c hresult.Code, extend string) bool {
		return c == hresult.PathNotFound && extend == "0x20007" || c == driverFailure && slices.Contains(safeDriverExtends, extend)
	})
	if len(failed) == 0 {
		return nil
	}
	last := failed[len(failed)-1]
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Likely, Update: last.Update,
		Title: "The feature update is rolled back: a driver fails in setup's safe phase",
		Detail: "Setup brings this computer's drivers into the system that it installs from, and one of them fails. Take off what is not needed " +
			"(docks, adapters, drives), bring drivers up to date or remove the one that is named, and run the update again.",
		Surer: "the driver itself: the lines above this one in setupact.log, or setupapi.offline.log",
		Codes: codesOf(failed), Proof: proofOf(failed, 3),
		Next: []string{"pnputil /enum-drivers", openWindowsUpdate},
	}
	if driver := last.Field(evidence.Name); driver != "" {
		f.Title = fmt.Sprintf("The feature update is rolled back: the driver %s fails in setup's safe phase", driver)
		f.Files = []doctor.File{{Path: driver}}
		f.Confidence, f.Surer = doctor.Proven, ""
	}
	return []doctor.Finding{f}
}

// isFeatureUpdate reports an attempt at a feature update, as far as its title tells.
func isFeatureUpdate(e *evidence.Event) bool {
	title := strings.ToLower(e.Update.Title)
	return strings.Contains(title, "feature update") || strings.Contains(title, "upgrade") ||
		strings.HasPrefix(title, "windows 1") && !strings.Contains(title, "(kb")
}
