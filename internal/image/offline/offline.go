// Package offline gives a Windows installation that does not run here: a mounted disk, a copied tree, a raw NTFS
// image, or only the logs somebody collected, in a folder or a zip. Nothing is ever written, no link is followed out
// of what was named, and nothing but regular files is opened.
package offline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/registry"
)

// Open opens an installation for --image. Path is the root of a mounted or copied disk, its Windows folder, a folder
// one level above the root, or a file with a raw image of a disk or an NTFS volume.
//
// Errors: image.ErrNoWindows with what was looked for, image.ErrBitLocker, and those of the operating system.
func Open(path string) (image.Image, error) {
	path = wholeDrive(path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openTree(path)
	}
	return openRaw(path)
}

// wholeDrive takes D: for the drive. To Windows it is the folder that was current there last.
func wholeDrive(path string) string {
	if volume := filepath.VolumeName(path); volume == path && strings.HasSuffix(path, ":") {
		return path + `\`
	}
	return path
}

// openTree opens a mounted disk or a copied tree.
func openTree(path string) (image.Image, error) {
	top, err := openFolder(path)
	if err != nil {
		return nil, err
	}
	found, err := find(top, path)
	if err != nil {
		return nil, errors.Join(err, top.Close())
	}
	if found.below == "" {
		in := newInstallation(path, top, found, nil)
		if in.top = path; found.base != "" {
			in.top = ""
		}
		return in, nil
	}
	// Links of the installation end at its own root, not at the folder above it.
	err = top.Close()
	sub, suberr := openFolder(filepath.Join(path, found.below))
	if err = errors.Join(err, suberr); err != nil {
		return nil, err
	}
	in := newInstallation(path, sub, found, nil)
	in.top = filepath.Join(path, found.below)
	return in, nil
}

// volume is the files of one drive, by paths relative to it.
type volume = Files

// installation is one Windows folder and the drive it stands on.
type installation struct {
	path  string
	top   string // the folder of this machine that is the drive; empty when there is none
	drive *drive
	hives Hives
	notes []string

	dirty  bool  // a raw volume that was not closed properly
	unseen error // why that is not known
}

// newInstallation takes ownership of the volume. Marks tell partitions apart in the registry's list of mounted ones.
func newInstallation(path string, v volume, found finding, mark []byte) *installation {
	in := &installation{path: path, drive: &drive{volume: v, base: found.base, root: `C:\Windows`}, notes: found.notes}
	in.hives = hivesIn(v, found.windows)
	root, how := systemRoot(&in.hives, mark)
	letter, dir := image.SplitDrive(root)
	if !strings.EqualFold(dir, `\Windows`) { // of another name no folder is taken for Windows
		in.notes = append(in.notes, fmt.Sprintf("the registry calls the Windows folder %s; the folder Windows is read", root))
		root = letter + `\Windows`
	}
	in.drive.root = root
	if how != "" {
		in.notes = append(in.notes, fmt.Sprintf("drive letter %s %s", letter, how))
	}
	if f, ok := v.(*folder); ok && found.base == "" {
		f.drive = letter
	}
	return in
}

func (in *installation) Kind() image.Kind { return image.Offline }
func (in *installation) Path() string     { return in.path }

// Top is the folder of this machine that is the drive of the installation; empty for a raw image, and when only the
// Windows folder was given.
func (in *installation) Top() string { return in.top }

// Dirty reports that the raw volume was not closed properly; false for what is no raw volume.
func (in *installation) Dirty() (bool, error) { return in.dirty, in.unseen }

func (in *installation) FS() image.FS       { return in.drive }
func (in *installation) SystemRoot() string { return in.drive.root }
func (in *installation) Notes() []string    { return in.notes }

func (in *installation) Hive(name image.Hive) (registry.Key, string, error) {
	return in.hives.Open(name)
}

func (in *installation) Close() error {
	return errors.Join(in.hives.Close(), in.drive.Close())
}
