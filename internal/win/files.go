package win

import (
	"errors"
	"fmt"
)

// ErrHeld says that something has the file or folder, or something below the folder, open. Windows says so with error
// 32, and for a folder mostly with error 5, which to a process with the rights of an administrator means nothing else.
var ErrHeld = errors.New("something holds it open")

// File is what stands under a name, itself: a link is not followed.
type File struct {
	ID      FileID
	Folder  bool
	Reparse bool // a link, a junction, or another name that leads elsewhere
}

// FileID is what a file or folder stays the same by, under whatever name on its volume.
type FileID struct {
	Volume uint32 // serial number of the volume
	Index  uint64 // of the file on it
}

func (id FileID) String() string { return fmt.Sprintf("%08x-%016x", id.Volume, id.Index) }
