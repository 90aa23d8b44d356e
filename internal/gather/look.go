package gather

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/winsys"
)

// look takes a second look at the installation, for the things that the logs name: the manifests, services, drivers,
// folders and tasks that servicing did not find. What is in the registry can be looked up in a bundle with hives too.
func (g *gatherer) look(ctx context.Context) error {
	l := looker{ctx: ctx, g: g, seen: map[string]bool{}}
	for _, e := range g.out.Those(namesThings) {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.event(&e)
	}
	return nil
}

// namesThings accepts the events of which something can be looked up. Of attempts, which are many, a few codes tell.
func namesThings(e *evidence.Event) bool {
	switch e.Kind {
	case evidence.PackageManifestMissing, evidence.ComponentManifestMissing, evidence.ManifestDamaged, evidence.StackMissing,
		evidence.DriverFailed, evidence.DriverINFMissing, evidence.ServiceStartFailed, evidence.ShellFolderMissing,
		evidence.TaskFailed, evidence.WIMMountBroken, evidence.InstallerSourceMissing, evidence.DeltaBaseMissing,
		evidence.DatabaseDamaged, evidence.CatalogFailed:
		return true
	case evidence.Attempt, evidence.Trouble, evidence.ScanFailed:
		return e.Code == evidence.InstallSourceAbsent || ofDatabases(e.Code)
	}
	return false
}

// ofDatabases tells the engine's codes, and the agent's about its datastore.
func ofDatabases(c hresult.Code) bool { return c>>16 == 0xc800 || c>>12 == 0x80248 }

// looker looks each thing up once.
type looker struct {
	ctx  context.Context
	g    *gatherer
	seen map[string]bool
}

func (l *looker) first(what ...string) bool {
	key := strings.ToLower(strings.Join(what, "\x00"))
	again := l.seen[key]
	l.seen[key] = true
	return !again
}

