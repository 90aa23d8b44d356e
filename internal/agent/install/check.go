package install

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/servicing"
)

// pack is a package that was checked: its manifest, and those of its components with the names that they go by.
type pack struct {
	manifest   *Manifest
	components []component
}

type component struct {
	*Manifest
	name string // of its manifest and of its folder
}

// check holds the files of an update against what they must be: those that were downloaded and extracted, and those that
// the manifests of a package name. The first that is missing or damaged is a *fault.
func (i *Installer) check(ctx context.Context, o *Order, uninstall bool) (*pack, error) {
	switch {
	case !slices.Contains([]Kind{CBS, CommandLine, MSI, Driver}, o.Handler.Kind):
		return nil, wrong(codeUnknownHandler, "", "%q: %w", o.Handler.Kind, ErrHandler)
	case uninstall:
		return nil, nil // what is taken off need not be there any more
	}
	if err := Check(ctx, i.Disk, o); err != nil {
		return nil, err
	}
	if o.Handler.Kind != CBS {
		return nil, nil
	}
	return i.readPack(ctx, o.Folder)
}

// Check looks whether every file of an update is there and what it was when it came.
func Check(ctx context.Context, d disk.Disk, o *Order) error {
	if err := there(d, o.Folder, true); err != nil {
		return err
	}
	for _, f := range o.Files {
		if err := checkFile(ctx, d, f.Path, digests{f.Size, f.SHA1, f.SHA256}); err != nil {
			return err
		}
	}
	return nil
}

// there looks for a file or folder. What is missing has the code that Windows has for it: a folder 0x80070003, a file
// 0x80070002.
func there(d disk.Disk, path string, folder bool) error {
	info, err := d.Stat(path)
	code := codeFileNotFound
	if folder {
		code = codePathNotFound
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wrong(code, path, "it is not there: %w", fs.ErrNotExist)
	case err != nil:
		return err
	case info.Dir != folder:
		return wrong(code, path, "something else stands in its place: %w", fs.ErrNotExist)
	}
	return nil
}

// checkFile looks at one file; where its folder is missing it is the folder that is named.
func checkFile(ctx context.Context, d disk.Disk, path string, want digests) error {
	dir, _ := disk.Split(path)
	if err := there(d, dir, true); err != nil {
		return err
	}
	if err := there(d, path, false); err != nil {
		return err
	}
	return want.same(ctx, d, path)
}

// readPack reads a package's manifests and checks what they name.
func (i *Installer) readPack(ctx context.Context, folder string) (*pack, error) {
	mum := disk.Join(folder, "update.mum")
	if err := there(i.Disk, mum, false); err != nil {
		return nil, err
	}
	m, err := i.readManifest(mum)
	if err != nil {
		return nil, err
	}
	p := &pack{manifest: m}
	names, err := i.Disk.Names(folder)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	files := 0
	for _, n := range names {
		const ending = ".manifest"
		if !strings.EqualFold(n[max(0, len(n)-len(ending)):], ending) {
			continue
		}
		c, err := i.readComponent(ctx, folder, n[:len(n)-len(ending)])
		if err != nil {
			return nil, err
		}
		if files += len(c.Files); files > maxFiles {
			return nil, wrong(codeInvalid, folder, "its manifests name more than %d files", maxFiles)
		}
		p.components = append(p.components, c)
	}
	if i.Target == Running {
		return p, nil
	}
	return p, p.complete(folder, names)
}

func (i *Installer) readManifest(path string) (*Manifest, error) {
	b, err := disk.Read(i.Disk, path, maxManifest)
	if err != nil {
		return nil, err
	}
	m, err := ReadManifest(b)
	if err != nil {
		return nil, wrong(codeInvalid, path, "%w", err)
	}
	return m, nil
}

// readComponent reads a component's manifest, and looks at every file that it names.
func (i *Installer) readComponent(ctx context.Context, folder, name string) (component, error) {
	path := disk.Join(folder, name+".manifest")
	m, err := i.readManifest(path)
	if err != nil {
		return component{}, err
	}
	if c, ok := servicing.ParseComponent(name); !ok || !strings.EqualFold(c.Token, m.Identity.Token) || c.Version != m.Identity.Version {
		return component{}, wrong(codeInvalid, path, "it is the manifest of %s %s", m.Identity.Name, m.Identity.Version)
	}
	for _, f := range m.Files {
		err := checkFile(ctx, i.Disk, disk.Join(folder, name, f.Name), digests{size: f.Size, sha256: f.SHA256})
		if i.Target == Running && errors.Is(err, fs.ErrNotExist) {
			// A real update may bring less than its manifests name, since it builds on what is there. What it brought is among
			// the order's files.
			continue
		}
		if err != nil {
			return component{}, err
		}
	}
	return component{m, name}, nil
}

// complete makes sure that every component which the package names has its manifest.
func (p *pack) complete(folder string, names []string) error {
	for _, want := range p.manifest.Components {
		if slices.ContainsFunc(p.components, func(c component) bool { return c.Identity.is(want) }) {
			continue
		}
		name := strings.Join([]string{want.Arch, want.Name, want.Token, want.Version, "none"}, "_")
		for _, n := range names { // its folder tells the whole name
			if c, ok := servicing.ParseComponent(n); ok && strings.EqualFold(c.Token, want.Token) && c.Version == want.Version &&
				strings.EqualFold(c.Name, want.Name) && strings.EqualFold(c.Arch, want.Arch) {
				name = n
			}
		}
		return wrong(codeFileNotFound, disk.Join(folder, name+".manifest"), "the package names it, and it is not there: %w", fs.ErrNotExist)
	}
	return nil
}
