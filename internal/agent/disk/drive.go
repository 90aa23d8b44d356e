package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Drive is a folder of this machine as Disk.
type Drive struct {
	top    string
	letter string // "C:"
	root   *os.Root
}

// Open opens the folder of this machine that stands for a drive, such as "C:".
func Open(top, letter string) (*Drive, error) {
	top, err := filepath.Abs(top)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, err
	}
	return &Drive{top: top, letter: letter, root: root}, nil
}

// Close closes what is open of it.
func (d *Drive) Close() error { return d.root.Close() }

// Host gives the path by which this machine knows a file or folder of the drive, for programs that are started on it.
func (d *Drive) Host(path string) (string, error) {
	at, err := d.find(path)
	defer at.close()
	if err != nil {
		return "", err
	}
	if at.info == nil {
		return "", notThere("look at", path)
	}
	return filepath.Join(at.host, at.name), nil
}

// spot is where a path leads: a name in a folder that is held open.
type spot struct {
	in    *os.Root
	owned bool
	host  string
	name  string      // as the disk spells it; as it was asked for when nothing is there
	info  fs.FileInfo // nil: nothing is there
}

func (s spot) close() {
	if s.owned {
		_ = s.in.Close() // only held open
	}
}

// elements takes C:\Windows\x apart; the drive itself has none.
func (d *Drive) elements(path string) ([]string, error) {
	if len(path) < 3 || !strings.EqualFold(path[:2], d.letter) || path[2] != '\\' {
		return nil, fmt.Errorf("%q: %w", path, errPath)
	}
	if path[3:] == "" {
		return nil, nil
	}
	elems := strings.Split(path[3:], `\`)
	for _, e := range elems {
		if !Plain(e) {
			return nil, fmt.Errorf("%q: %w", path, errPath)
		}
	}
	return elems, nil
}

// Plain tells a name that is one file's or folder's on any system: nothing that leads elsewhere, no stream, no device.
func Plain(name string) bool {
	if name == "" || len(name) > 255 || strings.TrimRight(name, ". ") != name || !filepath.IsLocal(name) {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) }) && !device(name)
}

// device tells the names that Windows gives to devices, whatever ending they have.
func device(name string) bool {
	name, _, _ = strings.Cut(strings.ToUpper(name), ".")
	switch name = strings.TrimRight(name, " "); name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	rest, port := strings.CutPrefix(name, "COM")
	if !port {
		rest, port = strings.CutPrefix(name, "LPT")
	}
	return port && slices.Contains([]rune("0123456789¹²³"), firstOf(rest)) && len([]rune(rest)) == 1
}

func firstOf(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// find walks to a path; the folders above it must be there. A link on the way is refused.
func (d *Drive) find(path string) (spot, error) {
	at := spot{in: d.root, host: d.top, name: "."}
	elems, err := d.elements(path)
	if err != nil {
		return at, err
	}
	if len(elems) == 0 {
		at.info, err = at.in.Stat(".")
		return at, err
	}
	for i, name := range elems {
		if at.name, at.info, err = child(at.in, name); err != nil {
			return at, fmt.Errorf("%s: %w", path, err)
		}
		if at.info != nil && !at.info.Mode().IsRegular() && !at.info.IsDir() {
			return at, fmt.Errorf("%s: %w", path, ErrLink)
		}
		if i == len(elems)-1 {
			break
		}
		next, err := at.enter(path)
		if err != nil {
			return at, err
		}
		at.close()
		at = next
	}
	return at, nil
}

// enter opens the folder at a spot, and makes sure that it is the one that was looked at.
func (s spot) enter(path string) (spot, error) {
	if s.info == nil || !s.info.IsDir() {
		return s, notThere("look at", path)
	}
	in, err := s.in.OpenRoot(s.name)
	if err != nil {
		return s, err
	}
	opened, err := in.Stat(".")
	if err == nil && !os.SameFile(opened, s.info) {
		err = fmt.Errorf("%s was exchanged while it was opened", s.name)
	}
	if err != nil {
		return s, errors.Join(err, in.Close())
	}
	return spot{in: in, owned: true, host: filepath.Join(s.host, s.name), name: "."}, nil
}

// child finds a name without regard to case: the name as it is asked for first, since that costs one look.
func child(in *os.Root, name string) (string, fs.FileInfo, error) {
	info, err := in.Lstat(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return name, info, err
	}
	all, err := list(in)
	if err != nil {
		return name, nil, err
	}
	for _, n := range all {
		if equal(n, name) {
			info, err := in.Lstat(n)
			return n, info, err
		}
	}
	return name, nil, nil
}

func list(in *os.Root) ([]string, error) {
	f, err := in.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
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

func notThere(op, path string) error { return &fs.PathError{Op: op, Path: path, Err: fs.ErrNotExist} }
