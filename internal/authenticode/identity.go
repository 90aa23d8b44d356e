package authenticode

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"

	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// Identity is who signs: a key, and its certificate with those above it.
type Identity struct {
	Key   crypto.Signer       // RSA of at least 2048 bits, or ECDSA on P-256 and above
	Chain []*x509.Certificate // the key's own first
}

// maxPFX bounds a file with a key.
const maxPFX = 1 << 20

// ReadPFX reads a PKCS #12 file with one key and its certificates.
func ReadPFX(data []byte, password string) (*Identity, error) {
	if len(data) > maxPFX {
		return nil, fmt.Errorf("a PFX of %d bytes", len(data))
	}
	key, leaf, others, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return nil, fmt.Errorf("PFX: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("PFX: a key of the kind %T cannot sign", key)
	}
	id := &Identity{Key: signer, Chain: append([]*x509.Certificate{leaf}, climb(leaf, others)...)}
	return id, id.check()
}

// PFX writes the identity as a PKCS #12 file that Windows 10 1809 and later read.
func (id *Identity) PFX(password string) ([]byte, error) {
	return pkcs12.Modern2023.Encode(id.Key, id.Chain[0], id.Chain[1:], password)
}

// climb orders the certificates above one; a PFX has them in any order.
func climb(leaf *x509.Certificate, others []*x509.Certificate) []*x509.Certificate {
	var chain []*x509.Certificate
	for at := leaf; !bytes.Equal(at.RawIssuer, at.RawSubject) && len(chain) <= len(others); {
		var above *x509.Certificate
		for _, c := range others {
			if bytes.Equal(c.RawSubject, at.RawIssuer) && at.CheckSignatureFrom(c) == nil {
				above = c
			}
		}
		if above == nil {
			return chain
		}
		chain = append(chain, above)
		at = above
	}
	return chain
}

// check refuses what Windows would refuse later.
func (id *Identity) check() error {
	public, ok := id.Key.Public().(interface{ Equal(x crypto.PublicKey) bool })
	if !ok || !public.Equal(id.Chain[0].PublicKey) {
		return errors.New("the key is not that of the certificate")
	}
	switch key := id.Key.Public().(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			return fmt.Errorf("an RSA key of %d bits; at least 2048 are needed", key.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if key.Curve.Params().BitSize < 256 {
			return fmt.Errorf("an ECDSA key of %d bits; at least 256 are needed", key.Curve.Params().BitSize)
		}
	default:
		return fmt.Errorf("a key of the kind %T", key)
	}
	return nil
}

// cabinetValue is the SpcLink that says which part of a cabinet was digested; the text says that there are no parts.
var cabinetValue = asn1.RawValue{FullBytes: append([]byte{0xa2, 0x1e, 0x80, 0x1c}, bmp("<<<Obsolete>>>")...)}

func bmp(s string) []byte {
	var b []byte
	for _, c := range []byte(s) {
		b = append(b, 0, c)
	}
	return b
}

// sign makes the PKCS #7 over the digest of a file. It has no time, so that the same file has the same signature.
func (id *Identity) sign(data asn1.ObjectIdentifier, value asn1.RawValue, digest []byte) ([]byte, error) {
	if err := id.check(); err != nil {
		return nil, err
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}
	var what indirectData
	what.Data.Type, what.Data.Value = data, value
	what.Digest = digestInfo{sha, digest}
	content, err := asn1.Marshal(what)
	if err != nil {
		return nil, err
	}
	signer, err := id.signer(sha, content)
	if err != nil {
		return nil, err
	}
	var chain []byte
	for _, c := range id.Chain {
		chain = append(chain, c.Raw...)
	}
	inner, err := asn1.Marshal(signedData{
		Version: 1, Digests: []pkix.AlgorithmIdentifier{sha}, Content: contentInfo{oidIndirect, explicit(content)},
		Certificates: explicit(chain), Signers: []signerInfo{signer},
	})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{oidSignedData, explicit(inner)})
}

// explicit wraps bytes in [0].
func explicit(b []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: b}
}

func (id *Identity) signer(sha pkix.AlgorithmIdentifier, content []byte) (signerInfo, error) {
	var outer asn1.RawValue
	if err := unmarshal(content, &outer); err != nil {
		return signerInfo{}, err
	}
	set, err := signedAttributes(sha256.Sum256(outer.Bytes))
	if err != nil {
		return signerInfo{}, err
	}
	digest := sha256.Sum256(set)
	// Without randomness an ECDSA signature is that of RFC 6979: the same each time.
	signature, err := id.Key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return signerInfo{}, fmt.Errorf("sign: %w", err)
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	if _, ok := id.Key.Public().(*ecdsa.PublicKey); ok {
		algorithm = pkix.AlgorithmIdentifier{Algorithm: oidECDSASHA256}
	}
	who, err := name(id.Chain[0])
	return signerInfo{
		Version: 1, Signer: who, Digest: sha, Attributes: asn1.RawValue{FullBytes: append([]byte{0xa0}, set[1:]...)},
		Algorithm: algorithm, Signature: signature,
	}, err
}

func name(c *x509.Certificate) (asn1.RawValue, error) {
	serial, err := asn1.Marshal(c.SerialNumber)
	if err != nil {
		return asn1.RawValue{}, err
	}
	b, err := asn1.Marshal(issuerAndSerial{asn1.RawValue{FullBytes: c.RawIssuer}, asn1.RawValue{FullBytes: serial}})
	return asn1.RawValue{FullBytes: b}, err
}

// signedAttributes gives the SET that is signed: what kind of content, an empty description, that an individual signs
// (the other kind means nothing any more), and the content's digest.
func signedAttributes(digest [32]byte) ([]byte, error) {
	var all []attribute
	for _, a := range []struct {
		id    asn1.ObjectIdentifier
		value any
	}{
		{oidContentType, oidIndirect},
		{oidOpusInfo, struct{}{}},
		{oidStatement, []asn1.ObjectIdentifier{oidIndividual}},
		{oidMessageDigest, digest[:]},
	} {
		b, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, err
		}
		all = append(all, attribute{a.id, []asn1.RawValue{{FullBytes: b}}})
	}
	return asn1.MarshalWithParams(all, "set")
}
