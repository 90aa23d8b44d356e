package story

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/redx-update/redx/internal/labca"
)

// publisher is who signs the story's updates, by files: a certificate authority of the story's own, which its computers
// are told to trust and nobody else does.
type publisher struct {
	pfx, password, trust string
}

// newPublisher makes the authority and the publisher's certificate.
func newPublisher(dir string, now time.Time) (publisher, error) {
	p := publisher{pfx: filepath.Join(dir, "publisher.pfx"), password: filepath.Join(dir, "password.txt"), trust: filepath.Join(dir, "trust.pem")}
	authority, err := labca.New("redx lab", labca.ECDSA, now)
	if err != nil {
		return p, err
	}
	identity, err := authority.Publisher("redx lab publisher", now)
	if err != nil {
		return p, err
	}
	password := rand.Text()
	pfx, err := identity.PFX(password)
	if err != nil {
		return p, err
	}
	for name, content := range map[string][]byte{p.pfx: pfx, p.password: []byte(password + "\n"), p.trust: authority.PEM()} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return p, err
		}
	}
	return p, nil
}

// made is an update that the server has.
type made struct {
	*parcel
	file   string // the cabinet, as it was made
	id     string
	size   int64 // of the signed cabinet, which is what is downloaded
	signer string
}

// publish makes an update and gives it to the server, approved for a group.
func (l *location) publish(ctx context.Context, p *parcel, by publisher, dir, group string) (*made, error) {
	content, err := p.Cabinet()
	if err != nil {
		return nil, err
	}
	m := &made{parcel: p, file: filepath.Join(dir, string(p.KB)+".cab"), id: p.id}
	if err := os.WriteFile(m.file, content, 0o600); err != nil {
		return nil, err
	}
	return m, l.give(ctx, m, by, group)
}

// withdraw has the server offer an update to nobody any more.
func (l *location) withdraw(ctx context.Context, m *made) error {
	_, err := l.redx.call(ctx, nil, "update", "decline", "--data", l.data, m.id)
	return err
}

// give publishes what was made; the same once more gives the server its file again.
func (l *location) give(ctx context.Context, m *made, by publisher, group string) error {
	var told struct {
		Size   int64  `json:"size"`
		Signer string `json:"signer"`
	}
	err := l.redx.ask(ctx, &told, nil, "server", "publish", m.file, "--data", l.data, "--id", m.id, "--title", m.Title, "--kb", string(m.KB),
		"--cert", by.pfx, "--cert-password-file", by.password, "--trust", by.trust, "--approve", group)
	if err != nil {
		return fmt.Errorf("publish %s: %w", m.KB, err)
	}
	m.size, m.signer = told.Size, told.Signer
	return nil
}
