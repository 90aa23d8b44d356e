package offline

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/redx-update/redx/internal/image"
)

// listed gives files that are known from the start: the entries of an archive, or a single file. Folders are those
// its files stand in. It is filled before it is shared, and not changed any more.
type listed struct {
	root  *node
	nodes int
}

// maxNodes bounds what is kept: a short name can have many folders, and a walk goes through no more than half of this.
const maxNodes = 2 * image.MaxWalkEntries

type node struct {
	info  image.Info
	below map[string]*node // by folded name; nil for files
	open  func() (image.File, error)
}

func newListed() *listed {
	return &listed{root: &node{info: image.Info{Dir: true}, below: map[string]*node{}}}
}

var errTwice = errors.New("the name is there already")

// add puts a file at a path of checked elements. What is there already stays.
func (l *listed) add(elems []string, info image.Info, open func() (image.File, error)) error {
	at := l.root
	for i, name := range elems {
		if at.below == nil {
			return fmt.Errorf("%s is a file and a folder: %w", elems[i-1], errTwice)
		}
		next := at.below[fold(name)]
		if next == nil {
			if l.nodes++; l.nodes > maxNodes {
				return image.ErrLimit
			}
			next = &node{info: image.Info{Name: name, Dir: true}, below: map[string]*node{}}
			if i == len(elems)-1 && !info.Dir {
				next = &node{info: info, open: open}
				next.info.Name = name
			}
			at.below[fold(name)] = next
		} else if i == len(elems)-1 && !info.Dir {
			return errTwice
		}
		at = next
	}
	return nil
}

func (l *listed) find(path string) (*node, error) {
	elems, err := elements(path)
	if err != nil {
		return nil, err
	}
	at := l.root
	for _, name := range elems {
		if at = at.below[fold(name)]; at == nil {
			return nil, fs.ErrNotExist
		}
	}
	return at, nil
}

func (l *listed) Open(path string) (image.File, error) {
	n, err := l.find(path)
	switch {
	case err != nil:
	case n.info.Reparse:
		err = image.ErrReparse
	case n.info.Dir:
		err = errFolder
	default:
		var f image.File
		if f, err = n.open(); err == nil {
			return f, nil
		}
	}
	return nil, pathError("open", path, err)
}

func (l *listed) Stat(path string) (image.Info, error) {
	n, err := l.find(path)
	if err != nil {
		return image.Info{}, pathError("stat", path, err)
	}
	return n.info, nil
}

func (l *listed) ReadDir(path string) ([]image.Info, error) {
	n, err := l.find(path)
	if err == nil && !n.info.Dir {
		err = errNoFolder
	}
	if err != nil {
		return nil, pathError("list", path, err)
	}
	infos := make([]image.Info, 0, len(n.below))
	for _, b := range n.below {
		infos = append(infos, b.info)
	}
	sortInfos(infos)
	return infos, nil
}

func (l *listed) Close() error { return nil }

var (
	errFolder   = errors.New("a folder, not a file")
	errNoFolder = fmt.Errorf("a file, not a folder: %w", fs.ErrNotExist)
)

// archived checks the name of an archive's entry, which may come from anywhere.
func archived(name string) ([]string, error) {
	elems := split(strings.ReplaceAll(name, `\`, "/"))
	drive, _ := image.SplitDrive(name)
	for _, e := range elems {
		if e == ".." || strings.ContainsRune(e, 0) || drive != "" {
			return nil, image.ErrPath
		}
	}
	if len(elems) == 0 || len(elems) > image.MaxWalkDepth || len(name) > maxPath {
		return nil, image.ErrPath
	}
	return elems, nil
}
