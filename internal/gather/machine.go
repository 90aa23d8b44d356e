package gather

import (
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/winsys"
)

// machine reads the registry: which Windows it is, its time zone, its update server, its packages.
func (g *gatherer) machine() {
	m := evidence.Machine{SystemRoot: g.img.SystemRoot(), Present: g.img.Kind() != image.Logs}
	defer func() { g.out.SetMachine(m) }()
	software := g.software(&m)
	g.system(&m, software)
}

// hivePath is how a hive is named in the evidence.
func hivePath(h image.Hive) string { return `HKLM\` + string(h) }

// hive opens a hive; nil when it cannot be had, which is noted unless it is simply not there in a bundle.
func (g *gatherer) hive(name image.Hive) (root registry.Key, ok bool) {
	root, note, err := g.img.Hive(name)
	if err != nil {
		if g.img.Kind() == image.Logs {
			g.unread(hivePath(name), err)
		} else {
			g.out.Unread(hivePath(name), plain(err))
		}
		return nil, false
	}
	if note != "" {
		g.out.Note(hivePath(name) + ": " + note)
	}
	g.out.Source(hivePath(name))
	g.mu.Lock()
	g.recognised++
	g.mu.Unlock()
	return root, true
}

func (g *gatherer) software(m *evidence.Machine) *winsys.Software {
	root, ok := g.hive(image.Software)
	if !ok {
		return nil
	}
	s := winsys.NewSoftware(root)
	v, err := s.Version()
	g.registryError(image.Software, err)
	m.Product, m.Build = v.Name(), v.Full()
	if m.SystemRoot == "" {
		m.SystemRoot = v.SystemRoot
	}
	p, err := s.Policy()
	g.registryError(image.Software, err)
	if p.UseServer && p.Server != "" {
		g.out.Add(evidence.Event{
			Kind: evidence.UpdateServer, Source: evidence.Source{Path: `HKLM\` + p.Where},
			Fields: map[string]string{evidence.URL: p.Server}, Text: "policy WUServer = " + p.Server,
		})
	}
	g.restarts, err = s.RebootFlags()
	g.registryError(image.Software, err)
	g.optionalSource(s)
	g.policies(&p)
	g.profiles(s)
	g.packages(s)
	g.soft = s
	return s
}

// packages takes installed packages of updates as what is left of a successful attempt.
func (g *gatherer) packages(s *winsys.Software) {
	for p, err := range s.Packages() {
		if err != nil {
			g.registryError(image.Software, err)
			continue
		}
		g.oddPackage(&p)
		name, ok := servicing.ParsePackage(p.Name)
		installed := p.State == winsys.Installed || p.State == winsys.Superseded || p.State == winsys.Permanent
		if !ok || !p.HasState || !installed || name.KB() == "" || p.Installed.IsZero() {
			continue
		}
		a := attemptFields{update.Install, evidence.PhaseInstall, update.Succeeded}
		g.out.Add(evidence.Event{
			Kind: evidence.Attempt, Source: evidence.Source{Path: `HKLM\` + p.Where}, Time: p.Installed,
			Update: update.Ref{KB: name.KB()}, Fields: a.fields(), Text: p.Name + " is " + p.State.String(),
		})
	}
}

// oddPackage takes a package in a state that is no ordinary one: a failure, or a step on the way while nothing waits for
// a restart.
func (g *gatherer) oddPackage(p *winsys.Package) {
	state := ""
	switch p.State {
	case winsys.UninstallPending, winsys.Resolving, winsys.Resolved, winsys.Staging, winsys.InstallPending, winsys.PartiallyInstalled:
		if len(g.restarts) == 0 {
			state = evidence.StateStuck
		}
	default:
		if p.State < 0 {
			state = evidence.StateFailed
		}
	}
	if state == "" || !p.HasState {
		return
	}
	name, _ := servicing.ParsePackage(p.Name)
	g.out.Add(evidence.Event{
		Kind: evidence.PackageState, Source: evidence.Source{Path: `HKLM\` + p.Where}, Code: p.LastError,
		Update: update.Ref{KB: name.KB()}, Text: p.Name + ": CurrentState is " + strconv.Itoa(int(p.State)) + ", " + p.State.String(),
		Fields: map[string]string{
			evidence.Name: p.Name, evidence.Status: strconv.Itoa(int(p.State)), evidence.State: state,
		},
	})
}

// optionalSource takes the policy for where features on demand come from.
func (g *gatherer) optionalSource(s *winsys.Software) {
	o, err := s.OptionalSource()
	g.registryError(image.Software, err)
	if err != nil || !o.WindowsUpdate {
		return
	}
	g.out.Add(evidence.Event{
		Kind: evidence.FeatureSource, Source: evidence.Source{Path: `HKLM\` + o.Where}, Text: "policy RepairContentServerSource = 2",
		Fields: map[string]string{evidence.Status: evidence.SourceWindowsUpdate},
	})
}

// system reads what the machine is called, and its time zone, by which wall-clock times become UTC.
func (g *gatherer) system(m *evidence.Machine, software *winsys.Software) {
	root, ok := g.hive(image.System)
	if !ok {
		return
	}
	sys, err := winsys.NewSystem(root)
	if err != nil {
		g.registryError(image.System, err)
		return
	}
	g.sys = sys
	id, err := sys.Identity(nil)
	g.registryError(image.System, err)
	m.Computer = id.Computer
	g.services(sys)
	g.environment(sys)
	tz, err := sys.TimeZone(software)
	if err != nil {
		g.registryError(image.System, err)
		return
	}
	g.zone.follow(&tz)
}

// registryError notes damage in a hive; what is simply not set is none.
func (g *gatherer) registryError(h image.Hive, err error) {
	if err != nil {
		g.unread(hivePath(h), err)
	}
}

// serviceKey is the key of a service in the evidence.
func (g *gatherer) serviceKey(name string) string {
	return hivePath(image.System) + `\` + g.sys.ControlSet() + `\Services\` + name
}

// expand replaces the variables that paths in the registry are written with.
func (g *gatherer) expand(path string) string {
	return winsys.Expand(path, func(name string) (string, bool) {
		switch strings.ToLower(name) {
		case "systemroot", "windir":
			return g.img.SystemRoot(), g.img.SystemRoot() != ""
		case "systemdrive":
			drive, _, _ := strings.Cut(g.img.SystemRoot(), `\`)
			return drive, drive != ""
		}
		return "", false
	})
}

// program gives the file that the command of a service names, "" when it cannot be told: system32\drivers\x.sys and
// \SystemRoot\... are relative to the Windows folder, and arguments follow.
func (g *gatherer) program(command string) string {
	path := strings.TrimSpace(g.expand(plainPath(command)))
	if quoted, ok := strings.CutPrefix(path, `"`); ok {
		path, _, _ = strings.Cut(quoted, `"`)
	} else if i := strings.Index(strings.ToLower(path), ".exe "); i >= 0 {
		path = path[:i+len(".exe")]
	}
	if rest, ok := cutPrefixFold(path, `\systemroot\`); ok {
		path = image.Join(g.img.SystemRoot(), rest)
	} else if rest, ok := cutPrefixFold(path, `system32\`); ok {
		path = image.Join(g.img.SystemRoot(), "System32", rest)
	}
	if len(path) < 4 || path[1] != ':' {
		return ""
	}
	return path
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
