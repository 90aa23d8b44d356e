package image

import (
	"errors"
	"fmt"
	"iter"
)

// What one Walk goes through at most.
const (
	MaxWalkEntries = 100_000
	MaxWalkDepth   = 64
)

// ErrLimit says that there is more than is looked at; what lies beyond was left out.
var ErrLimit = errors.New("more than is looked at; the rest was left out")

// Entry is one file or folder met on a walk.
type Entry struct {
	Path string // from the walk's root on, spelled as on disk
	Info
}

// Walk goes through all files and folders below root, a folder before what is in it, in the order of FS.ReadDir; so
// two walks over the same tree are the same. Links are named, not followed. A folder that cannot be read is given
// with its error, and the walk goes on behind it. A tree deeper than MaxWalkDepth is cut there with ErrLimit, one of
// more than MaxWalkEntries ends with it.
func Walk(fsys FS, root string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		w := walker{fsys: fsys, yield: yield}
		w.folder(root, 0)
	}
}

type walker struct {
	fsys  FS
	yield func(Entry, error) bool
	seen  int
}

// folder reports whether the walk goes on.
func (w *walker) folder(path string, depth int) bool {
	at := Entry{Path: path, Info: Info{Dir: true}}
	if depth > MaxWalkDepth {
		return w.yield(at, fmt.Errorf("%s: deeper than %d folders: %w", path, MaxWalkDepth, ErrLimit))
	}
	infos, err := w.fsys.ReadDir(path)
	if err != nil && !w.yield(at, err) {
		return false
	}
	for _, info := range infos {
		if !w.entry(Entry{Path: child(path, info.Name), Info: info}, depth) {
			return false
		}
	}
	return true
}

func (w *walker) entry(e Entry, depth int) bool {
	if w.seen++; w.seen > MaxWalkEntries {
		w.yield(e, fmt.Errorf("over %d files: %w", MaxWalkEntries, ErrLimit))
		return false
	}
	if !w.yield(e, nil) {
		return false
	}
	if e.Dir && !e.Reparse {
		return w.folder(e.Path, depth+1)
	}
	return true
}

// child is Join, which would lose the backslash that "\Windows" begins with.
func child(dir, name string) string {
	if dir == "" || dir[len(dir)-1] == '\\' {
		return dir + name
	}
	return dir + `\` + name
}
