package check

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// DriverPackageMissing finds a driver whose folder in the driver store is gone: servicing cannot install what the
// update brings for it, and rolls the update back.
func DriverPackageMissing() doctor.Check {
	return doctor.Check{
		ID:    "driver-package-missing",
		Title: "A driver's folder is missing from the driver store",
		Reads: []evidence.Kind{
			evidence.DriverFailed, evidence.DriverINFMissing, evidence.DriverPackage, evidence.ServicingEnd, evidence.FileState,
		},
		Run: driverPackageMissing,
	}
}

func driverPackageMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.DriverFailed, evidence.DriverINFMissing) {
		if f, ok := driverFault(x.Evidence, e); ok {
			faults = append(faults, f)
		}
	}
	if hasKind(faults, evidence.DriverFailed) {
		faults = addDriverPaths(faults)
	}
	return gathered(faults, describeDriver)
}

// driverFault says whether the driver's folder is what is missing: it was looked for and is absent, or the driver failed
// with "path not found" and could not be looked for.
func driverFault(set *evidence.Set, e *evidence.Event) (fault, bool) {
	inf := e.Field(evidence.Name)
	f := fault{event: e}
	if inf != "" {
		f.thing = doctor.Missing{Kind: doctor.MissingDirectory, Name: underWindows(set, `System32\DriverStore\FileRepository\`+inf+"_*")}
	}
	path := e.Field(evidence.Path)
	if db := driverPackageOf(set, inf); db != nil && path == "" {
		path, f.more = db.Field(evidence.Path), []*evidence.Event{db}
	}
	state, there, absent := looked(set, path)
	switch {
	case there:
		return f, false
	case absent:
		f.path, f.sure = path, true
		f.more = append(f.more, state)
		f.thing = missingAt(state, path)
		return f, true
	case e.Kind == evidence.DriverINFMissing:
		f.path = path
		f.thing = doctor.Missing{Kind: doctor.MissingFile, Name: path}
		return f, true
	}
	f.sure = e.Code == hresult.PathNotFound && inf != ""
	return f, e.Code == hresult.PathNotFound
}

// missingAt names the folder that is not there, or the file.
func missingAt(state *evidence.Event, path string) doctor.Missing {
	if state.Field(evidence.State) == evidence.NoFolder {
		return doctor.Missing{Kind: doctor.MissingDirectory, Name: state.Field(evidence.Name)}
	}
	return doctor.Missing{Kind: doctor.MissingFile, Name: path}
}

// driverPackageOf gives what the driver database says of an INF, nil when nothing.
func driverPackageOf(set *evidence.Set, inf string) *evidence.Event {
	for e := range set.Named(evidence.DriverPackage, inf) {
		return e
	}
	return nil
}

func hasKind(faults []fault, kind evidence.Kind) bool {
	for i := range faults {
		if faults[i].event.Kind == kind {
			return true
		}
	}
	return false
}

// addDriverPaths puts what the driver log says of an INF to the failed operation on it, which knows the update.
func addDriverPaths(faults []fault) []fault {
	var out []fault
	said := map[string][]*fault{} // what the driver log says, by INF
	for i := range faults {
		inf := strings.ToLower(faults[i].event.Field(evidence.Name))
		if faults[i].event.Kind == evidence.DriverINFMissing {
			said[inf] = append(said[inf], &faults[i])
		}
	}
	for _, f := range faults {
		if f.event.Kind != evidence.DriverFailed {
			continue
		}
		for _, more := range said[strings.ToLower(f.event.Field(evidence.Name))] {
			f.more = addProof(f.more, append([]*evidence.Event{more.event}, more.more...))
			f.path, f.thing = more.path, more.thing
			f.sure = f.sure || more.sure
		}
		out = append(out, f)
	}
	return out
}

func describeDriver(f *doctor.Finding) {
	inf := f.Proof[0].Field(evidence.Name)
	f.Title = "The driver package of " + cmp.Or(inf, "a driver") + " is missing from the driver store" + failsOn(f)
	f.Detail = "Windows keeps each driver in a folder of its own below DriverStore\\FileRepository. This driver's folder is " +
		"gone, and an update that brings something for it is rolled back each time until the folder is there again. redx cannot put it back. "
	if addedDriver.MatchString(inf) {
		f.Detail += "By its name it was added to Windows: install that device's driver again, as its maker offers it. An in-place upgrade is " +
			"the other way: back up, then run setup of this same version of Windows on that PC, and keep files and programs."
	} else {
		f.Detail += "By its name it is part of Windows. The safe way is an in-place upgrade: back up, then run setup of this same version of " +
			"Windows on that PC, and keep files and programs."
	}
	f.Surer = "a servicing log of the failed update, or the disk itself: redx diagnose --image DIR"
	f.Next = []string{openWindowsUpdate}
	if plainName(inf) {
		f.Next = []string{
			"start https://www.microsoft.com/software-download", openWindowsUpdate, `dir /s /b %windir%\WinSxS\` + inf,
		}
	}
}

// addedDriver is the name that Windows gives to a driver which does not come with it.
var addedDriver = regexp.MustCompile(`(?i)^oem\d+\.inf$`)

// plainName reports a name that means nothing to any shell: it comes out of a log and ends up in a command.
func plainName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	}) < 0
}

// quotable reports a path that stays one word of a command in quotes, whatever shell that is typed into: PowerShell takes
// more for the end of a quotation, and looks for variables and commands inside.
func quotable(path string) bool {
	return path != "" && !strings.ContainsFunc(path, func(r rune) bool {
		return r < ' ' || r == 0x7F || strings.ContainsRune("\"\u201C\u201D\u201E%!^&|<>$`", r)
	})
}
