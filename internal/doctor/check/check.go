// Package check holds the causes that redx knows, one file each. A check asks the evidence for its own marks, names
// the update and the file where they can be known, and shows the lines it rests on; a code alone never makes a cause.
package check

import (
	"cmp"
	"fmt"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/update"
)

// All gives every check, in the order in which they are run and documented.
func All() []doctor.Check {
	return append([]doctor.Check{
		PayloadMissingDownload(),
		PayloadDamaged(),
		ServerContentMissing(),
		ComponentPayloadMissing(),
		PackageManifestMissing(),
		ComponentManifestMissing(),
		RepairSourceMissing(),
		DeltaBaseMissing(),
		ManifestHashMismatch(),
		ServicingStackMissing(),
		DriverPackageMissing(),
		DriverServiceKeyMissing(),
		DriverOperationQueueDamaged(),
		DotnetNgenMissing(),
		ShellFolderMissing(),
		TaskCacheInconsistent(),
		WimMountBroken(),
		PendingOperationInterrupted(),
		ServicingStackUpdateNeeded(),
		PackageStateBad(),
		FeatureOnDemandBlocked(),
		InstallerCacheMissing(),
	}, system()...)
}

// fileOf makes a finding's file of an event that names one.
func fileOf(e *evidence.Event) doctor.File {
	return doctor.File{
		Path: e.Field(evidence.Path), Size: size(e.Field(evidence.Size)), SHA1: e.Field(evidence.SHA1),
		SHA256: e.Field(evidence.SHA256), URL: e.Field(evidence.URL),
	}
}

// size reads a decimal number of bytes; 0 when there is none.
func size(s string) int64 {
	var n int64
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<59 {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// mergeFile fills what one file lacks from another account of it.
func mergeFile(a, b doctor.File) doctor.File {
	a.Size = cmp.Or(a.Size, b.Size)
	a.SHA1 = cmp.Or(a.SHA1, b.SHA1)
	a.SHA256 = cmp.Or(a.SHA256, b.SHA256)
	a.URL = cmp.Or(a.URL, b.URL)
	return a
}

// openWindowsUpdate opens the page where updates are checked for and installed.
const openWindowsUpdate = "start ms-settings:windowsupdate"

// files and filesAre count files for a sentence.
func files(n int) string {
	if n == 1 {
		return "a file"
	}
	return fmt.Sprintf("%d files", n)
}

func filesAre(n int) string {
	if n == 1 {
		return "A file is"
	}
	return fmt.Sprintf("%d files are", n)
}

// nameOf names an update for a sentence: its KB, else its title, else its identity.
func nameOf(u update.Ref) string {
	switch {
	case u.KB != "":
		return string(u.KB)
	case u.Title != "":
		return u.Title
	case !u.ID.GUID.IsZero():
		return "update " + u.ID.GUID.String()
	default:
		return "an update"
	}
}
