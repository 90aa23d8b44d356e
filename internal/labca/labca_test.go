package labca_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/labca"
)

func TestPublisher(t *testing.T) {
	now := time.Now()
	for _, kind := range []labca.Kind{labca.RSA, labca.ECDSA} {
		ca, err := labca.New("CA", kind, now)
		if err != nil {
			t.Fatal(err)
		}
		id, err := ca.Publisher("P", now)
		if err != nil {
			t.Fatal(err)
		}
		use := func(u x509.ExtKeyUsage) error {
			_, err := id.Chain[0].Verify(x509.VerifyOptions{Roots: ca.Pool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{u}})
			return err
		}
		if err := use(x509.ExtKeyUsageCodeSigning); err != nil {
			t.Error(err)
		}
		if use(x509.ExtKeyUsageServerAuth) == nil {
			t.Error("a publisher's certificate that can serve a web page")
		}
		if _, err := id.Chain[0].Verify(x509.VerifyOptions{Roots: ca.Pool(), CurrentTime: now.AddDate(4, 0, 0)}); err == nil {
			t.Error("valid after four years")
		}
		block, rest := pem.Decode(ca.PEM())
		if block == nil || len(rest) > 0 || !bytes.Equal(block.Bytes, ca.Certificate.Raw) {
			t.Error("PEM is not the authority's certificate")
		}
		pfx, err := id.PFX("p")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := authenticode.ReadPFX(pfx, "p"); err != nil || !got.Chain[0].Equal(id.Chain[0]) {
			t.Error(got, err)
		}
	}
}
