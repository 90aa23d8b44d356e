// Package authenticode signs cabinets and verifies the signatures of cabinets, programs (PE) and Windows Installer
// packages, by Microsoft's "Windows Authenticode Portable Executable Signature Format", PKCS #7 (RFC 2315) and the two
// kinds of timestamps (RFC 3161, and the counter-signature that came before it).
//
// It asks nobody whether a certificate was revoked, reads no catalogues of signatures and no page hashes, and does not
// know SHA-1 any more. Its invariant: a Signer is given only for a file of which every byte that means something is
// covered by the digest that the signer signed or is fixed by the format; of what cannot be verified the error says why.
package authenticode

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redx-update/redx/internal/format"
)

// ErrUnsigned says that a file of a known kind has no signature at all.
var ErrUnsigned = errors.New("not signed")

// ErrChanged says that a file is not the one that was signed.
var ErrChanged = errors.New("changed after it was signed")

// Trust is what a signature is measured by.
type Trust struct {
	Roots *x509.CertPool // where chains have to end; a publisher's own certificate may be one
	// Timestamps are the roots of those who stamp the time; nil: the same as Roots.
	Timestamps *x509.CertPool
	Now        time.Time // when the certificate has to be valid, unless a timestamp that holds says another time
}

// Signer says who signed, after all was found right.
type Signer struct {
	Chain   []*x509.Certificate // the signer's certificate first, the root last
	Stamped time.Time           // what the timestamp says; zero when there is none that holds
	Hash    crypto.Hash         // by which the file was digested
}

// Certificate is the signer's own.
func (s Signer) Certificate() *x509.Certificate { return s.Chain[0] }

// kind is one format that can carry a signature.
type kind struct {
	name  string
	magic string
	data  []asn1.ObjectIdentifier // what the digested thing is called; a signature of one kind is none of another
	open  func(r io.ReaderAt, size int64) (carrier, error)
}

// carrier is an opened file with its signature.
type carrier interface {
	// signature gives the PKCS #7 in DER. ErrUnsigned when there is none.
	signature() ([]byte, error)
	// digest feeds h with what the signature covers.
	digest(h io.Writer) error
}

var kinds = []kind{
	{"cabinet", "MSCF", []asn1.ObjectIdentifier{oidCabinetData, oidCabinetLink}, openCabinet},
	{"program", "MZ", []asn1.ObjectIdentifier{oidProgramData}, openProgram},
	{"installer", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", []asn1.ObjectIdentifier{oidInstallerData}, openInstaller},
}

// kindOf looks at the first bytes. format.ErrNotThis when no signature can be in such a file.
func kindOf(r io.ReaderAt) (kind, error) {
	head := make([]byte, 8)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return kind{}, err
	}
	for _, k := range kinds {
		if bytes.HasPrefix(head[:n], []byte(k.magic)) {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("no cabinet, program or installer: %w", format.ErrNotThis)
}

// Verify verifies the signature of a file. Of several signatures in one file the first that holds counts.
func Verify(r io.ReaderAt, size int64, t Trust) (Signer, error) {
	k, err := kindOf(r)
	if err != nil {
		return Signer{}, err
	}
	c, err := k.open(r, size)
	if err != nil {
		return Signer{}, fmt.Errorf("%s: %w", k.name, err)
	}
	der, err := c.signature()
	if err != nil {
		return Signer{}, fmt.Errorf("%s: %w", k.name, err)
	}
	all, err := parseNested(der)
	if err != nil {
		return Signer{}, fmt.Errorf("signature of the %s: %w", k.name, err)
	}
	var first error
	for _, s := range all {
		signer, err := verifyOne(k, c, s, t)
		if err == nil {
			return signer, nil
		}
		if first == nil {
			first = fmt.Errorf("signature of the %s: %w", k.name, err)
		}
	}
	return Signer{}, first
}

// verifyOne compares the file with what was signed, and then asks who signed it.
func verifyOne(k kind, c carrier, s *signed, t Trust) (Signer, error) {
	content, err := s.indirect(k.data)
	if err != nil {
		return Signer{}, err
	}
	hash, err := hashOf(content.Digest.Algorithm.Algorithm)
	if err != nil {
		return Signer{}, err
	}
	h := hash.New()
	if err := c.digest(h); err != nil {
		return Signer{}, err
	}
	if !bytes.Equal(h.Sum(nil), content.Digest.Digest) {
		return Signer{}, fmt.Errorf("the %s was %w: its digest is another one", k.name, ErrChanged)
	}
	leaf, err := s.check(s.content.Bytes)
	if err != nil {
		return Signer{}, err
	}
	chain, stamped, err := s.trusted(leaf, t)
	return Signer{Chain: chain, Stamped: stamped, Hash: hash}, err
}
