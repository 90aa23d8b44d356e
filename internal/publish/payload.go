package publish

import (
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
	isCab  bool
	signer authenticode.Signer
	own    bool // the signer is the request's identity
}

// errKind says what can be published.
var errKind = errors.New("what can be published is a cabinet or a program (.exe)")

// open opens the payload, and lets it say what it is. Cabinets and programs are known by their first bytes.
func (r *Request) open() (*payload, error) {
	f, err := os.Open(r.Path)
	if err != nil {
		return nil, err
	}
	p := &payload{File: f, name: filepath.Base(r.Path)}
	if err := p.identify(r); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", r.Path, err), f.Close())
	}
	return p, nil
}

func (p *payload) identify(r *Request) error {
	i, err := p.Stat()
	if err != nil {
		return err
	}
	p.size = i.Size()
	var magic [4]byte
	if _, err := p.ReadAt(magic[:], 0); err != nil {
		return fmt.Errorf("%w: %w", errKind, err)
	}
	switch {
	case string(magic[:]) == "MSCF":
		p.isCab = true
		p.facts, err = cabinet(p, p.size, r)
	case string(magic[:2]) == "MZ":
		c := r.Command
		c.Program = p.name
		p.facts.Package, err = c.pack(r.Rules)
	default:
		err = errKind
	}
	return err
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
	facts.Package.installed = slices.Concat(facts.Package.installed, r.Rules.installed)
	facts.Package.fits = slices.Concat(facts.Package.fits, r.Rules.fits)
	return facts, err
}

// sign makes sure that the payload is signed: it was, or the identity signs it now, a program in a cabinet of its own.
func (p *payload) sign(r *Request, trust authenticode.Trust, dir string) error {
	signer, err := Signed(p, p.size, trust)
	if errors.Is(err, ErrUnsigned) && r.Identity != nil {
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
