package evidence

import "github.com/redx-update/redx/internal/hresult"

// What the logs of servicing, drivers and setup say of the things that they could not do. None of these is a cause by
// itself: the session may have ended well after all.
const (
	// ServicingEnd: servicing ended its work on a package, or a session ended. Fields: Name (the package; empty for a
	// session), Restart ("yes" when it waits for one).
	ServicingEnd Kind = "servicing-end"
	// StackLoaded: the servicing stack was loaded. Fields: Name (its version), Path.
	StackLoaded Kind = "servicing-stack-loaded"
	// StackMissing: the servicing stack or its folder was not found. Fields: Path.
	StackMissing Kind = "servicing-stack-missing"
	// StackRequired: a package wants a newer servicing stack. Fields: Name (the package), Needed, Current.
	StackRequired Kind = "servicing-stack-required"
	// PackageManifestMissing: a package's .mum or .cat is missing. Fields: Name (the package), Status (Damaged when it
	// is there and damaged).
	PackageManifestMissing Kind = "package-manifest-missing"
	// PackageManifestRepaired: that was repaired. Fields: Name.
	PackageManifestRepaired Kind = "package-manifest-repaired"
	// ComponentManifestMissing: a component or its manifest is missing. Fields: Component, Name (the package that wants it).
	ComponentManifestMissing Kind = "component-manifest-missing"
	// ManifestDamaged: a component's manifest, or another part of the store's records, is damaged. Fields: Component, Path.
	ManifestDamaged Kind = "manifest-damaged"
	// ManifestRepaired: that was repaired. Fields: Component.
	ManifestRepaired Kind = "manifest-repaired"
	// SourceMissing: servicing had no source to take files from. Fields: Operation.
	SourceMissing Kind = "source-missing"
	// DeltaBaseMissing: a delta could not be applied, its base being absent or another. Fields: Component, Name (file).
	DeltaBaseMissing Kind = "delta-base-missing"
	// DriverFailed: a driver's installation failed. Fields: Name (the INF).
	DriverFailed Kind = "driver-failed"
	// DriverINFMissing: the driver log could not load an INF. Fields: Name (the INF), Path.
	DriverINFMissing Kind = "driver-inf-missing"
	// DriverQueueDamaged: an entry of the driver operations queue could not be read.
	DriverQueueDamaged Kind = "driver-queue-damaged"
	// ServiceStartFailed: an installer could not start a service. Fields: Name.
	ServiceStartFailed Kind = "service-start-failed"
	// ShellFolderMissing: a folder outside of Windows' own was not found. Fields: Path.
	ShellFolderMissing Kind = "shell-folder-missing"
	// TaskFailed: a scheduled task could not be registered. Fields: Name.
	TaskFailed Kind = "task-failed"
	// WIMMountBroken: the driver that mounts images could not be used.
	WIMMountBroken Kind = "wim-mount-broken"
	// PendingUnresolved: an operation that waits for a restart keeps others from beginning.
	PendingUnresolved Kind = "pending-unresolved"
	// PackageInvalid: servicing found an installed package to be in an invalid state. Fields: Name.
	PackageInvalid Kind = "package-invalid"
	// FeatureRefused: a feature on demand could not be had from the configured source. Fields: Name.
	FeatureRefused Kind = "feature-refused"
	// InstallerSourceMissing: Windows Installer did not find the package of a product. Fields: Name (product), Path.
	InstallerSourceMissing Kind = "installer-source-missing"
)

// What the registry of the installation shows of the things that the logs name.
const (
	// KeyState: whether a key that something names is there. Fields: Path, Name (what it is the key of), State.
	KeyState Kind = "key-state"
	// DriverPackage: the folder of a driver's package, by the driver database. Fields: Name (the INF), Path (of the INF).
	DriverPackage Kind = "driver-package"
	// DriverService: a driver's INF adds a service. Fields: Name (the INF), Path (of the INF), Service.
	DriverService Kind = "driver-service"
	// ServiceFile: the program of a service. Fields: Name (the service), Path.
	ServiceFile Kind = "service-file"
	// PackageState: a package is in a state that is not an ordinary one. Fields: Name, Status, State ("failed", or
	// "stuck" when it waits for a restart that nothing else knows of).
	PackageState Kind = "package-state"
	// FeatureSource: where features on demand come from by policy. Fields: Status (SourceWindowsUpdate).
	FeatureSource Kind = "feature-source"
	// InstallerCache: the kept package of an installed product, or of a patch of it. Fields: Name (product), Path.
	InstallerCache Kind = "installer-cache"
)

// The names of fields of these kinds.
const (
	Needed  = "needed"
	Current = "current"
	Restart = "restart"
	Service = "service"
)

// The values of State in a PackageState.
const (
	StateFailed = "failed"
	StateStuck  = "stuck"
)

// Damaged is the Status of a PackageManifestMissing whose file is there.
const Damaged = "damaged"

// Cleared is the state of a queue that could not be read and was emptied.
const Cleared = "cleared"

// SourceWindowsUpdate is the Status of a FeatureSource: Windows Update, not the update server.
const SourceWindowsUpdate = "windows-update"

// InstallSourceAbsent is the result of an update whose product's package Windows Installer did not find
// (ERROR_INSTALL_SOURCE_ABSENT, 1612).
const InstallSourceAbsent hresult.Code = 0x8007064C
