package offline

import (
	"io"

	"github.com/redx-update/redx/internal/image"
)

// Files is the files of one drive, by the paths of the installation on it.
type Files interface {
	image.FS
	Close() error
}

// OpenFolder gives the files below a folder of this machine, which is the whole drive of the installation whose
// Windows folder is root, such as C:\Windows.
func OpenFolder(path, root string) (Files, error) {
	f, err := openFolder(wholeDrive(path))
	if err != nil {
		return nil, err
	}
	f.drive, _ = image.SplitDrive(root)
	return &drive{volume: f, root: root}, nil
}

// OpenVolume gives the files of a raw NTFS volume, which is the whole drive of the installation whose Windows folder is
// root. It reads r in whole pages of 4 KB, as a device wants it. Closing the files closes r.
func OpenVolume(r interface {
	io.ReaderAt
	io.Closer
}, root string,
) (Files, error) {
	v, err := openNTFS(r, r)
	if err != nil {
		return nil, err
	}
	return &drive{volume: v, root: root}, nil
}
