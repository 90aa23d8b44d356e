package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/agent/disk"
)

// change is an act with what the new file is made of.
type change struct {
	act
	from string // path of the file that is copied; empty: data is what it is made of
	data []byte
}

// plan is all that an installation changes. Making one writes nothing.
type plan struct {
	i       *Installer
	ctx     context.Context
	changes []change
	seen    map[string]string // what becomes of a path in lower case: the digest of the new file
	made    []string
	prune   []string
	restart bool
	err     error // the first
}

func (i *Installer) newPlan(ctx context.Context) *plan {
	return &plan{i: i, ctx: ctx, seen: map[string]string{}}
}

// copy brings a file to a path; it gives its digest.
func (p *plan) copy(path, from string) string {
	if p.err != nil {
		return ""
	}
	var sum string
	if sum, p.err = p.digest(from); p.err == nil {
		p.add(change{act: act{Path: path, New: true, SHA256: sum}, from: from})
	}
	return sum
}

// write brings a file with a content to a path.
func (p *plan) write(path string, data []byte) {
	sum := sha256.Sum256(data)
	p.add(change{act: act{Path: path, New: true, SHA256: hex.EncodeToString(sum[:])}, data: data})
}

// remove takes a file away, if it is there.
func (p *plan) remove(path string) { p.add(change{act: act{Path: path}}) }

func (p *plan) digest(path string) (string, error) {
	f, err := p.i.Disk.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, none := sha256.New(), error(nil)
	_, err = io.Copy(sum, &source{p.ctx, f, &none})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// add takes a change in. Two files for one place are refused unless they are the same.
func (p *plan) add(c change) {
	if p.err != nil {
		return
	}
	key := strings.ToLower(c.Path)
	if other, twice := p.seen[key]; twice {
		if other != c.SHA256 {
			p.err = wrong(codeInvalid, c.Path, "the update brings two different files to this place")
		}
		return
	}
	if !p.i.mayWrite(c.Path) {
		p.err = wrong(codeInvalid, c.Path, "no update brings files to this place")
		return
	}
	p.seen[key] = c.SHA256
	if c.Old, p.err = p.fileThere(c.Path); p.err != nil || !c.Old && !c.New {
		return
	}
	dir, _ := disk.Split(c.Path)
	p.need(dir)
	p.changes = append(p.changes, c)
}

// fileThere tells whether a file is at a place where one may be: no folder, no link, and nothing that an installation
// whose journal is lost has left.
func (p *plan) fileThere(path string) (bool, error) {
	old := path + oldEnding
	if there, err := disk.Exists(p.i.Disk, old); there || err != nil {
		return false, errors.Join(err, wrong(codeFailed, old, "it is the file from before an installation that never ended; look at it"))
	}
	info, err := p.i.Disk.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.Dir:
		return false, wrong(codeFailed, path, "a folder stands where a file is to be")
	}
	return true, nil
}

// need notes the folders that have to be made for a path.
func (p *plan) need(dir string) {
	if p.err != nil || slices.ContainsFunc(p.made, func(m string) bool { return strings.EqualFold(m, dir) }) {
		return
	}
	_, err := p.i.Disk.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if up, name := disk.Split(dir); name != "" {
			p.need(up)
		}
		p.made = append(p.made, dir)
		return
	}
	p.err = err
}

// acts are the plan as the journal has it.
func (p *plan) acts() []act {
	var all []act
	for _, c := range p.changes {
		all = append(all, c.act)
	}
	return all
}

// stage writes the new files beside the places where they go, each as it was planned.
func (p *plan) stage() error {
	for _, dir := range p.made {
		if _, err := disk.MakeAll(p.i.Disk, dir); err != nil {
			return err
		}
	}
	for _, c := range p.changes {
		if !c.New {
			continue
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if err := p.stageOne(&c); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) stageOne(c *change) error {
	if err := p.i.Disk.Remove(c.put()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sum := sha256.New()
	err := disk.WriteNew(p.i.Disk, c.put(), func(w io.Writer) error {
		w = io.MultiWriter(w, sum)
		if c.from == "" {
			_, err := w.Write(c.data)
			return err
		}
		f, err := p.i.Disk.Open(c.from)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != c.SHA256 {
		return wrong(codeBadDigest, c.from, "it changed while it was installed: its digest is %s instead of %s", got, c.SHA256)
	}
	return nil
}

// variables are the places that manifests name by a variable.
func (i *Installer) variables(sysWOW64 bool) map[string]string {
	system := disk.Join(i.Windows, "System32")
	programs := `C:\Program Files`
	if sysWOW64 {
		system, programs = disk.Join(i.Windows, "SysWOW64"), `C:\Program Files (x86)`
	}
	return map[string]string{
		"runtime.system32": system, "runtime.windows": i.Windows, "runtime.systemroot": i.Windows, "runtime.drivers": disk.Join(system, "drivers"),
		"runtime.wbem": disk.Join(system, "wbem"), "runtime.inf": disk.Join(i.Windows, "INF"), "runtime.fonts": disk.Join(i.Windows, "Fonts"),
		"runtime.help": disk.Join(i.Windows, "Help"), "runtime.programfiles": programs, "runtime.programfilesx86": `C:\Program Files (x86)`,
		"runtime.commonfiles": disk.Join(programs, "Common Files"), "runtime.programdata": `C:\ProgramData`,
	}
}

// destination gives the place of a component's file outside of the component store; empty when it has none.
func (i *Installer) destination(m *Manifest, f *FileOf, packageArch string) (string, error) {
	if f.Destination == "" {
		return "", nil
	}
	variable, rest, ok := strings.Cut(strings.TrimPrefix(f.Destination, "$("), ")")
	arch := strings.ToLower(m.Identity.Arch)
	emulated := arch == "wow64" || arch == "x86" && !strings.EqualFold(packageArch, "x86")
	base, known := i.variables(emulated)[strings.ToLower(variable)]
	rest = strings.Trim(rest, `\`)
	if !ok || !strings.HasPrefix(f.Destination, "$(") || !known || rest != "" && plainPath(rest) != nil {
		return "", wrong(codeInvalid, "", "%s goes to %q, which is no place that redx knows", f.Name, f.Destination)
	}
	if rest != "" {
		base = disk.Join(base, rest)
	}
	return disk.Join(base, f.Name), nil
}
