package offline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/registry"
)

// OpenLogs opens a bundle of logs for --logs: a folder, a single file, or a zip. Paths are relative to it, and there
// is no system root. A bundle with nothing in it is opened all the same: whether anything in it is of use is not
// decided here.
//
// The error is that of the operating system, or says why a zip cannot be opened.
func OpenLogs(path string) (image.Image, error) {
	path = wholeDrive(path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		f, err := openFolder(path)
		if err != nil {
			return nil, err
		}
		return newBundle(path, f, nil), nil
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "open", Path: path, Err: image.ErrSpecial}
	}
	return openFile(path, info)
}

func openFile(path string, info os.FileInfo) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if isZip(f) {
		a, err := openZip(f, info.Size())
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open archive %s: %w", path, err), f.Close())
		}
		return newBundle(path, a, a.notes), nil
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	l := newListed()
	name := filepath.Base(path)
	err = l.add([]string{name}, convert(info), func() (image.File, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return &osFile{File: f, size: info.Size()}, nil
	})
	if err != nil {
		return nil, err
	}
	return newBundle(path, l, nil), nil
}

// isZip goes by the signature of the first entry, or of the end of an empty archive.
func isZip(r io.ReaderAt) bool {
	var b [4]byte
	_, err := r.ReadAt(b[:], 0)
	return err == nil && (string(b[:]) == "PK\x03\x04" || string(b[:]) == "PK\x05\x06")
}

// bundle is what somebody collected of one installation.
type bundle struct {
	path  string
	files volume
	hives Hives
	notes []string
}

// newBundle takes ownership of the volume. It walks it once, to find the hives and to name what is left out.
func newBundle(path string, v volume, notes []string) *bundle {
	b := &bundle{path: path, files: v, notes: notes, hives: Hives{fsys: v, paths: map[image.Hive]string{}}}
	names := map[string]image.Hive{}
	for _, h := range []image.Hive{image.System, image.Software, image.Components} {
		names[fold(string(h))] = h
	}
	links := 0
	for e, err := range image.Walk(v, "") {
		if errors.Is(err, image.ErrLimit) {
			b.notes = append(b.notes, err.Error())
		}
		if err == nil && e.Reparse {
			links++
		}
		if h, ok := names[fold(strings.TrimSuffix(strings.ToLower(e.Name), ".hiv"))]; ok && err == nil && isHive(v, e) {
			b.found(h, e.Path)
		}
	}
	if links > 0 {
		b.notes = append(b.notes, fmt.Sprintf("links not followed: %d", links))
	}
	return b
}

// found keeps the hive that stands highest; the first in order among equals.
func (b *bundle) found(h image.Hive, path string) {
	have, ok := b.hives.paths[h]
	if !ok {
		b.hives.paths[h] = path
		return
	}
	chosen, other := have, path
	if strings.Count(path, `\`) < strings.Count(have, `\`) {
		chosen, other = path, have
	}
	b.hives.paths[h] = chosen
	b.notes = append(b.notes, fmt.Sprintf("two %s hives: %s is read, %s is not", h, chosen, other))
}

func isHive(fsys image.FS, e image.Entry) bool {
	if e.Dir || e.Reparse {
		return false
	}
	f, err := fsys.Open(e.Path)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [4]byte
	_, err = io.ReadFull(f, b[:])
	return err == nil && string(b[:]) == "regf"
}

func (b *bundle) Kind() image.Kind   { return image.Logs }
func (b *bundle) Path() string       { return b.path }
func (b *bundle) FS() image.FS       { return b.files }
func (b *bundle) SystemRoot() string { return "" }
func (b *bundle) Notes() []string    { return slices.Clone(b.notes) }

func (b *bundle) Hive(name image.Hive) (registry.Key, string, error) { return b.hives.Open(name) }

func (b *bundle) Close() error { return errors.Join(b.hives.Close(), b.files.Close()) }
