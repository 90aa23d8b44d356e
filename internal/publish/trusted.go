package publish

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/store"
)

// certificatesSetting is where the certificates of publishers are kept, as PEM.
const certificatesSetting = "publish.certificates"

// role is the header in PEM that says where a client has to have a certificate.
const role = "Store"

// Windows' own names of the stores of certificates.
const (
	TrustedPublisher = "TrustedPublisher"
	Root             = "Root"
)

// Trusted is a certificate that clients need to install what was published, and the store that it belongs in.
type Trusted struct {
	Store       string
	Certificate *x509.Certificate
}

// Remember keeps the signer's certificate, unless it is kept; its root as well when it is one of our own: others' roots
// Windows has, or has not for a reason.
func Remember(ctx context.Context, s store.Server, signer authenticode.Signer, own bool) error {
	all, err := Certificates(ctx, s)
	if err != nil {
		return err
	}
	before := len(all)
	all = add(all, Trusted{TrustedPublisher, signer.Certificate()})
	// A chain may end below the root, which then is no matter of ours.
	if top := signer.Chain[len(signer.Chain)-1]; own && bytes.Equal(top.RawIssuer, top.RawSubject) {
		all = add(all, Trusted{Root, top})
	}
	if len(all) == before {
		return nil
	}
	var text bytes.Buffer
	for _, t := range all {
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Headers: map[string]string{role: t.Store}, Bytes: t.Certificate.Raw}); err != nil {
			return err
		}
	}
	return s.SetSetting(ctx, certificatesSetting, text.String())
}

func add(all []Trusted, t Trusted) []Trusted {
	for _, have := range all {
		if have.Store == t.Store && have.Certificate.Equal(t.Certificate) {
			return all
		}
	}
	return append(all, t)
}

// Certificates gives what clients have to have, in the order in which it came to be needed.
func Certificates(ctx context.Context, s store.Server) ([]Trusted, error) {
	text, err := s.Setting(ctx, certificatesSetting)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Trusted
	for rest := []byte(text); ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return all, nil
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificates of publishers: %w", err)
		}
		all = append(all, Trusted{b.Headers[role], c})
	}
}
