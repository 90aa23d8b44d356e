package live

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/win"
)

// fake is a Windows that does what its fields say, for what no test machine shows: dependents, services that come back,
// junctions, folders of others, a Restart Manager that knows somebody, an event log.
type fake struct {
	files     map[string]win.File // by path in lower case
	contents  map[string]string   // of files
	services  map[string]*fakeService
	pending   [][2]string
	deaf      bool // MoveFileEx says yes and registers nothing
	held      map[string]int
	owners    map[string]string // who else a folder belongs to, by path in lower case
	processes []win.Process
	holders   []win.Holder
	folders   map[string][]uint32 // who has a folder itself open
	elevated  bool
	events    []string
	flushed   []string
	next      uint64
	program   string
	running   string // the program that cannot be removed
	fails     map[string]error
	slept     time.Duration
}

type fakeService struct {
	win.Status
	win.Config
	dependents []string
	denied     bool
	hangs      bool // it does not stop
	forgets    bool // disabled, it is not delayed any more
	refuses    int  // so many times it takes no stop
	locked     int  // so many times the service manager is locked
	deleting   int  // so many times it is still on its way out
}

func newFake(t *testing.T) (*fake, *Machine) {
	t.Helper()
	f := &fake{
		files: map[string]win.File{}, contents: map[string]string{}, services: map[string]*fakeService{},
		held: map[string]int{}, owners: map[string]string{}, folders: map[string][]uint32{}, fails: map[string]error{},
		elevated: true, program: `E:\stick\redx.exe`,
	}
	for _, dir := range []string{`C:\ProgramData`, `C:\Windows`, `C:\Windows\System32`, `C:\Windows\SoftwareDistribution`} {
		f.add(dir, true)
	}
	f.add(f.program, false)
	f.contents[strings.ToLower(f.program)] = "this redx"
	m := &Machine{sys: f, root: repair.Root{Dir: `C:\Windows`}, data: `C:\ProgramData`, sleep: func(d time.Duration) { f.slept += d }}
	return f, m
}

func (f *fake) add(path string, folder bool) {
	f.next++
	f.files[strings.ToLower(path)] = win.File{ID: win.FileID{Volume: 1, Index: f.next}, Folder: folder}
}

func (f *fake) service(name string, start win.StartType, state win.State) *fakeService {
	s := &fakeService{Status: win.Status{State: state}, Config: win.Config{Start: start}}
	f.services[strings.ToLower(name)] = s
	return s
}

