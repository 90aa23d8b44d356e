// Package registry is what redx asks of a registry: keys and values, read-only by type. An offline hive
// (format/hive) and the registry of a running Windows give the same Key, so nobody above knows which one it reads.
//
// It reads no file and no API itself, and it has nothing that writes.
package registry

import (
	"io/fs"
	"iter"
	"strings"
	"time"
)

// Key is an open key. It stays valid as long as what it was opened from.
//
// Names compare without case, as Windows does it. A key or value that is not there is an error that wraps
// fs.ErrNotExist; any other error is damage or a refusal (fs.ErrPermission), and the rest can still be read.
type Key interface {
	// Name is the last element of the key's path, as spelled in the registry. The name of a hive's root is
	// whatever the hive's creator put there, and says nothing.
	Name() string
	// LastWrite is when the key, or one of its values or direct sub-keys, changed last; UTC, zero if unknown.
	LastWrite() time.Time
	// Open opens the key at a path of names with backslashes, relative to this one. The empty path is the key
	// itself.
	Open(path string) (Key, error)
	// Subkeys lists the direct sub-keys in the order they are stored. A sub-key that cannot be read is an error,
	// and the listing goes on behind it.
	Subkeys() iter.Seq2[Key, error]
	// Value gives one value; the empty name is the default value.
	Value(name string) (Value, error)
	// Values lists the values in the order they are stored. A value that cannot be read is an error (its Name is
	// set when that could be read), and the listing goes on behind it.
	Values() iter.Seq2[Value, error]
}

// SplitPath splits a path at its backslashes and drops empty elements.
func SplitPath(path string) []string {
	var names []string
	for name := range strings.SplitSeq(path, `\`) {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// NotExist is the error for a key or value that is not there. It wraps fs.ErrNotExist.
func NotExist(op, path string) error {
	return &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist}
}
