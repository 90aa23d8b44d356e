package offline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/image"
)

// Bounds of one look-up.
const (
	maxPath     = 128 << 10 // bytes
	maxElements = 2048      // folders in one path, those behind links included
	maxLinks    = 40        // links in one path; more is a loop
)

// place is where a path ends after all links. It holds a folder open until it is closed.
type place struct {
	in     *os.Root // a folder on the way, never behind a link
	base   string   // the rest of the way from there, slashed
	path   string   // all of it from the image's root, spelled as on disk
	name   string   // of the last element of the path that was asked for, as spelled on disk
	info   fs.FileInfo
	linked bool // the last element that was asked for is a link
	owned  bool // in is to be closed
}

func (p *place) close() {
	if p.owned {
		_ = p.in.Close() // read only: nothing can be lost
	}
	p.in, p.owned = nil, false
}

// resolve walks a path element by element, so that case can be matched and links judged before they are followed.
// Beside an error it gives how far it came; the place must be closed in any case.
func (f *folder) resolve(windows string) (place, error) {
	todo, err := elements(windows)
	if err != nil {
		return place{}, err
	}
	r := resolver{f: f, todo: todo}
	err = r.move(".")
	for steps := 0; err == nil && len(r.todo) > 0; steps++ {
		if steps > maxElements {
			return r.at, fmt.Errorf("over %d folders deep: %w", maxElements, image.ErrLimit)
		}
		err = r.step()
	}
	if err == nil && r.at.name == "" {
		r.at.name = path.Base(r.at.path)
	}
	return r.at, err
}

