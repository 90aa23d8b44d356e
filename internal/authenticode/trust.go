package authenticode

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

// trusted builds the chain of who signed. A timestamp that holds says when the certificate had to be valid; without one,
// and for certificates that say so (lifetime signing), that is now.
func (s *signed) trusted(leaf *x509.Certificate, t Trust) ([]*x509.Certificate, time.Time, error) {
	at := t.Now
	stamped, stampErr := s.stamp(t)
	if stampErr == nil && !slices.ContainsFunc(leaf.UnknownExtKeyUsage, oidLifetime.Equal) {
		at = stamped
	}
	chain, err := chainOf(leaf, s.certificates, t.Roots, at, x509.ExtKeyUsageCodeSigning)
	if err != nil && stampErr != nil && !errors.Is(stampErr, errNoStamp) {
		err = fmt.Errorf("%w (and its timestamp does not hold: %w)", err, stampErr)
	}
	return chain, stamped, err
}

func chainOf(leaf *x509.Certificate, with []*x509.Certificate, roots *x509.CertPool, at time.Time, use x509.ExtKeyUsage) ([]*x509.Certificate, error) {
	if roots == nil {
		return nil, errors.New("no certificate is trusted")
	}
	// Go takes a certificate without this list for one of all uses; signing code wants it said.
	if !slices.Contains(leaf.ExtKeyUsage, use) {
		return nil, fmt.Errorf("the certificate of %s is not for this use (%s)", leaf.Subject, useNames[use])
	}
	between := x509.NewCertPool()
	for _, c := range with {
		between.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
	if err != nil {
		return nil, fmt.Errorf("the certificate of %s: %w", leaf.Subject, err)
	}
	return chains[0], nil
}

var useNames = map[x509.ExtKeyUsage]string{x509.ExtKeyUsageCodeSigning: "code signing", x509.ExtKeyUsageTimeStamping: "time stamping"}

var errNoStamp = errors.New("no timestamp")

// stamp gives the time that a timestamp proves.
func (s *signed) stamp(t Trust) (time.Time, error) {
	roots := t.Timestamps
	if roots == nil {
		roots = t.Roots
	}
	if v, ok := single(s.unsigned, oidStamp); ok {
		return s.stampRFC3161(v.FullBytes, roots)
	}
	if v, ok := single(s.unsigned, oidCounter); ok {
		return s.counterSigned(v.FullBytes, roots)
	}
	return time.Time{}, errNoStamp
}

// timestampInfo is the beginning of TSTInfo (RFC 3161 section 2.4.2). The time stays raw, since Microsoft's has
// fractions of seconds, which encoding/asn1 refuses.
type timestampInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint digestInfo
	Serial  asn1.RawValue
	Time    asn1.RawValue
}

func (s *signed) stampRFC3161(der []byte, roots *x509.CertPool) (time.Time, error) {
	stamp, err := parseSigned(der)
	if err != nil {
		return time.Time{}, err
	}
	if !stamp.kind.Equal(oidTimestampInfo) {
		return time.Time{}, fmt.Errorf("it holds %s", stamp.kind)
	}
	var info timestampInfo
	if err := unmarshal(stamp.content.Bytes, &info); err != nil {
		return time.Time{}, err
	}
	if err := s.stamps(info.Imprint); err != nil {
		return time.Time{}, err
	}
	at, err := generalized(info.Time)
	if err != nil {
		return time.Time{}, err
	}
	leaf, err := stamp.check(stamp.content.Bytes)
	if err != nil {
		return time.Time{}, err
	}
	_, err = chainOf(leaf, append(stamp.certificates, s.certificates...), roots, at, x509.ExtKeyUsageTimeStamping)
	return at, err
}

// stamps makes sure that the timestamp is of this signature.
func (s *signed) stamps(imprint digestInfo) error {
	hash, err := hashOf(imprint.Algorithm.Algorithm)
	if err != nil {
		return err
	}
	h := hash.New()
	h.Write(s.signer.Signature)
	if !bytes.Equal(h.Sum(nil), imprint.Digest) {
		return errors.New("it is another signature's")
	}
	return nil
}

func generalized(v asn1.RawValue) (time.Time, error) {
	if v.Tag != asn1.TagGeneralizedTime || v.Class != asn1.ClassUniversal {
		return time.Time{}, errors.New("it has no time")
	}
	t, err := time.Parse("20060102150405Z0700", string(v.Bytes))
	return t.UTC(), err
}

// counterSigned verifies the older kind: another signature over the first one, whose certificates lie with it.
func (s *signed) counterSigned(der []byte, roots *x509.CertPool) (time.Time, error) {
	var i signerInfo
	if err := unmarshal(der, &i); err != nil {
		return time.Time{}, err
	}
	all, err := attributes(i.Attributes)
	if err != nil {
		return time.Time{}, err
	}
	var at time.Time
	if v, ok := single(all, oidSigningTime); !ok || unmarshal(v.FullBytes, &at) != nil {
		return time.Time{}, errors.New("it has no time")
	}
	leaf, err := checkSigner(i, s.certificates, s.signer.Signature)
	if err != nil {
		return time.Time{}, err
	}
	_, err = chainOf(leaf, s.certificates, roots, at, x509.ExtKeyUsageTimeStamping)
	return at.UTC(), err
}
