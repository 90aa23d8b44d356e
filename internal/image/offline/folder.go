package offline

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/image"
)

// maxFolder is how many names of one folder are looked at. WinSxS, the fullest folder Windows has, holds some 30,000.
const maxFolder = 1 << 20

// folder gives the files below one folder of this machine, by paths relative to it with backslashes, without case
// whatever the file system here does. os.Root keeps every access inside, even when the tree changes meanwhile.
type folder struct {
	root   *os.Root
	mounts []string // the ways in which links may name the folder itself, slashed
	drive  string   // the drive letter the folder has in its installation, such as "C:"; "" when not known
	names  names
}

func openFolder(path string) (*folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root}
	if abs, err := filepath.Abs(path); err == nil {
		f.mounts = append(f.mounts, filepath.ToSlash(abs))
		if resolved, err := filepath.EvalSymlinks(abs); err == nil && resolved != abs {
			f.mounts = append(f.mounts, filepath.ToSlash(resolved))
		}
	}
	return f, nil
}

func (f *folder) Close() error { return f.root.Close() }

func (f *folder) Open(path string) (image.File, error) {
	at, err := f.resolve(path)
	defer at.close()
	if err != nil {
		return nil, pathError("open", path, err)
	}
	if err := readable(at.info); err != nil {
		return nil, pathError("open", path, err)
	}
	file, err := at.in.Open(at.base)
	if err != nil {
		return nil, pathError("open", path, err)
	}
	return &osFile{File: file, size: at.info.Size()}, nil
}

func (f *folder) Stat(path string) (image.Info, error) {
	at, err := f.resolve(path)
	defer at.close()
	if errors.Is(err, image.ErrReparse) && at.linked {
		return image.Info{Name: at.name, Reparse: true}, nil
	}
	if err != nil {
		return image.Info{}, pathError("stat", path, err)
	}
	info := convert(at.info)
	info.Name, info.Reparse = at.name, info.Reparse || at.linked
	return info, nil
}

func (f *folder) ReadDir(path string) ([]image.Info, error) {
	at, err := f.resolve(path)
	defer at.close()
	if err != nil {
		return nil, pathError("list", path, err)
	}
	if !at.info.IsDir() {
		return nil, pathError("list", path, errNoFolder)
	}
	sub, err := at.in.OpenRoot(at.base)
	if err != nil {
		return nil, pathError("list", path, err)
	}
	defer sub.Close()
	infos, err := list(sub)
	return infos, pathError("list", path, err)
}

// list gives what it could read beside the error.
func list(dir *os.Root) ([]image.Info, error) {
	names, err := readNames(dir)
	infos := make([]image.Info, 0, len(names))
	look := newLooker(dir)
	for _, name := range names {
		if strings.Contains(name, `\`) {
			continue // no name that Windows can have, and it would read as a path
		}
		info, lerr := look.lstat(name)
		switch {
		case errors.Is(lerr, fs.ErrNotExist): // gone meanwhile
		case lerr != nil:
			err = errors.Join(err, lerr)
		default:
			infos = append(infos, convert(info))
		}
	}
	sortInfos(infos)
	return infos, err
}

func readNames(dir *os.Root) ([]string, error) {
	d, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(maxFolder)
	if len(names) == maxFolder {
		err = errors.Join(err, image.ErrLimit)
	}
	if errors.Is(err, io.EOF) { // an empty folder
		err = nil
	}
	return names, err
}

func sortInfos(infos []image.Info) {
	slices.SortFunc(infos, func(a, b image.Info) int {
		if c := strings.Compare(fold(a.Name), fold(b.Name)); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// fold maps names that are one name to Windows to one string. NTFS has an upper-case table of its own; it agrees
// with Unicode's simple mapping where that leads back, but for a few letters newer than it. Where it does not lead back
// (from the dotless i to I, from the long s to S) Windows keeps the letter.
func fold(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return strings.Map(upper, name)
		}
	}
	return strings.ToUpper(name)
}

func upper(r rune) rune {
	if u := unicode.ToUpper(r); unicode.ToLower(u) == r {
		return u
	}
	return r
}

// isLink tells what must be resolved before it is used. Windows junctions are irregular files to Go.
func isLink(mode fs.FileMode) bool { return mode&(fs.ModeSymlink|fs.ModeIrregular) != 0 }

func readable(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return errFolder
	case !info.Mode().IsRegular():
		return image.ErrSpecial
	}
	return nil
}

func convert(info fs.FileInfo) image.Info {
	out := image.Info{Name: info.Name(), ModTime: info.ModTime(), Dir: info.IsDir(), Reparse: isLink(info.Mode())}
	if info.Mode().IsRegular() {
		out.Size = info.Size()
	}
	return out
}

// pathError names the path as Windows writes it; what os adds of its own is dropped.
func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var inner *fs.PathError
	if errors.As(err, &inner) && inner == err { //nolint:errorlint // only the outermost is dropped
		err = inner.Err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// osFile is a regular file; its size is the one it had when it was opened.
type osFile struct {
	*os.File
	size int64
}

func (f *osFile) Size() int64 { return f.size }
