package offline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/redx-update/redx/internal/format/ntfsstate"
	"github.com/redx-update/redx/internal/image"
)

// openRaw opens a file that holds a whole disk or one volume. It takes the first NTFS volume with Windows on it.
func openRaw(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	img, err := openDisk(path, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return img, nil
}

func openDisk(path string, f *os.File) (image.Image, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && info.Mode()&os.ModeDevice == 0 {
		return nil, &os.PathError{Op: "open", Path: path, Err: image.ErrSpecial}
	}
	size, err := f.Seek(0, io.SeekEnd) // a block device has no other size
	if err != nil {
		return nil, err
	}
	parts, err := partitions(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var seen []string
	var locked bool
	for _, p := range parts {
		kind := bootSector(f, p.start)
		locked = locked || kind == bitLocker
		seen = append(seen, fmt.Sprintf("%s at byte %d", kind, p.start))
		if kind != ntfsVolume {
			continue
		}
		v, err := openNTFS(io.NewSectionReader(f, p.start, p.size), f)
		if err != nil {
			seen[len(seen)-1] += fmt.Sprintf(" (%v)", err)
			continue
		}
		if found, err := find(v, path); err == nil && found.below == "" {
			in := newInstallation(path, v, found, p.mark)
			in.dirty, in.unseen = ntfsstate.Dirty(io.NewSectionReader(f, p.start, p.size))
			return in, nil
		}
	}
	if locked {
		return nil, fmt.Errorf("%s: %w", path, image.ErrBitLocker)
	}
	return nil, fmt.Errorf("%w in %s: no NTFS volume with a folder Windows; there is %s", image.ErrNoWindows, path,
		strings.Join(seen, ", "))
}
