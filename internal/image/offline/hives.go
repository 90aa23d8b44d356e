package offline

import (
	"errors"
	"io/fs"
	"sync"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/registry"
)

// Hives opens registry hives that stand as files, each once, and keeps them open until it is closed.
type Hives struct {
	fsys  image.FS
	paths map[image.Hive]string // where each is; one that is not named is not there

	mu     sync.Mutex
	opened map[image.Hive]*openedHive
}

// NewHives gives the hives of the Windows folder at a path in fsys.
func NewHives(fsys image.FS, windows string) *Hives {
	h := hivesIn(fsys, windows)
	return &h
}

func hivesIn(fsys image.FS, windows string) Hives {
	paths := map[image.Hive]string{}
	for _, name := range []image.Hive{image.System, image.Software, image.Components} {
		paths[name] = image.Join(windows, `System32\config`, string(name))
	}
	return Hives{fsys: fsys, paths: paths}
}

type openedHive struct {
	root registry.Key
	note string
	err  error
	used []image.File
}

// Open gives a hive as image.Image.Hive does.
func (h *Hives) Open(name image.Hive) (registry.Key, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o := h.opened[name]; o != nil {
		return o.root, o.note, o.err
	}
	o := &openedHive{}
	if path, ok := h.paths[name]; ok {
		o.err = o.read(h.fsys, path)
	} else {
		o.err = &fs.PathError{Op: "open hive", Path: string(name), Err: fs.ErrNotExist}
	}
	if h.opened == nil {
		h.opened = map[image.Hive]*openedHive{}
	}
	h.opened[name] = o
	return o.root, o.note, o.err
}

// Close closes the files; keys that were opened are of no use any more.
func (h *Hives) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, o := range h.opened {
		for _, f := range o.used {
			errs = append(errs, f.Close())
		}
	}
	h.opened = nil
	return errors.Join(errs...)
}

// read opens a hive and the logs beside it, which Windows applies before it uses the hive; .LOG alone is of Windows 7
// and before. A log that cannot be opened is left out: the hive says then that it lacks changes.
func (o *openedHive) read(fsys image.FS, path string) error {
	main, err := o.use(fsys, path)
	if err != nil {
		return err
	}
	var logs []hive.Log
	for _, suffix := range []string{".LOG1", ".LOG2", ".LOG"} {
		if log, err := o.use(fsys, path+suffix); err == nil {
			logs = append(logs, hive.Log{R: log, Size: log.Size()})
		}
	}
	h, err := hive.Open(main, main.Size(), logs...)
	if err != nil {
		return &fs.PathError{Op: "open hive", Path: path, Err: err}
	}
	o.root, o.note = h.Root(), h.Info().Note()
	return nil
}

func (o *openedHive) use(fsys image.FS, path string) (image.File, error) {
	f, err := fsys.Open(path)
	if err == nil {
		o.used = append(o.used, f)
	}
	return f, err
}
