package authenticode

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
)

// Bounds of one signature. Microsoft's, with nested ones and timestamps, have some 30 KB.
const (
	maxSignature    = 1 << 20
	maxCertificates = 64
	maxNested       = 8
)

// signed is a parsed PKCS #7 of one signer.
type signed struct {
	kind         asn1.ObjectIdentifier // of the content
	content      asn1.RawValue         // the signer's digest is over its Bytes, without tag and length
	certificates []*x509.Certificate
	signer       signerInfo
	unsigned     []attribute
}

func parseSigned(der []byte) (*signed, error) {
	var outer contentInfo
	if err := unmarshal(der, &outer); err != nil {
		return nil, fmt.Errorf("PKCS #7: %w", err)
	}
	if !outer.Type.Equal(oidSignedData) {
		return nil, fmt.Errorf("PKCS #7 of the type %s is no signature", outer.Type)
	}
	var d signedData
	if err := unmarshal(outer.Content.Bytes, &d); err != nil {
		return nil, fmt.Errorf("PKCS #7: %w", err)
	}
	if len(d.Signers) != 1 {
		return nil, fmt.Errorf("%d signers instead of one", len(d.Signers))
	}
	s := &signed{kind: d.Content.Type, signer: d.Signers[0], certificates: certificates(d.Certificates.Bytes)}
	if err := unmarshal(d.Content.Content.Bytes, &s.content); err != nil {
		return nil, fmt.Errorf("what is signed: %w", err)
	}
	var err error
	s.unsigned, err = attributes(s.signer.Unsigned)
	return s, err
}

// parseNested gives a signature and those that were added to it later.
func parseNested(der []byte) ([]*signed, error) {
	s, err := parseSigned(der)
	if err != nil {
		return nil, err
	}
	all := []*signed{s}
	for _, a := range s.unsigned {
		if !a.Type.Equal(oidNested) {
			continue
		}
		for _, v := range a.Values {
			if more, err := parseSigned(v.FullBytes); err == nil && len(all) < maxNested {
				all = append(all, more)
			}
		}
	}
	return all, nil
}

// certificates reads those that can be read; one of another kind harms nobody but who needs it.
func certificates(raw []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for n := 0; len(raw) > 0 && n < maxCertificates; n++ {
		var one asn1.RawValue
		rest, err := asn1.Unmarshal(raw, &one)
		if err != nil {
			return all
		}
		raw = rest
		if c, err := x509.ParseCertificate(one.FullBytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// indirect reads what is signed as the digest of a file of that kind.
func (s *signed) indirect(data []asn1.ObjectIdentifier) (indirectData, error) {
	var d indirectData
	if !s.kind.Equal(oidIndirect) {
		return d, fmt.Errorf("what is signed is of the type %s, not the digest of a file", s.kind)
	}
	if err := unmarshal(s.content.FullBytes, &d); err != nil {
		return d, fmt.Errorf("digest of the file: %w", err)
	}
	if !slices.ContainsFunc(data, d.Data.Type.Equal) {
		return d, fmt.Errorf("what is signed is a file of another kind (%s)", d.Data.Type)
	}
	return d, nil
}

// check verifies the signature over content, and gives the certificate of who made it.
func (s *signed) check(content []byte) (*x509.Certificate, error) {
	all, err := attributes(s.signer.Attributes)
	if err != nil {
		return nil, err
	}
	var kind asn1.ObjectIdentifier
	v, ok := single(all, oidContentType)
	if !ok || unmarshal(v.FullBytes, &kind) != nil || !kind.Equal(s.kind) {
		return nil, errors.New("the signer has not signed what kind of content this is")
	}
	return checkSigner(s.signer, s.certificates, content)
}

// checkSigner verifies one SignerInfo with attributes over content.
func checkSigner(i signerInfo, from []*x509.Certificate, content []byte) (*x509.Certificate, error) {
	leaf := find(i.Signer, from)
	if leaf == nil {
		return nil, errors.New("the signer's certificate is not with it")
	}
	hash, err := hashOf(i.Digest.Algorithm)
	if err != nil {
		return nil, err
	}
	all, err := attributes(i.Attributes)
	if err != nil {
		return nil, err
	}
	var digest []byte
	if v, ok := single(all, oidMessageDigest); !ok || unmarshal(v.FullBytes, &digest) != nil {
		return nil, errors.New("the signer has signed no digest")
	}
	h := hash.New()
	h.Write(content)
	if !bytes.Equal(h.Sum(nil), digest) {
		return nil, errors.New("what the signer signed is something else")
	}
	// What is signed are the attributes as the SET that they are, not under the tag that they are sent with.
	h.Reset()
	h.Write([]byte{asn1.TagSet | 0x20})
	h.Write(i.Attributes.FullBytes[1:])
	return leaf, verifyKey(leaf, hash, h.Sum(nil), i.Signature)
}

func verifyKey(leaf *x509.Certificate, hash crypto.Hash, digest, signature []byte) error {
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if err := rsa.VerifyPKCS1v15(key, hash, digest, signature); err != nil {
			return fmt.Errorf("the signature is not that of %s: %w", leaf.Subject, err)
		}
		return nil
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, digest, signature) {
			return fmt.Errorf("the signature is not that of %s", leaf.Subject)
		}
		return nil
	default:
		return fmt.Errorf("keys of the kind %s are not known", leaf.PublicKeyAlgorithm)
	}
}

// find looks for the certificate that a SignerInfo names, by issuer and serial number or by the key's identifier.
func find(who asn1.RawValue, from []*x509.Certificate) *x509.Certificate {
	var named issuerAndSerial
	byName := who.Class == asn1.ClassUniversal && unmarshal(who.FullBytes, &named) == nil
	for _, c := range from {
		if byName && bytes.Equal(c.RawIssuer, named.Issuer.FullBytes) && sameSerial(c, named.Serial.FullBytes) {
			return c
		}
		if who.Class == asn1.ClassContextSpecific && who.Tag == 0 && len(who.Bytes) > 0 && bytes.Equal(c.SubjectKeyId, who.Bytes) {
			return c
		}
	}
	return nil
}

func sameSerial(c *x509.Certificate, raw []byte) bool {
	own, err := asn1.Marshal(c.SerialNumber)
	return err == nil && bytes.Equal(own, raw)
}
