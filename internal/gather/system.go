package gather

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/winsys"
)

// updateServices are the services without which no update is found, downloaded or installed.
var updateServices = []string{"wuauserv", "BITS", "CryptSvc", "TrustedInstaller"}

// services notes how the services that updates need are set up. Of a bundle's hive nothing is said to be missing: it
// may be an excerpt.
func (g *gatherer) services(sys *winsys.System) {
	for _, name := range updateServices {
		v, err := sys.Service(name)
		e := evidence.Event{
			Kind: evidence.ServiceConfig, Source: evidence.Source{Path: `HKLM\` + v.Where},
			Fields: map[string]string{evidence.Name: name},
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if g.img.Kind() == image.Logs || name == "TrustedInstaller" && g.beforeServicing() {
				continue
			}
			e.Source.Path = `HKLM\SYSTEM\` + sys.ControlSet() + `\Services\` + name
			e.Fields[evidence.Start] = evidence.StartMissing
			e.Text = "there is no service " + name
		case err != nil:
			g.registryError(image.System, err)
			continue
		default:
			g.describeService(&e, &v)
		}
		g.out.Add(e)
	}
}

// beforeServicing reports a Windows before Vista, which has no servicing and no service for it.
func (g *gatherer) beforeServicing() bool {
	_, err := g.img.FS().Stat(image.Join(g.img.SystemRoot(), "servicing"))
	return errors.Is(err, fs.ErrNotExist)
}

func (g *gatherer) describeService(e *evidence.Event, v *winsys.Service) {
	if v.HasStart {
		e.Fields[evidence.Start] = v.Start.String()
	}
	e.Fields[evidence.Path] = g.program(v.ImagePath)
	if v.DLL != "" {
		e.Fields[evidence.DLL] = g.program(v.DLL)
	}
	e.Text = v.Name + ": start type " + v.Start.String() + ", program " + v.ImagePath
	if v.DLL != "" {
		e.Text += ", " + v.DLL
	}
}

// root is the Windows folder, also that of a bundle's hive.
func (g *gatherer) root() string {
	if r := g.img.SystemRoot(); r != "" {
		return r
	}
	return `C:\Windows`
}

// environment notes the folders for temporary files that all of Windows uses.
func (g *gatherer) environment(sys *winsys.System) {
	env, err := sys.Environment()
	g.registryError(image.System, err)
	for _, name := range []string{"TEMP", "TMP"} {
		value, ok := env.Get(name)
		if !ok {
			continue
		}
		e := evidence.Event{
			Kind: evidence.Environment, Source: evidence.Source{Path: `HKLM\` + env.Where},
			Fields: map[string]string{evidence.Name: name}, Text: name + " = " + value,
		}
		if path, err := image.Normalize(value, g.root()); err == nil && strings.Contains(path, `:\`) {
			e.Fields[evidence.Path] = path
		}
		g.out.Add(e)
	}
}

// policies notes what keeps updates away on purpose, and what waits for a restart.
func (g *gatherer) policies(p *winsys.Policy) {
	at := evidence.Source{Path: `HKLM\` + p.Where}
	for _, policy := range []struct {
		name string
		set  bool
	}{
		{"DisableWindowsUpdateAccess", p.NoAccess},
		{"DoNotConnectToWindowsUpdateInternetLocations", p.NoInternet && !p.UseServer},
	} {
		if policy.set {
			g.out.Add(evidence.Event{
				Kind: evidence.Policy, Source: at, Fields: map[string]string{evidence.Name: policy.name}, Text: "policy " + policy.name + " = 1",
			})
		}
	}
	if !p.PausedUntil.IsZero() {
		g.out.Add(evidence.Event{
			Kind: evidence.Paused, Source: evidence.Source{Path: `HKLM\` + p.PausedWhere}, Time: p.PausedUntil,
			Text: "updates are paused until " + evidence.FormatTime(p.PausedUntil, false),
		})
	}
	for _, f := range g.restarts {
		g.out.Add(evidence.Event{
			Kind: evidence.RestartPending, Source: evidence.Source{Path: `HKLM\` + f.Where}, Time: f.Time,
			Fields: map[string]string{evidence.Name: f.Name}, Text: "the key " + f.Name + " is there",
		})
	}
}

// profiles notes the user profiles, and the folders for profiles and common data when they are not where Windows puts
// them.
func (g *gatherer) profiles(s *winsys.Software) {
	for p, err := range s.Profiles() {
		if err != nil {
			g.registryError(image.Software, err)
			continue
		}
		path, err := image.Normalize(p.Path, g.root())
		if err != nil || !strings.Contains(path, `:\`) {
			continue
		}
		g.out.Add(evidence.Event{
			Kind: evidence.Profile, Source: evidence.Source{Path: `HKLM\` + p.Where},
			Fields: map[string]string{evidence.Name: p.SID, evidence.Path: path}, Text: "ProfileImagePath = " + p.Path,
		})
	}
	f, err := s.Folders()
	g.registryError(image.Software, err)
	drive, _ := image.SplitDrive(g.root())
	g.folder(f.Where, "ProfilesDirectory", f.Profiles, drive+`\Users`)
	g.folder(f.Where, "ProgramData", f.ProgramData, drive+`\ProgramData`)
}

// folder notes where one of Windows' own folders stands, and whether it is a link.
func (g *gatherer) folder(where, name, value, expected string) {
	path, err := image.Normalize(value, g.root())
	if value == "" || err != nil {
		path = expected
	}
	e := evidence.Event{
		Kind: evidence.SystemFolder, Source: evidence.Source{Path: `HKLM\` + where}, Text: name + " = " + value,
		Fields: map[string]string{evidence.Name: name, evidence.Path: path, evidence.Expected: expected},
	}
	if g.img.Kind() != image.Logs {
		if info, err := g.img.FS().Stat(expected); err == nil && info.Reparse {
			e.Source.Path, e.Text = expected, expected+" is a link to elsewhere"
			e.Fields[evidence.State] = evidence.Linked
		}
	}
	g.out.Add(e)
}

// systemPaths looks at the files and folders that the registry and the logs of the system name.
func (g *gatherer) systemPaths() {
	seen := map[string]bool{}
	for _, e := range g.out.Events(evidence.ServiceConfig, evidence.Environment, evidence.Profile, evidence.ProfileHiveMissing) {
		folder := e.Kind == evidence.Environment || e.Kind == evidence.Profile
		for _, path := range []string{e.Field(evidence.Path), e.Field(evidence.DLL)} {
			if key := strings.ToLower(path); path != "" && !seen[key] {
				seen[key] = true
				g.lookAt(path, folder)
			}
		}
	}
}

// lookAt notes whether a file or folder is there. A drive that is not part of the image cannot be looked at.
func (g *gatherer) lookAt(path string, folder bool) {
	e := evidence.Event{
		Kind: evidence.FileState, Source: evidence.Source{Path: path}, Text: "there",
		Fields: map[string]string{evidence.Path: path, evidence.State: evidence.Present},
	}
	info, err := g.img.FS().Stat(path)
	switch {
	case err == nil && info.Dir != folder && !info.Reparse:
		e.Fields[evidence.State], e.Text = evidence.Absent, "not there: something else stands in its place"
	case errors.Is(err, fs.ErrNotExist):
		g.absent(&e, path)
	case err != nil:
		e.Fields[evidence.State], e.Text = evidence.Unknown, "could not be looked at: "+plain(err).Error()
	}
	g.out.Add(e)
}
