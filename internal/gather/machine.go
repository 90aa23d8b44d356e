package gather

import (
	"time"

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
	g.system(software)
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
	m.Product, m.Build = v.Product, v.Full()
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
	g.packages(s)
	return s
}

// packages takes installed packages of updates as what is left of a successful attempt.
func (g *gatherer) packages(s *winsys.Software) {
	for p, err := range s.Packages() {
		if err != nil {
			g.registryError(image.Software, err)
			continue
		}
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

// system reads the machine's time zone, by which wall-clock times become UTC.
func (g *gatherer) system(software *winsys.Software) {
	root, ok := g.hive(image.System)
	if !ok {
		return
	}
	sys, err := winsys.NewSystem(root)
	if err != nil {
		g.registryError(image.System, err)
		return
	}
	tz, err := sys.TimeZone(software)
	if err != nil {
		g.registryError(image.System, err)
		return
	}
	g.zone.rules = func(local time.Time) (time.Time, bool) {
		utc, sure := tz.UTC(local)
		return utc, sure == winsys.Certain
	}
}

// registryError notes damage in a hive; what is simply not set is none.
func (g *gatherer) registryError(h image.Hive, err error) {
	if err != nil {
		g.unread(hivePath(h), err)
	}
}
