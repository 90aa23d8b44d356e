package authenticode

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/redx-update/redx/internal/format/ole"
)

// Names of the streams of a signed installer: the signature, and the digest of all that stands in the directory, which
// makes names and times part of what is signed.
const (
	installerSignature = "\x05DigitalSignature"
	installerDirectory = "\x05MsiDigitalSignatureEx"
)

// installer is a Windows Installer package, a compound file. Its digest is over the streams in the order of their names,
// folders after what is in them by their class.
type installer struct {
	f         *ole.File
	directory []byte // the digest of the directory that the package has
}

func openInstaller(r io.ReaderAt, size int64) (carrier, error) {
	f, err := ole.Open(r, size)
	return &installer{f: f}, err
}

// signature wants the directory to be signed too. Windows bears with packages of which it is not; there, streams can
// change their names and stay signed.
func (i *installer) signature() ([]byte, error) {
	b, err := i.stream(installerSignature, maxSignature)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, ErrUnsigned
	}
	if i.directory, err = i.stream(installerDirectory, 64); err != nil {
		return nil, err
	}
	if i.directory == nil {
		return nil, errors.New("its signature does not cover the names of its streams (no MsiDigitalSignatureEx)")
	}
	return trim(b)
}

// stream reads a stream of the root; nil when there is none.
func (i *installer) stream(name string, limit int64) ([]byte, error) {
	e := i.f.Root().Child(name)
	if e == nil {
		return nil, nil
	}
	if e.Size > limit || e.Size == 0 {
		return nil, fmt.Errorf("its stream %q has %d bytes", name[1:], e.Size)
	}
	r, err := i.f.Open(e)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func (i *installer) digest(h io.Writer) error {
	d := crypto.SHA256
	for _, known := range hashesByOID {
		if known.Size() == len(i.directory) {
			d = known
		}
	}
	meta := d.New()
	if err := describe(meta, i.f.Root()); err != nil {
		return err
	}
	if !bytes.Equal(meta.Sum(nil), i.directory) {
		return fmt.Errorf("the names or times of its streams were %w", ErrChanged)
	}
	if _, err := h.Write(i.directory); err != nil {
		return err
	}
	return i.contents(h, i.f.Root())
}

// describe digests a directory: of each entry its name, class or size, state and times. The children are sorted as they
// are digested.
func describe(h io.Writer, e *ole.Entry) error {
	if _, err := h.Write(metadata(e)); err != nil {
		return err
	}
	for _, c := range e.Children {
		if ofSignature(e, c) {
			continue
		}
		if err := describe(h, c); err != nil {
			return err
		}
	}
	return nil
}

// metadata is what of an entry is digested.
func metadata(e *ole.Entry) []byte {
	le := binary.LittleEndian
	var b []byte
	if e.Kind != ole.Root {
		b = append(b, e.Name...)
	}
	if e.Kind == ole.Stream {
		b = le.AppendUint32(b, uint32(e.Size))
	} else {
		b = append(b, e.Class[:]...)
	}
	b = le.AppendUint32(b, e.State)
	if e.Kind != ole.Root {
		b = le.AppendUint64(le.AppendUint64(b, e.Created), e.Modified)
	}
	return b
}

func ofSignature(above, e *ole.Entry) bool {
	name := e.Text()
	return above.Kind == ole.Root && (name == installerSignature || name == installerDirectory)
}

// contents digests what is in streams, and the classes of folders.
func (i *installer) contents(h io.Writer, e *ole.Entry) error {
	for _, c := range e.Children {
		if ofSignature(e, c) {
			continue
		}
		if c.Kind == ole.Storage {
			if err := i.contents(h, c); err != nil {
				return err
			}
			continue
		}
		r, err := i.f.Open(c)
		if err != nil {
			return err
		}
		if _, err := io.Copy(h, r); err != nil {
			return err
		}
	}
	_, err := h.Write(e.Class[:])
	return err
}
