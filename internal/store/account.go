package store

import (
	"context"
	"time"
)

// Accounts are the people who may log in to the console, their sessions, and tokens that are good for one use. Of
// everything that could let somebody in, the store has a digest only.
type Accounts interface {
	// Accounts lists all by name.
	Accounts(ctx context.Context) ([]Account, error)
	// Account finds one by its name in any case; ErrNotFound.
	Account(ctx context.Context, name string) (Account, error)
	// AddAccount makes one; ErrExists when the name is taken, in any case.
	AddAccount(ctx context.Context, a Account) error
	// SetPassword changes an account's password, and ends its sessions.
	SetPassword(ctx context.Context, name, password string) error
	// RemoveAccount removes an account with its sessions.
	RemoveAccount(ctx context.Context, name string) error

	// AddToken keeps a token; any other one for the same purpose that was not used is void when only is set.
	AddToken(ctx context.Context, t Token, only bool) error
	// TakeToken uses a token up; ErrNotFound when there is none, or its time is over, or it was used before.
	TakeToken(ctx context.Context, digest [32]byte, purpose string, now time.Time) error

	// AddSession keeps a session, and forgets those that began before a time.
	AddSession(ctx context.Context, s Session, forget time.Time) error
	// Session finds one by its digest; ErrNotFound.
	Session(ctx context.Context, digest [32]byte) (Session, error)
	// TouchSession notes that a session was used.
	TouchSession(ctx context.Context, digest [32]byte, at time.Time) error
	// EndSession forgets a session, if it is there.
	EndSession(ctx context.Context, digest [32]byte) error
}

// Account is somebody who may log in.
type Account struct {
	Name     string    `json:"name"`
	Password string    `json:"-"` // a digest, in the form of package access
	Created  time.Time `json:"created"`
}

// Token lets its holder do one thing once.
type Token struct {
	Digest  [32]byte // SHA-256
	Purpose string
	Expires time.Time
}

// Session is a browser that is logged in.
type Session struct {
	Digest  [32]byte // SHA-256
	Account string   // empty: by a one-time link
	Began   time.Time
	Used    time.Time
}
