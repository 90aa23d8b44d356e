// Package offline changes a Windows that does not run: it renames folders on a mounted disk or in a copied tree, and
// keeps redx's own folders there. It knows no services and no registry, and writes no file of Windows'.
//
// Its invariant is that it follows nothing: every folder on the way is opened one by one, is a real folder on the
// volume of the drive, and is spelled in one way only. What is anything else is refused, whoever put it there.
package offline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/redx-update/redx/internal/repair"
)

// Errors with which a path is refused.
var (
	ErrTwins       = errors.New("there are two of that name that differ in case only; to Windows they are one: rename the one that is not Windows' own")
	ErrOtherVolume = errors.New("it is on another volume")
	errOutside     = errors.New("not a path on this drive")
)

// maxNames bounds how much of one folder is looked at.
const maxNames = 1 << 20

// Drive is the drive of a Windows that does not run, as run.Files.
type Drive struct {
	top  string // the folder of this machine that is the drive
	root *os.Root
	at   repair.Root
	vol  uint64
}

// Open opens the folder of this machine that is the drive on which the root stands.
func Open(top string, at repair.Root) (*Drive, error) {
	top, err := filepath.Abs(top)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, err
	}
	d := &Drive{top: top, root: root, at: at}
	if d.vol, _, err = identity(spot{in: root, host: top, name: "."}); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

// Close closes what is open of it.
func (d *Drive) Close() error { return d.root.Close() }

// spot is where a path leads: a name in a folder that is held open.
type spot struct {
	in    *os.Root
	owned bool
	host  string      // the folder that is held open, as this machine names it
	name  string      // as the disk spells it; as it was asked for when nothing is there
	info  fs.FileInfo // nil: nothing is there
	last  bool        // the path was walked to its end
}

func (s spot) close() {
	if s.owned {
		_ = s.in.Close() // only held open
	}
}

func (s spot) path() string { return filepath.Join(s.host, s.name) }

// real tells that a folder stands there, and not something that leads elsewhere.
func (s spot) real() bool { return s.info != nil && s.info.Mode().Type() == fs.ModeDir }

// find walks a path as Windows has it as far as real folders lead.
func (d *Drive) find(path string) (spot, error) {
	elems, err := d.elements(path)
	if err != nil {
		return spot{}, err
	}
	at := spot{in: d.root, host: d.top}
	for i, name := range elems {
		at.last = i == len(elems)-1
		if at.name, at.info, err = child(at.in, name); err != nil {
			return at, fmt.Errorf("%s: %w", path, err)
		}
		if at.last || !at.real() {
			break
		}
		next, err := d.enter(at)
		if err != nil {
			return at, fmt.Errorf("%s: %w", path, err)
		}
		at.close()
		at = next
	}
	return at, d.sameVolume(path, at)
}

func (d *Drive) sameVolume(path string, at spot) error {
	if !at.real() {
		return nil
	}
	vol, _, err := identity(at)
	if err == nil && vol != d.vol {
		err = ErrOtherVolume
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// enter opens the folder at a spot, and makes sure that it is the one that was looked at.
func (d *Drive) enter(at spot) (spot, error) {
	if err := d.sameVolume(at.name, at); err != nil {
		return at, err
	}
	in, err := at.in.OpenRoot(at.name)
	if err != nil {
		return at, err
	}
	opened, err := in.Stat(".")
	if err == nil && !os.SameFile(opened, at.info) {
		err = fmt.Errorf("%s was exchanged while it was opened", at.name)
	}
	if err != nil {
		return at, errors.Join(err, in.Close())
	}
	return spot{in: in, owned: true, host: at.path()}, nil
}

// elements takes C:\Windows\x apart.
func (d *Drive) elements(path string) ([]string, error) {
	rest, ok := strings.CutPrefix(path, d.at.Dir[:2]+`\`)
	if !ok {
		return nil, fmt.Errorf("%s: %w", path, errOutside)
	}
	elems := strings.Split(rest, `\`)
	for _, e := range elems {
		if e == "" || e == "." || e == ".." || strings.ContainsAny(e, "/:\x00") {
			return nil, fmt.Errorf("%s: %w", path, errOutside)
		}
	}
	return elems, nil
}

// child finds a name without regard to case. Every name that redx asks for is ASCII.
func child(in *os.Root, name string) (string, fs.FileInfo, error) {
	all, err := list(in)
	if err != nil {
		return name, nil, err
	}
	found := ""
	for _, n := range all {
		switch {
		case !equal(n, name):
		case found != "":
			return name, nil, fmt.Errorf("%s, %s: %w", found, n, ErrTwins)
		default:
			found = n
		}
	}
	if found == "" {
		return name, nil, nil
	}
	info, err := in.Lstat(found)
	if errors.Is(err, fs.ErrNotExist) {
		return name, nil, nil
	}
	return found, info, err
}

func list(in *os.Root) ([]string, error) {
	f, err := in.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if len(names) > maxNames {
		return nil, fmt.Errorf("more than %d names in one folder", maxNames)
	}
	return names, err
}

// equal compares as Windows does where at least one name is ASCII.
func equal(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
