package repair

// Scene is what was seen of an installation before a repair. Facts only; what follows is Make's to say.
type Scene struct {
	Root    Root
	Machine string // MachineGuid; empty when not known
	Live    bool   // the Windows that is running
	Looked  bool   // files could be looked at; not so in a bundle of logs

	Pending    []string // what says that a restart is pending, each by where it stands
	Installing []string // what says that an update is being installed
	Elevated   bool     // live only
	Hibernated string   // the hibernation file that says so
	Dirty      bool     // the volume was not closed properly
	ReadOnly   string   // why nothing can be written there
	Locked     bool     // by BitLocker
	Free       Bytes    // free space on the volume

	Folders map[Target]Folder   // what a plan could touch
	Names   map[string][]string // the names in each folder in which copies stand, by Copy.Dir
	// Dependents are the running services on top of each service, by its name as in the list of services.
	Dependents map[string][]string
	// Unseen is what could not be looked at, though a refusal hangs on it.
	Unseen []string
}

// Folder is what was seen of a target.
type Folder struct {
	Present bool
	Bytes   Bytes    // of all files below; Unknown when not counted
	Reparse []string // reparse points on the way to it, itself included
	Foreign string   // the part of the way that is on another volume
}
