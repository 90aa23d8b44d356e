package authenticode

import (
	"crypto"
	_ "crypto/sha256" // the digests that are known
	_ "crypto/sha512" // the same
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
)

// Object identifiers of PKCS #7 and #9, of RFC 3161, and of Microsoft's arc 1.3.6.1.4.1.311.
var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidCounter       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 6}
	oidTimestampInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

	oidIndirect      = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}
	oidStatement     = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 11}
	oidOpusInfo      = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 12}
	oidIndividual    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 21}
	oidNested        = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 4, 1}
	oidStamp         = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 3, 3, 1}
	oidLifetime      = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 10, 3, 13}
	oidProgramData   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 15}
	oidCabinetData   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 25}
	oidCabinetLink   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 28} // what Microsoft itself signs its updates' cabinets as (observed)
	oidInstallerData = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 30}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidECDSASHA256   = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidSHA1          = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	hashesByOID      = map[string]crypto.Hash{oidSHA256.String(): crypto.SHA256, oidSHA384.String(): crypto.SHA384, oidSHA512.String(): crypto.SHA512}
	errTrailingBytes = errors.New("bytes behind the end")
)

func hashOf(id asn1.ObjectIdentifier) (crypto.Hash, error) {
	if h, ok := hashesByOID[id.String()]; ok {
		return h, nil
	}
	if id.Equal(oidSHA1) {
		return 0, errors.New("its digest is SHA-1, which proves nothing any more")
	}
	return 0, fmt.Errorf("digest algorithm %s is unknown", id)
}

// contentInfo is ContentInfo of RFC 2315 section 7, and of CMS.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
}

// signedData is SignedData of RFC 2315 section 9.1. Certificates stay raw: some of them may be of kinds that we do not
// know.
type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      contentInfo
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Revoked      asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

// signerInfo is SignerInfo of RFC 2315 section 9.2; CMS lets the signer also be named by a key's identifier.
type signerInfo struct {
	Version    int
	Signer     asn1.RawValue
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
	Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial asn1.RawValue
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// indirectData is SpcIndirectDataContent: what kind of file was digested, and its digest.
type indirectData struct {
	Data struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue `asn1:"optional"`
	}
	Digest digestInfo
}

type digestInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// unmarshal is asn1.Unmarshal that wants all bytes used.
func unmarshal(b []byte, into any) error {
	rest, err := asn1.Unmarshal(b, into)
	if err == nil && len(rest) > 0 {
		err = errTrailingBytes
	}
	return err
}

// attributes reads a SET OF attributes whose own tag is an implicit one.
func attributes(raw asn1.RawValue) ([]attribute, error) {
	var all []attribute
	for rest := raw.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
		all = append(all, a)
	}
	return all, nil
}

// single gives the one value of an attribute; false when it is not there, or there more than once.
func single(all []attribute, id asn1.ObjectIdentifier) (asn1.RawValue, bool) {
	var found []asn1.RawValue
	for _, a := range all {
		if a.Type.Equal(id) {
			found = append(found, a.Values...)
		}
	}
	if len(found) != 1 {
		return asn1.RawValue{}, false
	}
	return found[0], true
}

// derLength says how many bytes the first value of b has.
func derLength(b []byte) (int, error) {
	var v asn1.RawValue
	if _, err := asn1.Unmarshal(b, &v); err != nil {
		return 0, fmt.Errorf("signature: %w", err)
	}
	return len(v.FullBytes), nil
}
