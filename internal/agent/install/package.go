package install

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/agent/disk"
)

// packagesFolder is where, in the agent's own folder, it is kept what a package has brought and what was there before.
const packagesFolder = "packages"

// installedName is the file of it, in a folder for each update; the files from before stand beside it.
const installedName = "installed.json"

// installed is what is kept of an installed package, so that it can be taken off again.
type installed struct {
	Identity string    `json:"identity"`
	Files    []brought `json:"files"`
	Folders  []string  `json:"folders,omitempty"` // that were made for it, from the top down
	Restart  bool      `json:"restart,omitempty"`
}

// brought is a file that a package has brought.
type brought struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`         // hex
	Kept   string `json:"kept,omitempty"` // name of the file from before
}

const maxInstalled = 64 << 20 // bytes

// home is the folder of a package in the agent's own.
func (i *Installer) home(o *Order) string {
	return disk.Join(i.State, packagesFolder, strings.ReplaceAll(o.Update.ID.GUID.String(), "-", ""))
}

// readInstalled gives what is kept of an update; an empty one when nothing is.
func (i *Installer) readInstalled(o *Order) (*installed, error) {
	rec := &installed{}
	path := disk.Join(i.home(o), installedName)
	b, err := disk.Read(i.Disk, path, maxInstalled)
	if errors.Is(err, fs.ErrNotExist) {
		return rec, nil
	}
	if err == nil {
		err = json.Unmarshal(b, rec)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rec, nil
}

// kept is the name of the file from before that an earlier installation of the same update has kept.
func (r *installed) kept(path string) (name string, known bool) {
	for _, f := range r.Files {
		if strings.EqualFold(f.Path, path) {
			return f.Kept, true
		}
	}
	return "", false
}

// installPlan is a plan for a package, with what will be kept of it.
type installPlan struct {
	*plan
	home   string
	before *installed
	rec    *installed
}

// planInstall is what applying checked packages changes: their files in the component store and at their places, their
// manifests, their keys in the registry, and what is kept for taking them off.
func (i *Installer) planInstall(ctx context.Context, parts []Order, packs []*pack) (*plan, error) {
	pl := i.newPlan(ctx)
	var identities []string
	for n := range parts {
		id, err := pl.install(&parts[n], packs[n])
		if err != nil {
			return nil, err
		}
		identities = append(identities, id)
	}
	hive, err := i.hiveWith(identities)
	if err != nil {
		return nil, err
	}
	pl.write(i.software(), hive)
	return pl, pl.err
}

// install adds one package, but for the registry; it gives the package's identity.
func (p *plan) install(o *Order, pkg *pack) (identity string, err error) {
	before, err := p.i.readInstalled(o)
	if err != nil {
		return "", err
	}
	m := pkg.manifest
	pl := &installPlan{p, p.i.home(o), before, &installed{Identity: m.Identity.Package(), Restart: m.Restart}}
	p.restart = p.restart || m.Restart
	winsxs := disk.Join(p.i.Windows, "WinSxS")
	for _, c := range pkg.components {
		for _, f := range c.Files {
			from := disk.Join(o.Folder, c.name, f.Name)
			pl.bring(disk.Join(winsxs, c.name, f.Name), from)
			to, err := p.i.destination(c.Manifest, &f, m.Identity.Arch)
			if err != nil {
				return "", err
			}
			if to != "" {
				pl.bring(to, from)
			}
		}
		pl.bring(disk.Join(winsxs, "Manifests", c.name+".manifest"), disk.Join(o.Folder, c.name+".manifest"))
	}
	pl.bring(disk.Join(p.i.Windows, "servicing", "Packages", pl.rec.Identity+".mum"), disk.Join(o.Folder, "update.mum"))
	return pl.rec.Identity, pl.settle()
}

// settle adds what is kept of the package.
func (p *installPlan) settle() error {
	if p.err != nil {
		return p.err
	}
	p.need(p.home)
	p.rec.Folders = p.before.Folders
	for _, dir := range p.made {
		if !slices.Contains(p.rec.Folders, dir) {
			p.rec.Folders = append(p.rec.Folders, dir)
		}
	}
	b, err := json.Marshal(p.rec)
	if err != nil {
		return err
	}
	p.write(disk.Join(p.home, installedName), b)
	return p.err
}

// bring copies a file to its place, and keeps what was there before.
func (p *installPlan) bring(path, from string) {
	if _, twice := p.seen[strings.ToLower(path)]; twice {
		p.copy(path, from)
		return
	}
	out := brought{Path: path}
	var known bool
	if out.Kept, known = p.before.kept(path); !known {
		out.Kept = p.keep(path)
	}
	out.SHA256 = p.copy(path, from)
	p.rec.Files = append(p.rec.Files, out)
}

// keep copies what is at a place to the package's folder; it gives the copy's name, empty when nothing is there.
func (p *installPlan) keep(path string) string {
	if p.err != nil {
		return ""
	}
	var there bool
	if there, p.err = p.fileThere(path); !there || p.err != nil {
		return ""
	}
	name := strconv.Itoa(len(p.rec.Files)) + ".before"
	p.copy(disk.Join(p.home, name), path)
	return name
}

// planUninstall is what taking packages off changes, the last one first: each file that is still the package's becomes what
// it was before, and what another update has put there since stays.
func (i *Installer) planUninstall(ctx context.Context, parts []Order) (*plan, error) {
	pl := i.newPlan(ctx)
	var identities []string
	for n := len(parts) - 1; n >= 0; n-- {
		id, err := pl.uninstall(&parts[n])
		if err != nil {
			return nil, err
		}
		identities = append(identities, id)
	}
	slices.SortStableFunc(pl.prune, func(a, b string) int { return cmp.Compare(len(a), len(b)) }) // a folder before those below it
	hive, err := i.hiveWithout(identities)
	if err != nil {
		return nil, err
	}
	pl.write(i.software(), hive)
	return pl, pl.err
}

func (p *plan) uninstall(o *Order) (identity string, err error) {
	rec, err := p.i.readInstalled(o)
	if err != nil {
		return "", err
	}
	if rec.Identity == "" {
		return "", wrong(codeNoUninstall, "", "redx has not installed this update here, so it cannot take it off")
	}
	p.restart = p.restart || rec.Restart
	home := p.i.home(o)
	for _, f := range rec.Files {
		if err := p.restore(home, f); err != nil {
			return "", err
		}
	}
	p.remove(disk.Join(home, installedName))
	for _, dir := range rec.Folders {
		if p.i.mayWrite(disk.Join(dir, "x")) && !slices.Contains(p.prune, dir) {
			p.prune = append(p.prune, dir)
		}
	}
	return rec.Identity, p.err
}

func (p *plan) restore(home string, f brought) error {
	sum, err := p.digest(f.Path)
	mine := err == nil && sum == f.SHA256
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if f.Kept != "" {
		if !disk.Plain(f.Kept) {
			return wrong(codeInvalid, home, "%q is no name of a kept file", f.Kept)
		}
		if mine {
			p.copy(f.Path, disk.Join(home, f.Kept))
		}
		p.remove(disk.Join(home, f.Kept))
	} else if mine {
		p.remove(f.Path)
	}
	return p.err
}
