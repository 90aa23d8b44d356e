// Package look gathers the facts that a repair is planned from and refused by, out of an image that is read-only by
// type. It judges nothing. What it cannot see it says so, and a repair is refused for it: silence is no permission.
package look

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/winsys"
)

// Root is the folder in which SoftwareDistribution stands in the image; C:\Windows in a bundle of logs, which does
// not say it.
func Root(img image.Image) repair.Root {
	if dir := strings.TrimRight(img.SystemRoot(), `\`); dir != "" {
		return repair.Root{Dir: dir}
	}
	return repair.Root{Dir: `C:\Windows`}
}

// Image looks at everything that a plan which moves Windows' own targets hangs on. Of a bundle of logs nothing can be seen.
func Image(img image.Image, targets []repair.Target) *repair.Scene {
	return At(img, Root(img), targets)
}

// At is Image for targets below another root of the same drive, such as one of redx's own.
func At(img image.Image, root repair.Root, targets []repair.Target) *repair.Scene {
	s := &repair.Scene{Root: root, Free: repair.Unknown, Looked: img.Kind() != image.Logs}
	if !s.Looked {
		return s
	}
	l := looker{fsys: img.FS(), scene: s, windows: Root(img).Dir, listed: map[string]bool{}}
	l.registry(img)
	l.pendingFile()
	l.hibernation()
	s.Folders = map[repair.Target]repair.Folder{}
	s.Names = map[string][]string{}
	for _, t := range targets {
		s.Folders[t] = l.folder(t)
		l.names(repair.Copy{Of: t}.Dir(root))
	}
	return s
}

type looker struct {
	fsys    image.FS
	scene   *repair.Scene
	windows string          // the Windows folder
	listed  map[string]bool // folders whose names are known
}

func (l *looker) unseen(what string, err error) {
	l.scene.Unseen = append(l.scene.Unseen, fmt.Sprintf("%s: %v", what, err))
}

// registry reads which installation it is and what it says of a pending restart.
func (l *looker) registry(img image.Image) {
	if root, _, err := img.Hive(image.Software); err != nil {
		l.unseen(`HKLM\SOFTWARE`, err)
	} else {
		l.software(winsys.NewSoftware(root))
	}
	root, _, err := img.Hive(image.System)
	if err != nil {
		l.unseen(`HKLM\SYSTEM`, err)
		return
	}
	sys, err := winsys.NewSystem(root)
	if err != nil {
		l.unseen(`HKLM\SYSTEM`, err)
		return
	}
	l.renames(sys)
}

func (l *looker) software(s *winsys.Software) {
	id, _, err := s.MachineGUID()
	if err != nil {
		l.unseen(`HKLM\SOFTWARE`, err)
	}
	l.scene.Machine = strings.ToLower(strings.Trim(id, "{}"))
	flags, err := s.RebootFlags()
	if err != nil {
		l.unseen(`HKLM\SOFTWARE`, err)
	}
	for _, f := range flags {
		// PostRebootReporting says that a restart has been, not that one is due.
		if !strings.EqualFold(f.Name, "PostRebootReporting") {
			l.scene.Pending = append(l.scene.Pending, `HKLM\`+f.Where)
		}
	}
}

// renames looks for renames at the next start that have to do with the folders of a repair; all others have many
// other causes.
func (l *looker) renames(s *winsys.System) {
	list, err := s.PendingRenames()
	if err != nil {
		l.unseen(`HKLM\SYSTEM`, err)
	}
	for _, r := range list {
		for _, path := range []string{r.From, r.To} {
			if l.concerns(path) {
				l.scene.Pending = append(l.scene.Pending, fmt.Sprintf(`HKLM\%s: %s`, r.Where, path))
			}
		}
	}
}

func (l *looker) concerns(path string) bool {
	for _, top := range []string{`\SoftwareDistribution`, `\SDTemp`, `\System32\catroot2`} {
		if p := l.windows + top; len(path) >= len(p) && strings.EqualFold(path[:len(p)], p) {
			return true
		}
	}
	return false
}

func (l *looker) pendingFile() {
	path := l.windows + `\WinSxS\pending.xml`
	switch _, err := l.fsys.Stat(path); {
	case err == nil:
		l.scene.Pending = append(l.scene.Pending, path)
	case !errors.Is(err, fs.ErrNotExist):
		l.unseen(path, err)
	}
}

// hibernation reads the head of hiberfil.sys. "hibr" is a saved system, also that of fast start-up; "wake" and zeros
// are none (ntfs-3g reads it so). Any other head is not known, and so not taken for none.
func (l *looker) hibernation() {
	drive, _ := image.SplitDrive(l.windows)
	path := drive + `\hiberfil.sys`
	f, err := l.fsys.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.unseen(path, err)
		return
	}
	defer f.Close()
	var head [4]byte
	if f.Size() < int64(len(head)) {
		return // holds no system
	}
	if _, err := f.ReadAt(head[:], 0); err != nil {
		l.unseen(path, err)
		return
	}
	switch {
	case bytes.EqualFold(head[:], []byte("hibr")):
		l.scene.Hibernated = path
	case head != [4]byte{} && !bytes.EqualFold(head[:], []byte("wake")):
		l.unseen(path, fmt.Errorf("its head %q says neither that a system is saved in it nor that none is", head))
	}
}

// folder looks at a target: is it there, does anything on the way lead elsewhere, how much is in it.
func (l *looker) folder(t repair.Target) repair.Folder {
	f := repair.Folder{Bytes: repair.Unknown}
	way := t.Way(l.scene.Root)
	for _, path := range way {
		info, err := l.fsys.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !l.dangling(path):
			return f
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, image.ErrOutside), errors.Is(err, image.ErrReparse), err == nil && info.Reparse:
			f.Reparse = append(f.Reparse, path)
		case errors.Is(err, image.ErrOtherVolume):
			f.Foreign = path
		case err != nil:
			l.unseen(path, err)
			return f
		case !info.Dir:
			l.unseen(path, errors.New("a file is there instead of a folder"))
			return f
		}
		if len(f.Reparse) > 0 || f.Foreign != "" {
			f.Present = true // to be refused, not to be skipped
			return f
		}
	}
	f.Present, f.Bytes = true, l.bytes(way[len(way)-1])
	return f
}

// dangling reports a link whose target is not there: it is there itself.
func (l *looker) dangling(path string) bool {
	dir, name := image.Split(path)
	infos, err := l.fsys.ReadDir(dir)
	return err == nil && slices.ContainsFunc(infos, func(i image.Info) bool {
		return i.Reparse && strings.EqualFold(i.Name, name)
	})
}

// bytes adds up all files below a folder; Unknown when they are too many or one part could not be read.
func (l *looker) bytes(path string) repair.Bytes {
	var sum repair.Bytes
	for e, err := range image.Walk(l.fsys, path) {
		if err != nil {
			return repair.Unknown
		}
		if !e.Dir {
			sum += repair.Bytes(e.Size)
		}
	}
	return sum
}

// names lists a folder in which copies stand, once.
func (l *looker) names(dir string) {
	if l.listed[dir] {
		return
	}
	infos, err := l.fsys.ReadDir(dir)
	l.listed[dir] = true
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.unseen(dir, err)
	}
	for _, i := range infos {
		l.scene.Names[dir] = append(l.scene.Names[dir], i.Name)
	}
	slices.Sort(l.scene.Names[dir])
}