func (l *looker) event(e *evidence.Event) {
	name := e.Field(evidence.Name)
	switch e.Kind {
	case evidence.PackageManifestMissing:
		for _, ending := range []string{".mum", ".cat"} {
			l.file(l.windows(`servicing\Packages\` + name + ending))
		}
	case evidence.ComponentManifestMissing, evidence.ManifestDamaged:
		if c := e.Field(evidence.Component); c != "" {
			l.file(l.windows(`WinSxS\Manifests\` + c + ".manifest"))
		}
	case evidence.DeltaBaseMissing:
		if c := e.Field(evidence.Component); c != "" && name != "" {
			l.file(l.windows(`WinSxS\` + c + `\` + name))
		}
	case evidence.StackMissing:
		l.stack(e.Field(evidence.Path))
	case evidence.DriverFailed:
		l.driver(name)
	case evidence.DriverINFMissing:
		l.file(e.Field(evidence.Path))
	case evidence.ServiceStartFailed:
		l.service(name)
	case evidence.ShellFolderMissing:
		l.folder(e.Field(evidence.Path))
	case evidence.TaskFailed:
		l.task(name)
	case evidence.WIMMountBroken:
		l.service("WIMMount")
	case evidence.InstallerSourceMissing:
		l.installer()
	case evidence.DatabaseDamaged, evidence.CatalogFailed:
		l.databases()
	case evidence.Attempt, evidence.Trouble, evidence.ScanFailed:
		if e.Code == evidence.InstallSourceAbsent {
			l.installer()
		}
		if ofDatabases(e.Code) {
			l.databases()
		}
	}
}

// databases looks whether the folders of the databases are there that a log says are damaged: Windows builds them anew where they are
// not.
func (l *looker) databases() {
	l.folder(l.windows(`SoftwareDistribution\DataStore`))
	l.folder(l.windows(`System32\catroot2`))
}

// windows is a path below the Windows folder.
func (l *looker) windows(path string) string { return image.Join(l.g.img.SystemRoot(), path) }

// file looks whether a file is there; a bundle of logs has none.
func (l *looker) file(path string) {
	if l.g.img.Kind() == image.Logs || path == "" || !l.first("file", path) {
		return
	}
	l.g.out.Add(l.g.fileState(l.ctx, path, &evidence.Event{}))
}

// folder looks whether a folder is there.
func (l *looker) folder(path string) {
	if l.g.img.Kind() == image.Logs || path == "" || !l.first("folder", path) {
		return
	}
	e := evidence.Event{
		Kind: evidence.FileState, Source: evidence.Source{Path: path}, Text: "a folder that is there",
		Fields: map[string]string{evidence.Path: path, evidence.State: evidence.Present},
	}
	if _, err := l.g.img.FS().Stat(path); errors.Is(err, fs.ErrNotExist) {
		l.g.absent(&e, path)
	} else if err != nil {
		e.Fields[evidence.State], e.Text = evidence.Unknown, "could not be looked at: "+plain(err).Error()
	}
	l.g.out.Add(e)
}

// stack looks for the servicing stack that a log names, and for those that the registry says are installed.
func (l *looker) stack(path string) {
	if i := strings.LastIndexByte(path, '\\'); i > 0 && strings.HasSuffix(strings.ToLower(path), ".dll") {
		path = path[:i]
	}
	l.folder(path)
	if l.g.soft == nil || !l.first("stacks") {
		return
	}
	list, err := l.g.soft.StackFolders()
	l.g.registryError(image.Software, err)
	for _, s := range list {
		dir := l.g.expand(s.Path)
		l.g.out.Add(evidence.Event{
			Kind: evidence.StackLoaded, Source: evidence.Source{Path: `HKLM\` + s.Where}, Text: s.Version + " = " + s.Path,
			Fields: map[string]string{evidence.Name: s.Version, evidence.Path: dir, evidence.Status: "installed"},
		})
		l.folder(dir)
	}
}

// driver looks for the folder of a driver's package, and for the services that the driver is made of.
func (l *looker) driver(inf string) {
	if inf == "" || l.g.sys == nil || !l.first("driver", inf) {
		return
	}
	repository := l.windows(`System32\DriverStore\FileRepository`)
	for d, err := range l.g.sys.DriverInfs() {
		if err != nil {
			l.g.registryError(image.System, err)
			continue
		}
		if !strings.EqualFold(d.Name, inf) || d.Active == "" {
			continue
		}
		path := image.Join(repository, d.Active, inf)
		l.g.out.Add(evidence.Event{
			Kind: evidence.DriverPackage, Source: evidence.Source{Path: `HKLM\` + d.Where},
			Text: "Active = " + d.Active, Fields: map[string]string{evidence.Name: inf, evidence.Path: path},
		})
		l.file(path)
		l.services(inf, path)
	}
	l.services(inf, l.windows(`INF\`+inf))
}

// service looks for the key of a service or driver, and for its program.
func (l *looker) service(name string) {
	if name == "" || l.g.sys == nil || !l.first("service", name) {
		return
	}
	s, err := l.g.sys.Service(name)
	e := evidence.Event{
		Kind: evidence.KeyState, Fields: map[string]string{evidence.Name: name, evidence.State: evidence.Present},
		Source: evidence.Source{Path: l.g.serviceKey(name)}, Text: "a service that is there",
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Fields[evidence.State], e.Text = evidence.Absent, "no service of this name is there"
	case err != nil:
		l.g.registryError(image.System, err)
		return
	}
	e.Fields[evidence.Path] = e.Source.Path
	l.g.out.Add(e)
	l.program(name, s)
}

// program looks for the file that a service runs.
func (l *looker) program(name string, s winsys.Service) {
	path := l.g.program(s.ImagePath)
	if path == "" {
		return
	}
	l.g.out.Add(evidence.Event{
		Kind: evidence.ServiceFile, Source: evidence.Source{Path: `HKLM\` + s.Where}, Text: "ImagePath = " + s.ImagePath,
		Fields: map[string]string{evidence.Name: name, evidence.Path: path},
	})
	l.file(path)
}

// task looks a scheduled task up in the registry's cache.
func (l *looker) task(name string) {
	if name == "" || l.g.soft == nil || !l.first("task", name) {
		return
	}
	t, err := l.g.soft.Task(name)
	l.g.registryError(image.Software, err)
	if !t.InTree || err != nil {
		return
	}
	e := evidence.Event{
		Kind: evidence.KeyState, Source: evidence.Source{Path: `HKLM\` + t.Where}, Text: "the tree names the task " + t.ID + ", and it is there",
		Fields: map[string]string{evidence.Name: name, evidence.Path: `HKLM\` + t.TaskWhere, evidence.State: evidence.Present},
	}
	if !t.Whole {
		e.Fields[evidence.State], e.Text = evidence.Absent, "the tree names the task "+t.ID+", and it is not there"
	}
	l.g.out.Add(e)
}

// installerText says which package of a product is kept, and where to find another copy.
func installerText(p *winsys.InstallerPackage) string {
	text := "LocalPackage = " + p.Path
	if p.Version != "" {
		text += ", of version " + p.Version
	}
	if p.Source != "" {
		text += ", installed from " + p.Source
	}
	return text
}

// installer looks for the packages that Windows Installer keeps.
func (l *looker) installer() {
	if l.g.soft == nil || !l.first("installer") {
		return
	}
	for p, err := range l.g.soft.InstallerPackages() {
		if err != nil {
			l.g.registryError(image.Software, err)
			continue
		}
		if p.Path == "" {
			continue
		}
		l.g.out.Add(evidence.Event{
			Kind: evidence.InstallerCache, Source: evidence.Source{Path: `HKLM\` + p.Where}, Text: installerText(&p),
			Fields: map[string]string{evidence.Name: p.Name, evidence.Path: p.Path, evidence.Version: p.Version, evidence.From: p.Source},
		})
		l.file(p.Path)
	}
}
