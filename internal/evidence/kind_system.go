package evidence

// What logs say of the system around an update: the search, the services, rights, space, the network.
const (
	// ScanDone: a search for updates succeeded. Fields: Service.
	ScanDone Kind = "scan-done"
	// ScanFailed: a search for updates failed. Fields: Service, Network.
	ScanFailed Kind = "scan-failed"
	// Trouble: a line tells of a failure in the surroundings of an update (rights, space, network, policy, transfer). It
	// stands in healthy logs too. Fields: Component, Level, Path (the thing it happened to), Network.
	Trouble Kind = "trouble"
	// DatabaseDamaged: a database or one of its logs cannot be read. Fields: Path, Name (of the program and database), State
	// (Cleared when it was emptied since).
	DatabaseDamaged Kind = "database-damaged"
	// CatalogFailed: the catalog database of signatures could not be opened.
	CatalogFailed Kind = "catalog-failed"
	// ServiceFailed: a service did not start, or ended with an error. Fields: Name, as the log has it.
	ServiceFailed Kind = "service-failed"
	// TempFailed: a temporary file could not be made.
	TempFailed Kind = "temp-failed"
	// ProfileFailed: servicing or setup stumbled over a user profile. Fields: Name (SID), Path, as far as said.
	ProfileFailed Kind = "profile-failed"
	// ProfileHiveMissing: setup misses the registry hive of the system's own profile. Fields: Path.
	ProfileHiveMissing Kind = "profile-hive-missing"
	// SetupFailed: a feature update failed in a phase of setup. Fields: Extend, Name (the driver at work, if any).
	SetupFailed Kind = "setup-failed"
	// PartitionFull: the recovery partition, or the one that Windows starts from, had no room for an update.
	PartitionFull Kind = "partition-full"
	// SystemStarted: Windows was started.
	SystemStarted Kind = "system-started"
)

// What the registry says of the system.
const (
	// ServiceConfig: a service that updates need, as it is set up. Fields: Name, Start ("missing" without a key),
	// Path (its program), DLL.
	ServiceConfig Kind = "service-config"
	// Profile: a user profile. Fields: Name (SID), Path.
	Profile Kind = "profile"
	// SystemFolder: where profiles or common data stand. Fields: Name, Path, State, Expected.
	SystemFolder Kind = "system-folder"
	// Environment: a variable of all processes that names a folder. Fields: Name, Path.
	Environment Kind = "environment"
	// Policy: a policy that keeps updates away. Fields: Name.
	Policy Kind = "policy"
	// Paused: updates are paused; Time is the end of it.
	Paused Kind = "paused"
	// RestartPending: Windows says that it waits for a restart. Fields: Name.
	RestartPending Kind = "restart-pending"
)

// The names of fields of these events.
const (
	DLL      = "dll"
	Expected = "expected"
	Extend   = "extend"
	Level    = "level"
	Network  = "network"
	Start    = "start"
)

// Linked is the State of a folder that is a link to elsewhere.
const Linked = "linked"

// LevelError is the Level of a line that its log calls an error.
const LevelError = "error"

// NetworkOff is the Network of what happened while, by the words of the same log, the computer had no network.
const NetworkOff = "disconnected"

// StartMissing is the Start of a service that has no key.
const StartMissing = "missing"
