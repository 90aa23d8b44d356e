package publish

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/authenticode"
)

// payload is what is sent to clients: a file, and what it says of itself.
type payload struct {
	*os.File
	name   string // as clients see it
	size   int64
	facts  Facts
	said   Facts // what is said of it by what it came in
	isCab  bool
	signer authenticode.Signer
	own    bool // the signer is the request's identity
}

// errKind says what can be published.
var errKind = errors.New("what can be published is a cabinet, a standalone package (.msu), a program (.exe) or an installer (.msi)")

// open opens the payloads, and lets them say what they are: one, or those of a standalone package with several. What it
// unpacks goes to dir.
func (r *Request) open(dir string) ([]*payload, error) {
	f, err := os.Open(r.Path)
	if err != nil {
		return nil, err
	}
	p := &payload{File: f, name: filepath.Base(r.Path)}
	all, err := p.identify(r, dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", r.Path, err), closeAll(all))
	}
	return all, nil
}

// identify knows the payload by its first bytes, and a standalone package, which is a cabinet, by its name. With an error too
// it gives what is open.
func (p *payload) identify(r *Request, dir string) ([]*payload, error) {
	i, err := p.Stat()
	if err != nil {
		return []*payload{p}, err
	}
	p.size = i.Size()
	var magic [8]byte
	if _, err := p.ReadAt(magic[:], 0); err != nil {
		return []*payload{p}, fmt.Errorf("%w: %w", errKind, err)
	}
	switch {
	case string(magic[:4]) == "MSCF":
		return p.cabinets(r, dir)
	case string(magic[:2]) == "MZ":
		c := r.Command
		c.Program = p.name
		p.facts.Package, err = c.pack(r.Rules)
	case string(magic[:]) == "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
		p.facts, err = Installer(p.name, p, p.size, r.Command.Arguments)
		p.facts.Package.add(r.Rules)
	case string(magic[:]) == "MSWIM\x00\x00\x00":
		err = errImage
	default:
		err = errKind
	}
	return []*payload{p}, err
}

// cabinets lets a cabinet say what it is, or those that are in a standalone package.
func (p *payload) cabinets(r *Request, dir string) ([]*payload, error) {
	p.isCab = true
	all := []*payload{p}
	if strings.EqualFold(filepath.Ext(p.name), ".msu") {
		parts, err := p.standalone(dir)
		if err != nil {
			return all, err
		}
		all = parts
		if err := p.Close(); err != nil {
			return all, err
		}
	}
	if len(all) > 1 && (r.Command.Program != "" || len(r.Rules.installed)+len(r.Rules.fits) > 0) {
		return all, errors.New("neither a program nor conditions can be given for a package with several cabinets")
	}
	for _, part := range all {
		var err error
		if part.facts, err = cabinet(part, part.size, r); err != nil {
			return all, err
		}
		part.facts.KB, part.facts.MoreInfo = cmp.Or(part.facts.KB, part.said.KB), cmp.Or(part.facts.MoreInfo, part.said.MoreInfo)
	}
	return all, nil
}

// add adds conditions to a package's own.
func (p *Package) add(r Rules) {
	p.installed, p.fits = slices.Concat(p.installed, r.installed), slices.Concat(p.fits, r.fits)
}

// cabinet takes a cabinet for the package in it or, when the request names a program in it, for that.
func cabinet(f io.ReaderAt, size int64, r *Request) (Facts, error) {
	if r.Command.Program != "" {
		if err := holds(f, size, r.Command.Program); err != nil {
			return Facts{}, err
		}
		p, err := r.Command.pack(r.Rules)
		return Facts{Package: p}, err
	}
	facts, err := Cabinet(f, size)
	if errors.Is(err, ErrNoPackage) {
		return facts, fmt.Errorf("%w: name the program in it that installs", err)
	}
	facts.Package.add(r.Rules)
	return facts, err
}

// sign makes sure that the payload is signed: it was, or the identity signs it now. A program or an installer goes into a
// cabinet of the identity's own even if someone else has signed it, as the clients trust the identity; unless it is not
// what that other one signed.
func (p *payload) sign(r *Request, trust authenticode.Trust, dir string) error {
	signer, err := Signed(p, p.size, trust)
	if r.Identity != nil && (errors.Is(err, ErrUnsigned) || !p.isCab && !errors.Is(err, authenticode.ErrChanged)) {
		p.own = true
		trust = TrustOf(r.Identity, trust.Now)
		if err := p.pack(dir); err != nil {
			return err
		}
		if err := p.become(dir, func(w *os.File) error { return authenticode.SignCabinet(w, p.File, p.size, r.Identity) }); err != nil {
			return err
		}
		signer, err = Signed(p, p.size, trust)
	}
	p.signer = signer
	return err
}

// pack puts what is no cabinet into one.
func (p *payload) pack(dir string) error {
	if p.isCab {
		return nil
	}
	inside := p.name
	p.name = strings.TrimSuffix(p.name, filepath.Ext(p.name)) + ".cab"
	return p.become(dir, func(w *os.File) error {
		return Wrap(w, inside, p.size, func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(p.File, 0, p.size)), nil })
	})
}

// become replaces the payload by a new file that write makes of it.
func (p *payload) become(dir string, write func(*os.File) error) error {
	next, err := os.CreateTemp(dir, "payload-*")
	if err != nil {
		return err
	}
	if err := write(next); err != nil {
		return errors.Join(err, next.Close())
	}
	size, err := next.Seek(0, io.SeekEnd)
	if err != nil {
		return errors.Join(err, next.Close())
	}
	err = p.Close()
	p.File, p.size, p.isCab = next, size, true
	return err
}
