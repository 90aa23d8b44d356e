package offline

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/redx-update/redx/internal/win"
)

// looker looks at what is in one folder. To look at a file, os opens it for reading, which Windows refuses when a program
// shares it with nobody; the folder itself knows enough of such a file.
type looker struct {
	dir    *os.Root
	held   func(error) bool
	listed map[string]fs.FileInfo // by folded name, read when needed
}

func newLooker(dir *os.Root) *looker { return &looker{dir: dir, held: win.Held} }

// lstat is os.Root.Lstat for a name in the folder itself. The size of a held file is the one it had when it was last
// closed, or later.
func (l *looker) lstat(name string) (fs.FileInfo, error) {
	info, err := l.dir.Lstat(name)
	if err == nil || !l.held(err) || strings.ContainsAny(name, `/\`) {
		return info, err
	}
	if l.listed == nil {
		if lerr := l.list(); lerr != nil {
			return nil, errors.Join(err, lerr)
		}
	}
	if known, ok := l.listed[fold(name)]; ok {
		return known, nil
	}
	return nil, err
}

func (l *looker) list() error {
	d, err := l.dir.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	infos, err := d.Readdir(maxFolder)
	if err != nil {
		return err
	}
	l.listed = make(map[string]fs.FileInfo, len(infos))
	for _, info := range infos {
		l.listed[fold(info.Name())] = info
	}
	return nil
}
