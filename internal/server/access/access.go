// Package access decides who may use the console: users with passwords, sessions, one-time links, and the token with
// which the first user is made. It knows no HTTP, and keeps nothing itself but how often logins failed.
//
// Its invariant: what lets somebody in is 32 random bytes or a password, and the store has digests of them only.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/store"
)

// How long things are good for.
const (
	Idle     = 2 * time.Hour  // a session that nobody uses
	Longest  = 12 * time.Hour // any session
	LinkTime = 10 * time.Minute
	SetupFor = 24 * time.Hour
	touchGap = time.Minute // how exactly the last use is kept
)

// The purposes of tokens.
const (
	setupPurpose = "setup"
	linkPurpose  = "link"
)

// What a login can fail of.
var (
	ErrWrong  = errors.New("user or password is wrong")
	ErrToken  = errors.New("this link was used before, or its time is over")
	ErrIsOpen = errors.New("there are users already")
)

// TriesError says that too many logins have failed.
type TriesError struct{ Wait time.Duration }

func (e *TriesError) Error() string {
	return fmt.Sprintf("too many logins have failed; the next one may be tried in %v", e.Wait.Round(time.Second))
}

// Access is safe for concurrent use.
type Access struct {
	store   store.Accounts
	now     func() time.Time
	tries   tries
	hashing hashing
	unknown string // what the passwords of users who do not exist are compared with
}

// New makes an Access. Now may be nil.
func New(s store.Accounts, now func() time.Time) *Access {
	if now == nil {
		now = time.Now
	}
	salt := make([]byte, saltLen)
	rand.Read(salt) // gives all of the bytes or ends the program
	return &Access{
		store: s, now: now, tries: tries{all: map[string]tried{}}, hashing: make(hashing, 1),
		unknown: encode(salt, make([]byte, keyLen)),
	}
}

// newSecret makes 32 random bytes as text.
func newSecret() string {
	b := make([]byte, 32)
	rand.Read(b) // gives all of the bytes or ends the program
	return base64.RawURLEncoding.EncodeToString(b)
}

func digest(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// IsNew holds as long as there is no user.
func (a *Access) IsNew(ctx context.Context) (bool, error) {
	all, err := a.store.Accounts(ctx)
	return len(all) == 0, err
}

// Login gives a session's secret for a name and a password. From an address and for a name, only so many may fail.
func (a *Access) Login(ctx context.Context, address, name, password string) (string, error) {
	if len(name) > maxUser {
		return "", ErrWrong
	}
	keys := []string{addressKey(address), userKey(name)}
	if wait, ok := a.tries.take(a.now(), keys...); !ok {
		return "", &TriesError{wait}
	}
	account, err := a.store.Account(ctx, name)
	known := err == nil
	if !known {
		// As much work as for a user who exists.
		account.Password = a.unknown
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	right, err := a.hashing.verify(ctx, account.Password, password)
	if err != nil {
		return "", fmt.Errorf("user %s: %w", name, err)
	}
	if !right || !known {
		return "", ErrWrong
	}
	a.tries.give(a.now(), keys...)
	return a.begin(ctx, account.Name)
}

func (a *Access) begin(ctx context.Context, account string) (string, error) {
	secret, now := newSecret(), a.now()
	err := a.store.AddSession(ctx, store.Session{Digest: digest(secret), Account: account, Began: now, Used: now}, now.Add(-Longest))
	return secret, err
}

// Session finds what a secret opens; false when it opens nothing, or nothing any more.
func (a *Access) Session(ctx context.Context, secret string) (store.Session, bool, error) {
	if secret == "" {
		return store.Session{}, false, nil
	}
	s, err := a.store.Session(ctx, digest(secret))
	if errors.Is(err, store.ErrNotFound) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	now := a.now()
	if now.Sub(s.Began) > Longest || now.Sub(s.Used) > Idle {
		return s, false, a.store.EndSession(ctx, s.Digest)
	}
	if now.Sub(s.Used) > touchGap {
		if err := a.store.TouchSession(ctx, s.Digest, now); errors.Is(err, store.ErrNotFound) {
			return s, false, nil // ended meanwhile
		} else if err != nil {
			return s, false, err
		}
	}
	return s, true, nil
}

// Logout ends a session.
func (a *Access) Logout(ctx context.Context, secret string) error {
	return a.store.EndSession(ctx, digest(secret))
}
