// Package winevents knows what the events mean that bear on updates: which provider and number says what, and which
// of its fields name the update, the code and the thing concerned. It reads no file (package evtx does) and draws no
// conclusion. The sentences are our own, not those of Windows' message tables.
//
// Field names and shapes are those of real logs where a sample was at hand; "described" in a comment marks those taken
// from published descriptions only.
package winevents

import (
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// The providers, by the names that records carry.
const (
	WindowsUpdateClient   = "Microsoft-Windows-WindowsUpdateClient"
	Servicing             = "Microsoft-Windows-Servicing"
	WUSA                  = "Microsoft-Windows-WUSA"
	BitsClient            = "Microsoft-Windows-Bits-Client"
	ESENT                 = "ESENT"
	CAPI2                 = "Microsoft-Windows-CAPI2"
	ServiceControlManager = "Service Control Manager"
	MsiInstaller          = "MsiInstaller"
	KernelGeneral         = "Microsoft-Windows-Kernel-General"
	// WinREAgent services the recovery environment; no real log of it was at hand, so both spellings are taken.
	WinREAgent    = "Microsoft-Windows-WinREAgent"
	WinREAgent2   = "WinREAgent"
	TaskScheduler = "Microsoft-Windows-TaskScheduler"
	// UpdateServices is the update server of Microsoft (WSUS), in its own Application log.
	UpdateServices = "Windows Server Update Services"
)

// Kind is what an event says.
type Kind string

// Searching, downloading and installing, as the update agent and its tools report them.
const (
	ScanDone         Kind = "scan-done"
	ScanFailed       Kind = "scan-failed"
	Unreachable      Kind = "unreachable" // the update service cannot be reached
	DownloadStarted  Kind = "download-started"
	DownloadDone     Kind = "download-done"
	DownloadFailed   Kind = "download-failed"
	InstallReady     Kind = "install-ready" // downloaded, waits for a person or for its hour
	InstallStarted   Kind = "install-started"
	InstallDone      Kind = "install-done"
	InstallFailed    Kind = "install-failed"
	UninstallDone    Kind = "uninstall-done"
	UninstallFailed  Kind = "uninstall-failed"
	RestartNeeded    Kind = "restart-needed"
	UpdatesPaused    Kind = "updates-paused"
	UpdatesResumed   Kind = "updates-resumed"
	SelfUpdateDone   Kind = "self-update-done"
	SelfUpdateFailed Kind = "self-update-failed"
)

// Packages and features of the component store.
const (
	PackageStarted       Kind = "package-started"
	PackageDone          Kind = "package-done"
	PackageFailed        Kind = "package-failed"
	PackageRestart       Kind = "package-restart"
	PackageNotApplicable Kind = "package-not-applicable"
	PackagePartial       Kind = "package-partial"
	FeatureStarted       Kind = "feature-started"
	FeatureDone          Kind = "feature-done"
	FeatureFailed        Kind = "feature-failed"
	FeatureRestart       Kind = "feature-restart"
	StoreChecked         Kind = "store-checked" // corruption was looked for, or repaired; Text has the counts
)

// What the updates stand on.
const (
	TransferStarted Kind = "transfer-started"
	TransferStopped Kind = "transfer-stopped" // done when Code is OK
	TransferFailed  Kind = "transfer-failed"
	JobCreated      Kind = "job-created"
	JobDone         Kind = "job-done"
	QueueCleared    Kind = "queue-cleared"    // the queue of transfers could not be read, and was emptied
	ContentFailed   Kind = "content-failed"   // an update server could not get a file; Subject is where it wants it
	DatabaseDamaged Kind = "database-damaged" // a database or its log cannot be read
	DatabaseBlocked Kind = "database-blocked" // a database file cannot be opened
	CatalogFailed   Kind = "catalog-failed"   // the catalog database of signatures
	TrustFailed     Kind = "trust-failed"
	ServiceFailed   Kind = "service-failed"
	ServiceState    Kind = "service-state"
	ServiceStart    Kind = "service-start" // its start type was changed
	SystemStarted   Kind = "system-started"
	TaskFailed      Kind = "task-failed"     // a scheduled task could not be loaded or registered
	RecoveryFailed  Kind = "recovery-failed" // the recovery environment could not be serviced
)

// Event is what a record says. Parts that the record does not state are zero.
type Event struct {
	Kind   Kind
	Update update.Ref
	Code   hresult.Code
	// Subject is the thing concerned beside the update: the URL of a transfer, the display name of a service, the file
	// of a database, the name of a package or feature, the GUID of the update service that was searched.
	Subject string
	Text    string // one sentence in English
}

// Filter wants the events that Interpret knows, and no others.
func Filter() evtx.Filter {
	return evtx.Filter{
		WindowsUpdateClient: {
			16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 34, 35, 36, 37, 41, 43, 44,
		},
		Servicing:             {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 1013, 1014, 1015},
		WUSA:                  {2, 3},
		BitsClient:            {3, 4, 59, 60, 61, 16391},
		UpdateServices:        {364},
		ESENT:                 {412, 454, 455, 465, 467, 474, 481, 482, 489, 490, 494},
		CAPI2:                 {11, 256, 257, 513},
		KernelGeneral:         {12},
		WinREAgent:            {4502},
		WinREAgent2:           {4502},
		TaskScheduler:         {146},
		ServiceControlManager: {7000, 7001, 7009, 7023, 7024, 7031, 7034, 7036, 7040},
		MsiInstaller:          {1023, 1024, 11612, 11706},
	}
}

// Interpret gives the meaning of a record; false for events that it does not know.
func Interpret(r *evtx.Record) (Event, bool) {
	var e Event
	switch r.Provider {
	case WindowsUpdateClient:
		e = updateClient(r)
	case Servicing:
		e = servicing(r)
	case WUSA:
		e = standalone(r)
	case BitsClient:
		e = bits(r)
	case ESENT:
		e = database(r)
	case CAPI2:
		e = catalog(r)
	case ServiceControlManager:
		e = service(r)
	case MsiInstaller:
		e = installer(r)
	case KernelGeneral:
		e = kernel(r)
	case WinREAgent, WinREAgent2:
		e = recovery(r)
	case TaskScheduler:
		e = task(r)
	case UpdateServices:
		e = content(r)
	}
	return e, e.Kind != ""
}

// code reads a result code in any spelling that events use: 0x80070002, 2147942402, -2147024894, and %%2 for a system
// error. Text that is none of these gives OK.
func code(s string) hresult.Code {
	system := strings.HasPrefix(s, "%%")
	s = strings.TrimPrefix(strings.TrimSpace(s), "%%")
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil || n < -1<<31 || n >= 1<<32 {
		return hresult.OK
	}
	if system && n > 0 && n <= 0xffff {
		n |= 0x80070000
	}
	return hresult.Code(uint32(n))
}

// first gives the first of these fields that the record has.
func first(r *evtx.Record, names ...string) string {
	for _, n := range names {
		if v, ok := r.Lookup(n); ok {
			return v
		}
	}
	return ""
}

// ref reads the fields by which the update agent names an update.
func ref(r *evtx.Record) update.Ref {
	title := r.Get("updateTitle")
	u := update.Ref{Title: title, KB: update.FindKB(title)}
	if g, err := guid.Parse(r.Get("updateGuid")); err == nil {
		u.ID.GUID = g
		n, _ := strconv.ParseUint(r.Get("updateRevisionNumber"), 10, 32)
		u.ID.Revision = uint32(n)
	}
	return u
}

// failed adds the code to a sentence.
func failed(sentence string, c hresult.Code) string {
	if c == hresult.OK {
		return sentence
	}
	return sentence + " (" + c.Hex() + ")"
}

// or gives s, or what stands for it when it is empty.
func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
