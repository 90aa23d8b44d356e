// Package trace keeps what an update agent leaves on a computer, in the formats and places of Windows' own: the datastore
// (SoftwareDistribution\DataStore\DataStore.edb), ReportingEvents.log, and, on an image for which it stands in for
// Windows, the event logs. The doctor and "redx history" read there what they read of Windows.
//
// It is no log of redx's own and decides nothing. Its invariant is that each file is as it was or as it is to be, whatever
// happens in between, and that what is told twice is kept once: whoever is not sure that it was told tells it again.
// A datastore that cannot be read is reported and never overwritten.
package trace

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	write "github.com/redx-update/redx/internal/write/datastore"
)

// Kind is what an event says.
type Kind string

// The kinds of event.
const (
	ScanDone         Kind = "scan-done"
	ScanFailed       Kind = "scan-failed"
	DownloadStarted  Kind = "download-started"
	DownloadDone     Kind = "download-done"
	DownloadFailed   Kind = "download-failed"
	TransferDone     Kind = "transfer-done"   // of one file; URL and Bytes
	TransferFailed   Kind = "transfer-failed" // of one file; URL and Code, in the transfer service's spelling
	InstallStarted   Kind = "install-started"
	InstallDone      Kind = "install-done"
	InstallFailed    Kind = "install-failed"
	InstallCancelled Kind = "install-cancelled" // of an installation or of taking an update off
	UninstallDone    Kind = "uninstall-done"
	UninstallFailed  Kind = "uninstall-failed"
	DatastoreDamaged Kind = "datastore-damaged" // as the database engine says it; Code is 0xC8000000 - n
)

// Event is something that is to be kept.
type Event struct {
	Kind Kind
	// At is when it was, UTC; milliseconds are kept. With kind and update it is what an event is known by.
	At     time.Time
	Update update.Ref
	Code   hresult.Code // of what failed
	Found  int          // updates, of ScanDone
	URL    string
	Bytes  int64
}

// attempt tells the events that are a line of the update history.
func (e *Event) attempt() bool {
	switch e.Kind {
	case DownloadFailed, InstallDone, InstallFailed, InstallCancelled, UninstallDone, UninstallFailed:
		return true
	case ScanDone, ScanFailed, DownloadStarted, DownloadDone, TransferDone, TransferFailed, InstallStarted, DatastoreDamaged:
	}
	return false
}

// Options say where traces are kept and in whose name.
type Options struct {
	// Root is the folder in which SoftwareDistribution stands: C:\Windows on an image for which the agent stands in for
	// Windows, C:\ProgramData\redx on a real one. The folder must be there.
	Root string
	// Logs is the folder of the event logs, C:\Windows\System32\winevt\Logs; empty: none are written. Never that of a
	// running Windows, whose logs are not for others to write.
	Logs     string
	Computer string         // its name
	Client   string         // the program that asked, such as "redx agent"
	Service  guid.GUID      // the update service; zero: that of managed servers
	Zone     *time.Location // the computer's; nil: UTC
	// PageSize is that of a datastore which is made, in bytes; 0: 32768, as Windows 10 has it, which makes 1.2 MB of an
	// empty one. Where there are very many computers 4096 does, the size of old systems. One that is there keeps its own.
	PageSize int
}

// managed is the update service that a configured server is (seen in dialogues of real clients).
var managed = guid.MustParse("3da21691-e39d-4da6-8a4b-b43877bcb1b7")

// Keeper keeps traces. It is for one goroutine at a time, and for one process: whoever has one holds the agent's lock.
type Keeper struct {
	disk disk.Disk
	o    Options
}

// New gives a keeper. Nothing is made before there is something to keep.
func New(d disk.Disk, o Options) *Keeper {
	if o.Service.IsZero() {
		o.Service = managed
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.PageSize == 0 {
		o.PageSize = write.Options().PageSize
	}
	return &Keeper{disk: d, o: o}
}

// Tell keeps an event everywhere where it belongs. What one file refuses, the others still get; the error is then a
// *Damaged when the datastore is.
func (k *Keeper) Tell(e Event) error {
	e.At = e.At.UTC().Truncate(time.Millisecond)
	var errs []error
	if e.attempt() {
		errs = append(errs, k.history(&e))
	}
	errs = append(errs, k.report(&e), k.log(&e))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("keep that %s of %s: %w", e.Kind, e.Update.ID.GUID, err)
	}
	return nil
}

// identity is a GUID of an event's own, always the same for it.
func (k *Keeper) identity(e *Event) guid.GUID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%s|%d|%s",
		k.o.Computer, e.Kind, e.At.Format(time.RFC3339Nano), e.Update.ID.GUID, e.Update.ID.Revision, e.URL))
	g := guid.FromLE(sum[:16])
	g[6], g[8] = g[6]&0x0f|0x40, g[8]&0x3f|0x80
	return g
}

func (k *Keeper) path(names ...string) string {
	return disk.Join(disk.Join(k.o.Root, "SoftwareDistribution"), names...)
}

// copyOf gives an existing file's content, nil when there is none.
func (k *Keeper) copyOf(path string, limit int64) ([]byte, error) {
	b, err := disk.Read(k.disk, path, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// replace gives a file its new content, and makes its folder.
func (k *Keeper) replace(path string, b []byte) error {
	dir, _ := disk.Split(path)
	if _, err := disk.MakeAll(k.disk, dir); err != nil {
		return err
	}
	return disk.Replace(k.disk, path, disk.Bytes(b))
}

// title is what an update is called where nobody knows its name.
func title(u update.Ref) string {
	switch {
	case u.Title != "":
		return u.Title
	case u.KB != "":
		return string(u.KB)
	default:
		return "{" + u.ID.GUID.String() + "}"
	}
}