// elements splits a path relative to the folder. Colons pass: outside Windows file names have them.
func elements(windows string) ([]string, error) {
	if strings.ContainsRune(windows, 0) || len(windows) > maxPath {
		return nil, image.ErrPath
	}
	elems := split(strings.ReplaceAll(windows, `\`, "/"))
	if slices.Contains(elems, "..") {
		return nil, fmt.Errorf("it climbs with ..: %w", image.ErrPath)
	}
	return elems, nil
}

type resolver struct {
	f     *folder
	at    place
	todo  []string
	links int
}

// move goes to a path from the image's root.
func (r *resolver) move(to string) (err error) {
	r.at.close()
	r.at.in, r.at.base, r.at.path = r.f.root, to, to
	r.at.info, err = r.f.root.Lstat(to)
	return err
}

// enter opens the folder the walk stands at, so that a step costs the same however deep it is.
func (r *resolver) enter() error {
	if r.at.base == "." {
		return nil
	}
	sub, err := r.at.in.OpenRoot(r.at.base)
	if err != nil {
		return err
	}
	r.at.close()
	r.at.in, r.at.base, r.at.owned = sub, ".", true
	return nil
}

func (r *resolver) step() error {
	name := r.todo[0]
	r.todo = r.todo[1:]
	if name == ".." { // out of a link; what was asked for has none
		if r.at.path == "." {
			return image.ErrOutside
		}
		return r.move(path.Dir(r.at.path))
	}
	if !r.at.info.IsDir() {
		return fmt.Errorf("%s is a file, not a folder: %w", r.at.path, fs.ErrNotExist)
	}
	if err := r.enter(); err != nil {
		return err
	}
	spelled, info, err := r.f.child(r.at, name)
	if err != nil {
		return err
	}
	last := len(r.todo) == 0 && r.at.name == ""
	if last {
		r.at.name = r.f.spelling(r.at, spelled, info)
	}
	if isLink(info.Mode()) {
		r.at.linked = r.at.linked || last
		return r.follow(spelled)
	}
	r.at.base, r.at.path, r.at.info = spelled, path.Join(r.at.path, spelled), info
	return nil
}

func (r *resolver) follow(link string) error {
	if r.links++; r.links > maxLinks {
		return fmt.Errorf("over %d links in one path, a loop: %w", maxLinks, image.ErrReparse)
	}
	target, absolute, err := r.f.target(r.at.in, link)
	if err != nil {
		return err
	}
	r.todo = append(target, r.todo...)
	if absolute {
		return r.move(".")
	}
	return nil
}

// target reads a link: the elements it leads to, from the image's root when absolute. ntfs-3g shows a junction as a
// link relative to it, below its own mount point, or below .NTFS-3G/X:; the kernel's driver and Windows show X:\...;
// a reparse point it cannot read is a link to a sentence.
func (f *folder) target(in *os.Root, link string) (elems []string, absolute bool, err error) {
	text, err := in.Readlink(link)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, false, err
		}
		return nil, false, image.ErrReparse
	}
	if strings.HasPrefix(text, "unsupported reparse") {
		return nil, false, image.ErrReparse
	}
	to := strings.ReplaceAll(text, `\`, "/")
	to = strings.TrimPrefix(to, "/??/")
	to = strings.TrimPrefix(to, "//?/")
	if _, onDrive, ok := strings.Cut(to, ".NTFS-3G/"); ok {
		to = onDrive
	}
	if drive, rest := image.SplitDrive(to); drive != "" {
		if f.drive == "" || drive != f.drive {
			return nil, false, fmt.Errorf("it leads to %s: %w", text, image.ErrOutside)
		}
		return split(rest), true, nil
	}
	if !strings.HasPrefix(to, "/") {
		return split(to), false, nil
	}
	for _, mount := range f.mounts {
		if rest, ok := strings.CutPrefix(to, mount); ok && (rest == "" || rest[0] == '/') {
			return split(rest), true, nil
		}
	}
	return nil, false, fmt.Errorf("it leads to %s: %w", text, image.ErrOutside)
}

func split(slashed string) []string {
	var out []string
	for e := range strings.SplitSeq(slashed, "/") {
		if e != "" && e != "." {
			out = append(out, e)
		}
	}
	return out
}

// child finds a name in a folder: the exact one first, then the first in order that differs in case alone.
func (f *folder) child(dir place, name string) (string, fs.FileInfo, error) {
	if strings.Contains(name, ":") && !filepath.IsLocal(name) {
		return "", nil, fs.ErrNotExist // on Windows, where no name has a colon and this would be a stream of a file
	}
	look := newLooker(dir.in)
	info, err := look.lstat(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return name, info, err
	}
	listed, err := f.names.of(dir)
	if err != nil {
		return "", nil, err
	}
	spelled, ok := listed[fold(name)]
	if !ok {
		return "", nil, fs.ErrNotExist
	}
	info, err = look.lstat(spelled)
	return spelled, info, err
}

// spelling is how the disk spells a name that was found as it was asked for. Where the file system itself does not mind
// case, that says nothing of the spelling, and the folder is read for it.
func (f *folder) spelling(dir place, name string, info fs.FileInfo) string {
	other := strings.ToUpper(name)
	if other == name {
		other = strings.ToLower(name)
	}
	if other == name {
		return name
	}
	if again, err := newLooker(dir.in).lstat(other); err != nil || !os.SameFile(info, again) {
		return name
	}
	if listed, err := f.names.of(dir); err == nil && listed[fold(name)] != "" {
		return listed[fold(name)]
	}
	return name
}

// maxNames bounds the cache: about 30 MB of names.
const maxNames = 200_000

// names remembers the folders that were searched without case. A folder's time tells when it has to be read anew.
type names struct {
	mu   sync.Mutex
	dirs map[string]listing
	held int
}

type listing struct {
	time    time.Time
	spelled map[string]string // folded name to name on disk
}

func (n *names) of(dir place) (map[string]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	modified := dir.info.ModTime()
	if l, ok := n.dirs[dir.path]; ok && l.time.Equal(modified) {
		return l.spelled, nil
	}
	all, err := readNames(dir.in)
	if err != nil {
		return nil, err
	}
	spelled := make(map[string]string, len(all))
	for _, name := range all {
		if have, ok := spelled[fold(name)]; !ok || name < have {
			spelled[fold(name)] = name
		}
	}
	// A folder can change twice within one tick of its clock; one that changed just now is not remembered.
	if time.Since(modified) < 2*time.Second {
		return spelled, nil
	}
	if n.held += len(spelled); n.dirs == nil || n.held > maxNames {
		n.dirs, n.held = map[string]listing{}, len(spelled)
	}
	n.dirs[dir.path] = listing{time: modified, spelled: spelled}
	return spelled, nil
}
