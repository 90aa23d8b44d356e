package publish

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/update"
)

// errImage says of a package that it is a Windows image.
var errImage = errors.New("a package in the form of a Windows image (.wim), as those of Windows 11 24H2 and later, whose differences Windows' own servicing " +
	"alone puts together: redx server import takes such an update in from the export of a Windows server, and Windows by DISM /Add-Package")

// standalone opens a standalone package (.msu): a cabinet with those that clients install, and texts about them. What is
// for scans alone (WSUSSCAN.cab) is left out, and of several cabinets those that hold no package of Windows' servicing.
func (p *payload) standalone(dir string) ([]*payload, error) {
	c, err := cab.Open(p, p.size)
	if err != nil {
		return nil, err
	}
	var inner []cab.File
	var said Facts
	for _, f := range c.Files() {
		name := strings.ToLower(f.Name)
		switch {
		case strings.HasSuffix(name, ".cab") && name != "wsusscan.cab":
			inner = append(inner, f)
		case strings.HasSuffix(name, "-pkgproperties.txt"):
			said.KB, said.MoreInfo = described(readText(c, f))
		case strings.HasSuffix(name, ".psf"), strings.HasSuffix(name, ".wim"):
			return nil, fmt.Errorf("%s is in it: %w", f.Name, errImage)
		}
	}
	var parts []*payload
	for _, f := range inner {
		part, err := unpack(c, f, dir)
		if err != nil {
			return nil, errors.Join(err, closeAll(parts))
		}
		part.said = said
		parts = append(parts, part)
	}
	return packagesOf(parts)
}

// unpack makes a payload of a cabinet in a cabinet.
func unpack(c *cab.Cabinet, f cab.File, dir string) (*payload, error) {
	r, err := c.Open(f)
	if err != nil {
		return nil, err
	}
	to, err := os.CreateTemp(dir, "payload-*")
	if err != nil {
		return nil, err
	}
	size, err := io.Copy(to, r)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.Name, err), to.Close())
	}
	// A name in a cabinet is data; only its last part is a file's.
	return &payload{File: to, name: filepath.Base(strings.ReplaceAll(f.Name, `\`, "/")), size: size, isCab: true}, nil
}

// packagesOf keeps of several cabinets those with a package. The servicing stack comes first: what else is in them may want it.
func packagesOf(parts []*payload) ([]*payload, error) {
	if len(parts) < 2 {
		if len(parts) == 0 {
			return nil, errors.New("a package without a cabinet to install")
		}
		return parts, nil
	}
	var kept []*payload
	for i, p := range parts {
		facts, err := Cabinet(p, p.size)
		if errors.Is(err, ErrNoPackage) {
			err = p.Close()
		} else if err == nil {
			p.facts = facts
			kept = append(kept, p)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", p.name, err), closeAll(kept), closeAll(parts[i:]))
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("%w that are in the package", ErrNoPackage)
	}
	stacks, others := []*payload{}, []*payload{}
	for _, p := range kept {
		if p.facts.Stack {
			stacks = append(stacks, p)
		} else {
			others = append(others, p)
		}
	}
	return append(stacks, others...), nil
}

func closeAll(all []*payload) error {
	var errs []error
	for _, p := range all {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// maxAbout bounds the text about a package.
const maxAbout = 64 << 10

func readText(c *cab.Cabinet, f cab.File) string {
	r, err := c.Open(f)
	if err != nil {
		return ""
	}
	b, _ := io.ReadAll(io.LimitReader(r, maxAbout)) // what cannot be read says nothing
	return string(b)
}

// described reads lines of the form KB Article Number="5034441".
func described(text string) (kb update.KB, more string) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"`)
		switch strings.TrimSpace(key) {
		case "KB Article Number":
			kb, _ = update.ParseKB(value)
		case "Support Link":
			if strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://") {
				more = value
			}
		}
	}
	return kb, more
}
