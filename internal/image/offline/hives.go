package offline

import (
	"errors"
	"io/fs"
	"sync"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/registry"
)

// hives opens each registry hive once and keeps it open as long as the image.
type hives struct {
	fsys  image.FS
	paths map[image.Hive]string // where each is; one that is not named is not there

	mu     sync.Mutex
	opened map[image.Hive]*openedHive
}

type openedHive struct {
	root registry.Key
	note string
	err  error
	used []image.File
}

func (h *hives) open(name image.Hive) (registry.Key, string, error) {
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

func (h *hives) close() error {
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
