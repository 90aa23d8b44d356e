// Package hive reads registry hive files (regf) and applies their transaction logs in memory, those of Windows 8.1
// and later ("HvLE") and those before ("DIRT"). It gives the keys as registry.Key.
//
// It is no writer and no undelete: freed cells, volatile keys and security descriptors are not read. A hive is not
// loaded: its pages are read as they are asked for and 2 MB of them are kept, beside 16 bytes or so for each
// 512-byte sector that comes from a log.
//
// Invariant: what the hive's tree leads to is visited at most once by a walk. A key counts only below the key that
// it names as its parent, and only once there; a key that is its own ancestor is damage.
package hive

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/registry"
)

// Log is a transaction log of a hive: its .LOG1, .LOG2, or .LOG in old Windows.
type Log struct {
	R    io.ReaderAt
	Size int64
}

// Hive is an open hive. It is safe for use by several goroutines when its readers are.
type Hive struct {
	img  *image
	base baseBlock
	info Info
	root *key

	damaged atomic.Int64 // sub-keys that could not be listed so far
}

// Info tells what state a hive was found in.
type Info struct {
	Name        string    // the end of the path that the hive had, as its base block tells; up to 31 characters
	Major       uint32    // format version; 1
	Minor       uint32    // 3 in user hives up to Windows 8.1, 5 in most of today's
	Sequence1   uint32    // in the file, before recovery; raised before a write
	Sequence2   uint32    // raised behind a write
	LastWritten time.Time // of the base block; UTC
	Size        int64     // bytes after recovery
	Dirty       bool      // the file lacks changes that stand in its logs: the sequence numbers or checksum disagree
	BadChecksum bool      // the base block's checksum is wrong
	Logs        []LogInfo // one for each log given, in that order
}

// Recovered tells whether a log was applied.
func (i Info) Recovered() bool {
	for _, l := range i.Logs {
		if l.Applied > 0 {
			return true
		}
	}
	return false
}

// Note says in a sentence what was odd about the hive, or is empty.
func (i Info) Note() string {
	if !i.Dirty {
		return ""
	}
	entries := 0
	for _, l := range i.Logs {
		entries += l.Applied
	}
	if entries == 0 {
		return "the hive was not written completely and no log of it could be used; its newest changes are missing"
	}
	return fmt.Sprintf("the hive was not written completely; %d log entries were applied in memory", entries)
}

// LogInfo tells what became of one log.
type LogInfo struct {
	Format  LogFormat
	First   uint32 // sequence number of the first sound entry; 0 when there is none
	Last    uint32 // of the last one
	Entries int    // sound entries; 1 in an old log that is sound
	Applied int    // entries that were applied
	Err     error  // why the log, or its rest, was not used; nil if all was, or if the hive needs none
}

// LogFormat is the kind of a transaction log.
type LogFormat string

// The kinds of log.
const (
	NoLog  LogFormat = ""     // empty, or not recognised
	OldLog LogFormat = "DIRT" // a bitmap of changed sectors, and these; before Windows 8.1
	NewLog LogFormat = "HvLE" // a list of entries with hashes
)

// Open reads the base block of a hive of size bytes and, when the hive is dirty, applies what its logs have.
//
// A file without a base block wraps format.ErrNotThis, unless a log has a copy of it. A damaged log is no error:
// Info tells of it. Logs that are needed but not given leave the hive as it was written last.
func Open(r io.ReaderAt, size int64, logs ...Log) (*Hive, error) {
	h := &Hive{img: newImage(r, size)}
	var err error
	h.base, err = readBase(r, size)
	scanned := make([]*scannedLog, len(logs))
	dirty := err != nil || h.base.dirty()
	for i, l := range logs {
		scanned[i] = &scannedLog{log: l}
		if dirty {
			scanned[i].scan()
		}
	}
	if err != nil && !h.base.fromLogs(scanned) {
		return nil, err
	}
	h.info = h.base.info()
	h.info.Dirty = dirty
	if h.base.badChecksum {
		h.base.askLogs(scanned)
	}
	h.img.setSize(h.base)
	if dirty {
		h.recover(scanned)
	}
	for _, s := range scanned {
		h.info.Logs = append(h.info.Logs, s.info)
	}
	h.info.Size = h.img.size
	if h.root, err = h.readKey(h.base.root, nil); err != nil {
		return nil, fmt.Errorf("root key: %w", err)
	}
	return h, nil
}

// Info tells what state the hive was found in.
func (h *Hive) Info() Info { return h.info }

// Root gives the hive's root key.
func (h *Hive) Root() registry.Key { return h.root }

var errNoHive = fmt.Errorf("hive: no regf signature: %w", format.ErrNotThis)
