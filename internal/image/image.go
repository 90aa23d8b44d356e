// Package image is what redx asks of a Windows installation: its files and its registry, read-only by type. It says
// what can be asked, not how it is had: that is offline (a mounted disk, a copied tree, a raw volume, a bundle of
// logs) and online (this machine).
//
// Paths are Windows paths as that installation sees them, such as C:\Windows\Logs\CBS\CBS.log, whatever letter or
// folder the disk has here; case does not matter. In a bundle of logs there is no installation, and paths are
// relative to the bundle, with backslashes as well.
package image

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/registry"
)

// Kind tells what stands behind an image.
type Kind string

// The kinds of image, as they stand in the JSON of a diagnosis.
const (
	Online  Kind = "online"  // this machine
	Offline Kind = "offline" // a mounted disk, a copied tree, a raw volume
	Logs    Kind = "logs"    // a folder, a file or an archive of collected logs
)

// Errors that callers branch on, besides fs.ErrNotExist and fs.ErrPermission.
var (
	// ErrNoWindows: there is no Windows installation there.
	ErrNoWindows = errors.New("no Windows installation found")
	// ErrNoLogs: nothing that redx knows is among the logs.
	ErrNoLogs = errors.New("no log, trace or database that redx knows")
	// ErrBitLocker: the volume is encrypted and locked.
	ErrBitLocker = errors.New("the volume is encrypted by BitLocker; unlock it first")
	// ErrOutside: a link leads out of the image; it is never followed.
	ErrOutside = errors.New("a link that leads out of the image")
	// ErrReparse: the file is there, but its content stands behind a reparse point that cannot be read from here
	// (files compressed by Windows look so from Linux). Present, but unread.
	ErrReparse = errors.New("a reparse point that cannot be read from here")
	// ErrSpecial: a pipe, socket or device stands there, which is never opened.
	ErrSpecial = errors.New("not a regular file but a pipe, socket or device; it is never opened")
	// ErrOtherVolume: the path is on a drive that is not part of the image.
	ErrOtherVolume = errors.New("on a drive that is not part of this image")
)

// Hive names a registry hive.
type Hive string

// The hives redx reads.
const (
	System     Hive = "SYSTEM"
	Software   Hive = "SOFTWARE"
	Components Hive = "COMPONENTS"
)

// Info is what is known of one file or folder.
type Info struct {
	Name    string // as spelled on disk
	Size    int64
	ModTime time.Time
	Dir     bool
	Reparse bool // a symbolic link, junction or other reparse point
}

// File is an open file. It is read, never written.
type File interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Size() int64
}

// FS gives the files of an image. A name that is not there is fs.ErrNotExist; one that may not be read is
// fs.ErrPermission, ErrOutside, ErrReparse or ErrOtherVolume. Safe for use by several goroutines.
type FS interface {
	Open(path string) (File, error)
	Stat(path string) (Info, error)
	ReadDir(path string) ([]Info, error) // sorted by name without case
}

// Image is one Windows installation or one bundle of logs.
type Image interface {
	Kind() Kind
	// Path is where it stands, as the user named it.
	Path() string
	// FS gives its files.
	FS() FS
	// Hive opens a registry hive with its transaction logs applied in memory. The key is the hive's root; the
	// note, when not empty, says what was odd about it. Errors are those of FS.Open and of the hive's reader.
	Hive(name Hive) (root registry.Key, note string, err error)
	// SystemRoot is the Windows folder as the installation itself sees it, such as C:\Windows; empty in a bundle.
	SystemRoot() string
	// Notes says what was assumed or guessed while opening, such as the drive letter.
	Notes() []string
	Close() error
}

// Join joins path elements with backslashes.
func Join(elem ...string) string {
	kept := elem[:0:0]
	for _, e := range elem {
		if e = strings.Trim(e, `\`); e != "" {
			kept = append(kept, e)
		}
	}
	return strings.Join(kept, `\`)
}

// Split splits a path behind its last backslash; dir has no trailing backslash.
func Split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '\\')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
