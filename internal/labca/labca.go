// Package labca makes certificate authorities of one's own, and publisher certificates by them, for the lab and for
// tests: what signs there is trusted there and nowhere else. It is no certificate authority for real computers: nothing
// is revoked, numbered in order or kept. Its invariant: every certificate that it makes is one that Windows would take
// for its purpose (RSA of 2048 bits or ECDSA P-256, SHA-256, code signing, no more than that).
package labca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/authenticode"
)

// Kind is a kind of keys.
type Kind int

// The kinds that Windows takes for signed code; the zero value is RSA, which all its versions take.
const (
	RSA Kind = iota
	ECDSA
)

// CA is a certificate authority with its key.
type CA struct {
	Certificate *x509.Certificate
	key         crypto.Signer
	kind        Kind
}

// New makes a certificate authority that is valid for ten years from an hour before now.
func New(name string, kind Kind, now time.Time) (*CA, error) {
	key, err := newKey(kind)
	if err != nil {
		return nil, err
	}
	t, err := template(name, now)
	if err != nil {
		return nil, err
	}
	t.NotAfter = now.AddDate(10, 0, 0)
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero = true, true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	c, err := issue(t, t, key.Public(), key)
	return &CA{c, key, kind}, err
}

// Publisher makes an identity that signs code, valid for three years from an hour before now.
func (a *CA) Publisher(name string, now time.Time) (*authenticode.Identity, error) {
	return a.Issue(name, now, now.AddDate(3, 0, 0), x509.ExtKeyUsageCodeSigning)
}

// Issue makes an identity for any purpose and time, also for those that must not be trusted.
func (a *CA) Issue(name string, from, until time.Time, uses ...x509.ExtKeyUsage) (*authenticode.Identity, error) {
	key, err := newKey(a.kind)
	if err != nil {
		return nil, err
	}
	t, err := template(name, from)
	if err != nil {
		return nil, err
	}
	t.NotAfter = until
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, uses
	if slices.Equal(uses, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) {
		t.ExtraExtensions = []pkix.Extension{stampsOnly}
	}
	c, err := issue(t, a.Certificate, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return &authenticode.Identity{Key: key, Chain: []*x509.Certificate{c, a.Certificate}}, nil
}

// stampsOnly is the extension by which a certificate is for time stamping and nothing else: RFC 3161 wants it critical.
var stampsOnly = pkix.Extension{
	Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true,
	Value: []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08},
}

// Pool has the authority's certificate alone, to verify by.
func (a *CA) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.Certificate)
	return p
}

// PEM gives the authority's certificate as --trust reads it.
func (a *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw})
}

func newKey(kind Kind) (crypto.Signer, error) {
	if kind == ECDSA {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, 2048)
}

func template(name string, now time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour),
	}, nil
}

func issue(t, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", t.Subject, err)
	}
	return x509.ParseCertificate(der)
}