func (f *fake) Look(path string) (win.File, error) {
	at, ok := f.files[strings.ToLower(path)]
	if !ok {
		return at, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return at, nil
}

func (f *fake) Names(dir string) ([]string, error) {
	var names []string
	for path := range f.files {
		if rest, ok := strings.CutPrefix(path, strings.ToLower(dir)+`\`); ok && !strings.Contains(rest, `\`) {
			names = append(names, rest)
		}
	}
	return names, nil
}

func (f *fake) Below(path string, _ int) (files, folders []string) {
	for p, at := range f.files {
		if !strings.HasPrefix(p, strings.ToLower(path)+`\`) {
			continue
		}
		if at.Folder {
			folders = append(folders, p)
		} else {
			files = append(files, p)
		}
	}
	slices.Sort(files)
	slices.Sort(folders)
	return files, folders
}

func (f *fake) Rename(from, to string) error {
	a, b := strings.ToLower(from), strings.ToLower(to)
	if f.held[a] > 0 {
		f.held[a]--
		return fmt.Errorf("rename %s: %w", from, win.ErrHeld)
	}
	if _, ok := f.files[b]; ok {
		return fs.ErrExist
	}
	f.files[b] = f.files[a]
	delete(f.files, a)
	return nil
}

func (f *fake) FlushFolder(path string) error {
	if _, err := f.Look(path); err != nil {
		return err
	}
	f.flushed = append(f.flushed, path)
	return f.fails["flush"]
}

func (f *fake) FreeBytes(string) (uint64, error) { return 1000, f.fails["free"] }

func (f *fake) MakeProtected(path string) error {
	if _, err := f.Look(path); err == nil {
		return fs.ErrExist
	}
	f.add(path, true)
	return nil
}

func (f *fake) CheckProtected(path string) error {
	at, err := f.Look(path)
	who := f.owners[strings.ToLower(path)]
	switch {
	case err != nil:
		return err
	case at.Reparse || !at.Folder:
		return fmt.Errorf("%s: %w: a link", path, win.ErrUnprotected)
	case who != "":
		return fmt.Errorf("%s: %w: it belongs to %s", path, win.ErrUnprotected, who)
	}
	return nil
}

func (f *fake) Program() (string, error) { return f.program, nil }

func (f *fake) CopyFile(from, to string) error {
	f.add(to, false)
	f.contents[strings.ToLower(to)] = f.contents[strings.ToLower(from)]
	return nil
}

func (f *fake) SameFile(a, b string) (bool, error) {
	_, ok := f.files[strings.ToLower(b)]
	text := f.contents[strings.ToLower(b)]
	return ok && text == f.contents[strings.ToLower(a)], nil
}

func (f *fake) Remove(path string) error {
	if _, err := f.Look(path); err != nil {
		return err
	}
	if strings.EqualFold(path, f.running) {
		return fs.ErrPermission
	}
	delete(f.files, strings.ToLower(path))
	delete(f.contents, strings.ToLower(path))
	return nil
}

func (f *fake) RemoveAll(path string) error {
	for p := range f.files {
		if strings.HasPrefix(p+`\`, strings.ToLower(path)+`\`) {
			delete(f.files, p)
		}
	}
	return nil
}

func (f *fake) Size(string) repair.Bytes { return 7 }

func (f *fake) get(name string) (*fakeService, error) {
	s := f.services[strings.ToLower(name)]
	if s == nil {
		return nil, fmt.Errorf("service %s: %w", name, win.ErrNoService)
	}
	return s, nil
}

func (f *fake) Status(name string) (win.Status, error) {
	s, err := f.get(name)
	if err != nil {
		return win.Status{}, err
	}
	return s.Status, nil
}

func (f *fake) Config(name string) (win.Config, error) {
	s, err := f.get(name)
	if err != nil {
		return win.Config{}, err
	}
	return s.Config, nil
}

func (f *fake) SetStart(name string, start win.StartType) error {
	s, err := f.get(name)
	if err != nil {
		return err
	}
	if s.denied {
		return fmt.Errorf("service %s: %w", name, fs.ErrPermission)
	}
	if s.Config.Start = start; s.forgets && start == win.StartDisabled {
		s.Delayed = new(bool)
	}
	return nil
}

func (f *fake) SetDelayed(name string, delayed bool) error {
	s, err := f.get(name)
	if err == nil && s.Delayed != nil {
		s.Delayed = &delayed
	}
	return err
}

func (f *fake) Dependents(name string) ([]string, error) {
	s, err := f.get(name)
	if err != nil {
		return nil, err
	}
	var on []string
	for _, d := range s.dependents {
		if top, err := f.get(d); err == nil && top.State != win.Stopped {
			on = append(on, d)
		}
	}
	return on, f.fails["dependents"]
}

func (f *fake) Start(_ context.Context, name string) error {
	s, err := f.get(name)
	if err != nil {
		return err
	}
	if s.locked > 0 {
		s.locked--
		return win.ErrBusy
	}
	if s.Config.Start == win.StartDisabled {
		return win.ErrDisabled
	}
	s.State = win.Running
	return nil
}

func (f *fake) Stop(_ context.Context, name string) error {
	s, err := f.get(name)
	if err != nil {
		return err
	}
	if on, _ := f.Dependents(name); len(on) > 0 {
		return fmt.Errorf("stop service %s: %w", name, win.ErrDependents)
	}
	if s.hangs {
		return win.ErrStalled
	}
	if s.refuses > 0 {
		s.refuses--
		return win.ErrRefused
	}
	s.State = win.Stopped
	return nil
}

func (f *fake) Create(spec win.Spec) error {
	if s, err := f.get(spec.Name); err == nil {
		if s.deleting > 0 {
			if s.deleting--; s.deleting == 0 {
				delete(f.services, strings.ToLower(spec.Name))
			}
			return win.ErrDeleting
		}
		return win.ErrExists
	}
	f.service(spec.Name, win.StartAutomatic, win.Stopped).Command = f.CommandLine(spec.Program, spec.Args)
	return nil
}

func (f *fake) CommandLine(program string, args []string) string {
	return strings.Join(append([]string{program}, args...), " ")
}

func (f *fake) Delete(name string) error {
	s, err := f.get(name)
	if err != nil {
		return err
	}
	if s.deleting == 0 {
		delete(f.services, strings.ToLower(name))
	}
	return nil
}

func (f *fake) Flush() error { return f.fails["flush services"] }

func (f *fake) RenameAtRestart(from, to string) error {
	if !f.deaf {
		f.pending = append(f.pending, [2]string{from, to})
	}
	return nil
}

func (f *fake) PendingRename(from, to string) (bool, error) {
	return slices.Contains(f.pending, [2]string{from, to}), nil
}

func (f *fake) ForgetRename(from, to string) error {
	f.pending = slices.DeleteFunc(f.pending, func(p [2]string) bool { return p == [2]string{from, to} })
	return nil
}

func (f *fake) FlushRenames() error { return f.fails["flush renames"] }

func (f *fake) Processes(names ...string) ([]win.Process, error) {
	var out []win.Process
	for _, p := range f.processes {
		if slices.Contains(names, p.Name) {
			out = append(out, p)
		}
	}
	return out, f.fails["processes"]
}

func (f *fake) ProcessName(pid uint32) (string, error) {
	for _, p := range f.processes {
		if p.PID == pid {
			return p.Name, nil
		}
	}
	return "", fs.ErrNotExist
}

func (f *fake) Holders(files []string) ([]win.Holder, error) {
	if len(files) == 0 {
		return nil, errors.New("no files")
	}
	return f.holders, f.fails["holders"]
}

func (f *fake) FolderHolders(path string) ([]uint32, error) {
	return f.folders[strings.ToLower(path)], nil
}

func (f *fake) Elevated() (bool, error) { return f.elevated, f.fails["elevated"] }

func (f *fake) MachineGUID() (string, error) {
	return "{1234ABCD-0000-0000-0000-000000000000}", f.fails["machine"]
}

func (f *fake) Report(source string, kind win.EventKind, id uint32, text string) error {
	f.events = append(f.events, fmt.Sprintf("%s %d %d %s", source, kind, id, text))
	return f.fails["report"]
}

func (f *fake) RemoveSource(source string) error {
	f.events = append(f.events, "remove "+source)
	return nil
}

func (f *fake) Close() error { return nil }
