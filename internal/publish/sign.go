package publish

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/write/cab"
)

// ErrUnsigned says that a payload has no signature, and nobody signs it.
var ErrUnsigned = errors.New("the payload is not signed: Windows installs only what a publisher that it trusts has signed")

// Wrap puts a payload into a cabinet of its own, as it is signed and sent; its time is left out, so that the same payload
// gives the same cabinet.
func Wrap(w io.WriteSeeker, name string, size int64, open func() (io.ReadCloser, error)) error {
	// What is in an installer is packed already: to store it costs nothing and is fast.
	return cab.Write(w, []cab.File{{Name: name, Size: size, Open: open}}, cab.Options{Method: cab.Stored})
}

// Signed makes sure of a payload's signature.
func Signed(r io.ReaderAt, size int64, trust authenticode.Trust) (authenticode.Signer, error) {
	s, err := authenticode.Verify(r, size, trust)
	switch {
	case errors.Is(err, authenticode.ErrUnsigned), errors.Is(err, format.ErrNotThis):
		return s, fmt.Errorf("%w (%w)", ErrUnsigned, err)
	case err != nil:
		return s, fmt.Errorf("the payload's signature does not hold: %w", err)
	}
	return s, nil
}

// Digest reads a payload as a file of an update.
func Digest(name string, r io.Reader) (File, error) {
	f := File{Name: name}
	one, two := sha1.New(), sha256.New()
	n, err := io.Copy(io.MultiWriter(one, two), r)
	if err != nil {
		return f, err
	}
	f.Size = n
	copy(f.SHA1[:], one.Sum(nil))
	copy(f.SHA256[:], two.Sum(nil))
	return f, nil
}

// TrustOf is the trust in what an identity itself signs: its own root is enough.
func TrustOf(id *authenticode.Identity, now time.Time) authenticode.Trust {
	return authenticode.Trust{Roots: pool(id.Chain[len(id.Chain)-1]), Now: now}
}

func pool(c *x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}
