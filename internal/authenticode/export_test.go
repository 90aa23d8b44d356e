package authenticode

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"time"
)

// SignCabinetAs signs a cabinet as Microsoft does, or as if it were a program.
func SignCabinetAs(w io.Writer, r io.ReaderAt, size int64, id *Identity, program bool) error {
	if program {
		return signCabinet(w, r, size, id, oidProgramData)
	}
	return signCabinet(w, r, size, id, oidCabinetLink)
}

// CounterSign adds the older kind of timestamp to a signature, as tools no longer do.
func CounterSign(der []byte, clock *Identity, at time.Time) ([]byte, error) {
	var outer contentInfo
	if err := unmarshal(der, &outer); err != nil {
		return nil, err
	}
	var d signedData
	if err := unmarshal(outer.Content.Bytes, &d); err != nil {
		return nil, err
	}
	stamp, err := counterInfo(d.Signers[0].Signature, clock, at)
	if err != nil {
		return nil, err
	}
	unsigned, err := asn1.Marshal(attribute{oidCounter, []asn1.RawValue{{FullBytes: stamp}}})
	if err != nil {
		return nil, err
	}
	d.Signers[0].Unsigned = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true, Bytes: unsigned}
	d.Certificates = explicit(append(d.Certificates.Bytes, clock.Chain[0].Raw...))
	inner, err := asn1.Marshal(d)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{oidSignedData, explicit(inner)})
}

// counterInfo is a SignerInfo over a signature.
func counterInfo(signature []byte, clock *Identity, at time.Time) ([]byte, error) {
	sum := sha256.Sum256(signature)
	var all []attribute
	for _, a := range []struct {
		id    asn1.ObjectIdentifier
		value any
	}{{oidContentType, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}, {oidSigningTime, at.UTC()}, {oidMessageDigest, sum[:]}} {
		b, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, err
		}
		all = append(all, attribute{a.id, []asn1.RawValue{{FullBytes: b}}})
	}
	set, err := asn1.MarshalWithParams(all, "set")
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(set)
	signed, err := clock.Key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	who, err := name(clock.Chain[0])
	if err != nil {
		return nil, err
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}
	return asn1.Marshal(signerInfo{
		Version: 1, Signer: who, Digest: sha, Attributes: asn1.RawValue{FullBytes: append([]byte{0xa0}, set[1:]...)},
		Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}, Signature: signed,
	})
}
