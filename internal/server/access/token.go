package access

import (
	"context"
	"errors"

	"github.com/redx-update/redx/internal/store"
)

// NewLink makes a secret that opens one session within LinkTime, for whoever has it: a session of no user, which may do
// what users may.
func (a *Access) NewLink(ctx context.Context) (string, error) {
	secret := newSecret()
	return secret, a.store.AddToken(ctx, store.Token{Digest: digest(secret), Purpose: linkPurpose, Expires: a.now().Add(LinkTime)}, false)
}

// Link uses up a link's secret and gives a session's.
func (a *Access) Link(ctx context.Context, address, secret string) (string, error) {
	if err := a.take(ctx, address, secret, linkPurpose); err != nil {
		return "", err
	}
	return a.begin(ctx, "")
}

// NewSetup makes the secret with which the first user can be made within SetupFor; the one before is void.
func (a *Access) NewSetup(ctx context.Context) (string, error) {
	secret := newSecret()
	return secret, a.store.AddToken(ctx, store.Token{Digest: digest(secret), Purpose: setupPurpose, Expires: a.now().Add(SetupFor)}, true)
}

// SetUp makes the first user and gives a session's secret.
func (a *Access) SetUp(ctx context.Context, address, secret, name, password string) (string, error) {
	if err := errors.Join(CheckName(name), CheckPassword(password)); err != nil {
		return "", err
	}
	if fresh, err := a.IsNew(ctx); err != nil {
		return "", err
	} else if !fresh {
		return "", ErrIsOpen
	}
	if err := a.take(ctx, address, secret, setupPurpose); err != nil {
		return "", err
	}
	if err := a.AddUser(ctx, name, password); err != nil {
		return "", err
	}
	return a.begin(ctx, name)
}

func (a *Access) take(ctx context.Context, address, secret, purpose string) error {
	key := addressKey(address)
	if wait, ok := a.tries.take(a.now(), key); !ok {
		return &TriesError{wait}
	}
	err := a.store.TakeToken(ctx, digest(secret), purpose, a.now())
	if errors.Is(err, store.ErrNotFound) {
		return ErrToken
	}
	if err == nil {
		a.tries.give(a.now(), key)
	}
	return err
}

// AddUser makes a user.
func (a *Access) AddUser(ctx context.Context, name, password string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	kept, err := Hash(password)
	if err != nil {
		return err
	}
	return a.store.AddAccount(ctx, store.Account{Name: name, Password: kept, Created: a.now()})
}

// SetPassword gives a user another password, and ends the user's sessions.
func (a *Access) SetPassword(ctx context.Context, name, password string) error {
	kept, err := Hash(password)
	if err != nil {
		return err
	}
	return a.store.SetPassword(ctx, name, kept)
}
