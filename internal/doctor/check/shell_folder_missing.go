package check

import (
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// ShellFolderMissing finds a folder of the start menu or of the common profiles that an installer wants to make links
// in, and that is gone.
func ShellFolderMissing() doctor.Check {
	return doctor.Check{
		ID:       "shell-folder-missing",
		Title:    "A folder that updates put links into is missing",
		Reads:    []evidence.Kind{evidence.ShellFolderMissing, evidence.FileState, evidence.ServicingEnd},
		Unproven: true,
		Run:      shellFolderMissing,
	}
}

func shellFolderMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	for _, e := range unsettled(x, evidence.ShellFolderMissing) {
		path := e.Field(evidence.Path)
		state, there, absent := looked(x.Evidence, path)
		if there || path == "" {
			continue
		}
		f := fault{event: e, sure: true, path: path, thing: doctor.Missing{Kind: doctor.MissingDirectory, Name: path}}
		if absent {
			f.more = []*evidence.Event{state}
		}
		faults = append(faults, f)
	}
	return gathered(faults, describeShellFolder)
}

func describeShellFolder(f *doctor.Finding) {
	path := f.Missing[0].Name
	f.Title = "The folder " + path + " is missing" + failsOn(f)
	f.Detail = "An installer of the update opens this folder, which every Windows has, and does not find it; the update is rolled " +
		"back. Make the folder anew, with the rights that it inherits, then install the update again."
	f.Next = []string{openWindowsUpdate}
	if quotable(path) {
		f.Next = []string{`mkdir "` + path + `"`, openWindowsUpdate}
	}
}
