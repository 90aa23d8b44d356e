package evidence

import "strconv"

// Kind names what an event says. Kinds are part of the saved form: they are added to, never renamed.
type Kind string

// What the sources say of updates.
const (
	// Attempt: an update was installed, uninstalled or downloaded, or that failed. Fields: Operation, Phase, Result; of
	// one that the vault has kept, Origin, OriginLine or OriginRecord, and Nth as well.
	Attempt Kind = "attempt"
	// DownloadFailed: a transfer failed. Fields: URL, Path (target), Job.
	DownloadFailed Kind = "download-failed"
	// DownloadDone: a transfer succeeded. Fields: URL, Path, Job.
	DownloadDone Kind = "download-done"
	// UpdateFileMissing: the update agent looked for a file of an update and it was not there. Fields: Path.
	UpdateFileMissing Kind = "update-file-missing"
	// DatastoreFile: the update agent's database knows a file. Fields: Path, Name, Size, SHA1, SHA256, URL, Status,
	// Join ("failed" when its update could not be found).
	DatastoreFile Kind = "datastore-file"
)

// What the servicing logs say of the component store.
const (
	// PayloadMissing: a component's file is missing from the store. Fields: Component, Name.
	PayloadMissing Kind = "payload-missing"
	// PayloadCorrupt: the readiness scan found a component's file missing or damaged. Fields: Component, Name, Flag.
	PayloadCorrupt Kind = "payload-corrupt"
	// PayloadRepaired: that was repaired. Fields: Component, Name.
	PayloadRepaired Kind = "payload-repaired"
	// StoreScan: the readiness scan ended. Fields: Result, Detected, Repaired, Operation.
	StoreScan Kind = "store-scan"
)

// What the installation itself shows.
const (
	// FileState: whether a file that something names is there. Fields: Path, State, Size, SHA1, SHA256.
	FileState Kind = "file-state"
	// PutAside: a folder that a repair put aside and that Windows has not made anew. Fields: Path (where it stood), Name
	// (where it stands now).
	PutAside Kind = "put-aside"
	// UpdateServer: the update server that policy or a log names. Fields: URL.
	UpdateServer Kind = "update-server"
)

// The names of fields.
const (
	Component = "component"
	Detected  = "detected"
	Flag      = "flag"
	From      = "from"
	Job       = "job"
	Join      = "join"
	Name      = "name"
	Nth       = "nth"
	Operation = "operation"
	// Where the vault has an account from.
	Origin       = "origin"
	OriginLine   = "origin_line"
	OriginRecord = "origin_record"

	Path     = "path"
	Phase    = "phase"
	Repaired = "repaired"
	Result   = "result"
	SHA1     = "sha1"
	SHA256   = "sha256"
	Size     = "size"
	State    = "state"
	Status   = "status"
	URL      = "url"
	Version  = "version"
)

// The values of Phase in an Attempt.
const (
	PhaseDownload = "download"
	PhaseInstall  = "install"
)

// The values of State in a FileState.
const (
	Present   = "present"
	Absent    = "absent"    // its folder is there, the file is not
	NoFolder  = "nofolder"  // a folder on the way is not there
	Unknown   = "unknown"   // could not be looked at
	Different = "different" // there, with another size or digest than expected
)

// AsideName is the n-th name, from 1 on, that SoftwareDistribution is put aside under: SDTemp as in KB 910336, then
// SDTemp.2 and so on.
func AsideName(n int) string {
	if n == 1 {
		return "SDTemp"
	}
	return "SDTemp." + strconv.Itoa(n)
}
